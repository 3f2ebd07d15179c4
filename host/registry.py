# SPDX-License-Identifier: Apache-2.0
"""What the registrar signs: who is a member, with which roles, and who is one no more.

Owners are pseudonyms that the registrar keeps a list of elsewhere; nothing here names a person.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wattpact.wire import envelope
from wattpact.wire.messages import ROLE_METER, ROLE_PLANT, Register, Revoke

if TYPE_CHECKING:
    from wattpact.interfaces import Signer

PanelRow = tuple[bytes, int, int]
"""panel id (8 B), rated W, preset Wh per slot below which its supply counts as low."""
Window = tuple[int, int]
"""Local seconds of the day between which the plant is in service; one per month."""


@dataclass(frozen=True)
class Plant:
    """What is registered of a plant; a roof is one as well."""

    plant_id: bytes
    panels: Sequence[PanelRow]
    service: Sequence[Window]


@dataclass(frozen=True)
class Member:
    """One key and what it may do. `owner` is the user's or operator's pseudonym (8 B)."""

    public_key: bytes
    owner: bytes
    neighbourhood: int
    meter: bool = True
    plant: Plant | None = None


class Registrar:
    """Signs memberships of one network."""

    def __init__(self, network: bytes, signer: "Signer") -> None:
        self.network = network
        self._signer = signer

    def register(self, member: Member, issued_at: int) -> bytes:
        """A REGISTER envelope to submit, and to write on the board. WireError if a field is out of limits."""
        plant = member.plant
        roles = [ROLE_METER] if member.meter else []
        if plant:
            roles.append(ROLE_PLANT)
        register = Register(
            network=self.network,
            public_key=member.public_key,
            roles=roles,
            owner=member.owner,
            neighbourhood=member.neighbourhood,
            plant_id=plant.plant_id if plant else b"",
            panels=list(plant.panels) if plant else [],
            service=list(plant.service) if plant else [],
            issued_at=issued_at,
        )
        return envelope.sign1(register.payload(), self._signer)

    def revoke(self, kid: bytes, issued_at: int) -> bytes:
        """A REVOKE envelope: what `kid` signed before stays valid, nothing after does."""
        revoke = Revoke(network=self.network, kid=kid, issued_at=issued_at)
        return envelope.sign1(revoke.payload(), self._signer)
