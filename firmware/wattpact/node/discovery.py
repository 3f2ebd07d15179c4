# SPDX-License-Identifier: Apache-2.0
"""Whom a meter should know of all who show their registration: sellers to hear and neighbours to ask.

Every node's REGISTER is retained by the broker, so a meter sees the whole network's. A look decides whether one
concerns it, before any signature is checked: a plant, or a roof or meter of its own neighbourhood. Nobody else's costs
more than that look, and nothing remembered makes way for it.
"""

from ..crypto.hashes import kid as kid_of
from ..errors import WireError
from ..wire import envelope
from ..wire.messages import ROLE_METER, ROLE_PLANT, peek_register
from .effects import Listen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..market.asking import Asking
    from .effects import Effect
    from .member import Member


class Discovery:
    """One meter's acquaintances. A `deaf` one hears no plants: it asks its neighbours for offers instead."""

    def __init__(self, member: "Member", asking: "Asking", deaf: bool) -> None:
        self._member = member
        self._asking = asking
        self._deaf = deaf
        self._sellers: "list[bytes]" = []

    def listening(self) -> "list[Effect]":
        """What a broker that has no session of ours must be told."""
        host = self._member.host
        effects: "list[Effect]" = [Listen("register", b""), Listen("checkpoint", host)]
        if not self._deaf:
            effects.append(Listen("shortfall", host))
        return effects + [Listen("offer", seller) for seller in self._sellers]

    def on_register(self, data: bytes) -> "list[Effect]":
        """Somebody's registration. WireError if it concerns us and cannot be believed, or is none."""
        member = self._member
        payload, _digest, _signature, signed_by = envelope.digest_of(data)
        network, public_key, roles, neighbourhood = peek_register(payload)
        if signed_by != member.registrar or network != member.network:
            raise WireError("registration of another network, or not by the registrar")
        kid = kid_of(public_key)
        near = neighbourhood == member.register.neighbourhood
        sells = ROLE_PLANT in roles and (near or ROLE_METER not in roles)
        sells = sells and not self._deaf and kid not in self._sellers
        sells = sells and member.keeps_more()
        asks = near and ROLE_METER in roles and self._asking.wants(kid)
        if kid == member.kid or member.revoked(kid) or not (sells or asks):
            return []
        if sells:
            member.meet(data, keep=True)
            self._sellers.append(kid)
        else:
            member.check_register(data)
        if asks:
            self._asking.add(kid)
        return [Listen("offer", kid)] if sells else []

    def forget_revoked(self) -> None:
        """Some key was revoked: its place is free."""
        revoked = self._member.revoked
        self._sellers = [kid for kid in self._sellers if not revoked(kid)]
        for kid in self._asking.neighbours():
            if revoked(kid):
                self._asking.remove(kid)
