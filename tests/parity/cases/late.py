# SPDX-License-Identifier: Apache-2.0
"""A board that comes late does alike on both interpreters: whom it hears, what it asks, what it believes."""

from tests.parity.cases.trade import FIRST, Street, signer
from tests.parity.shown import shown
from wattpact.ledger.merkle import leaf_hash
from wattpact.node.effects import Keep, Listen, Note, Publish, Send
from wattpact.wire import codec, envelope
from wattpact.wire.messages import (
    ROLE_METER,
    ROLE_PLANT,
    Checkpoint,
    Proof,
    Register,
    Revoke,
    message_id,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from wattpact.node.effects import Effect


class Town(Street):
    """The street, more people's registrations, and a host that proves."""

    def show(self, name: bytes, roles: "list[int]", neighbourhood: int) -> bytes:
        """A registration of somebody else."""
        plant = ROLE_PLANT in roles
        register = Register(
            network=self.network,
            public_key=signer(name).public_key,
            roles=roles,
            owner=b"somebody",
            neighbourhood=neighbourhood,
            plant_id=name[:8] if plant else b"",
            panels=[(name[:8], 8000, 100)] if plant else [],
            service=[(21600, 72000)] * 12 if plant else [],
            issued_at=FIRST - 2900000,
        )
        return envelope.sign1(register.payload(), self.registrar)

    def proof(self, prove_id: bytes, size: int) -> bytes:
        """The host's answer: a checkpoint of a tree of `size` leaves, and one revocation."""
        tree = self.ledger.tree
        while tree.size < size:
            tree.append_hash(leaf_hash(bytes([tree.size])))
        checkpoint = Checkpoint(
            network=self.network,
            height=size,
            size=size,
            root=tree.root([]),
            app_hash=bytes(32),
            time=FIRST,
            previous=bytes(32),
        )
        bundle: "list[object]" = [envelope.sign1(checkpoint.payload(), self.host), [], 0, []]
        revoke = Revoke(network=self.network, kid=b"revoked!", issued_at=FIRST)
        answer = Proof(
            network=self.network,
            prove_id=prove_id,
            bundle=codec.encode(bundle),
            revokes=[envelope.sign1(revoke.payload(), self.registrar)],
            revoked_size=size,
        )
        return envelope.sign1(answer.payload(), self.host)


def told(effects: "list[Effect]") -> str:
    """Every effect of one event."""
    words: "list[object]" = []
    for effect in effects:
        if isinstance(effect, Listen):
            words.append(["listen", effect.kind, effect.sender])
        elif isinstance(effect, Keep):
            words.append(["keep", effect.key, effect.value])
        elif isinstance(effect, Note):
            words.append(["note", effect.code, effect.text])
        elif isinstance(effect, Publish):
            words.append(["publish", effect.kind, effect.payload])
        elif isinstance(effect, Send):
            words.append(["send", effect.to, effect.payload])
    return shown(words)


def lines() -> "Iterator[str]":
    """The start, six registrations, the question, its answer twice, and a broker that forgot."""
    town = Town()
    meter = town.build_meter()
    yield told(meter.start(town.now))
    for name, roles, neighbourhood in (
        (b"far away", [ROLE_METER], 2),
        (b"far roof", [ROLE_METER, ROLE_PLANT], 2),
        (b"the farm", [ROLE_PLANT], 0),
        (b"the roof", [ROLE_METER, ROLE_PLANT], 1),
        (b"next door", [ROLE_METER], 1),
    ):
        data = town.show(name, roles, neighbourhood)
        yield shown([name, told(meter.on_message("register", data, town.now))])
        yield told(meter.on_message("register", data, town.now))
    spoiled = bytearray(town.show(b"somebody", [ROLE_METER], 1))
    spoiled[-1] ^= 1
    yield told(meter.on_message("register", bytes(spoiled), town.now))
    yield shown([meter.asking.neighbours(), meter.member.dropped, meter.wake_at])
    sent = meter.on_tick(meter.member.catch_up.wake_at)
    yield told(sent)
    for effect in sent:
        if isinstance(effect, Send) and effect.to == meter.member.host:
            prove_id = message_id(envelope.peek_payload(effect.payload))
            for _twice in range(2):
                yield told(meter.on_message("in", town.proof(prove_id, 5), town.now))
    yield shown([meter.light.kept, meter.member.revoked(b"revoked!"), meter.wake_at])
    yield told(meter.on_connected(town.now, False))
    yield told(meter.on_connected(town.now, True))
