# SPDX-License-Identifier: Apache-2.0
"""Whom a node believes: the genesis, whoever the registrar signed for, and nobody whom it revoked."""

from typing import Any

import pytest

from host.registry import Member as Membership
from tests.trade import says
from tests.trade.board import Board
from tests.trade.wire import Letter
from tests.trade.world import (
    BORN,
    FIRST,
    ROUND,
    VERIFIER,
    World,
    described,
    genesis,
    kid_of,
    named,
    signer,
)
from wattpact.crypto.hashes import kid
from wattpact.errors import WireError
from wattpact.node.effects import Drop, Keep, Listen, Note, Publish
from wattpact.node.member import KNOWN_MAX, Core, Member
from wattpact.wire import codec
from wattpact.wire.messages import ROLE_METER, Ask, Register, Stored, message_id, parse_as


def community() -> tuple[World, Board]:
    """A plant, and a meter that hears it, when the first round is contracted."""
    world = World()
    world.add_plant("sunny")
    anna = world.add_meter("anna", hears=["sunny"], neighbours=["ben"])
    world.add_meter("ben")
    world.run_until(FIRST - 600)
    assert not anna.core.member.dropped
    return world, anna


def ask(world: World, **changed: Any) -> Ask:
    """A question of ben's."""
    fields: dict[str, Any] = {"network": world.network, "nonce": named("n"), "issued_at": FIRST}
    return Ask(**{**fields, **changed})


def refused(world: World, board: Board, data: bytes, kind: str = "in") -> bool:
    """Dropped, counted, noted, and nothing of it stays."""
    flash, dropped = dict(board.flash), board.core.member.dropped
    effects = board.core.on_message(kind, data, world.clock)
    if board.core.member.dropped == dropped:
        return False
    assert board.core.member.dropped == dropped + 1
    assert [type(effect) for effect in effects] == [Note]
    assert board.flash == flash
    return True


# -- identity


def test_replayed_registrations_push_nobody_out() -> None:
    """They are public: in parcels with junk behind them, or with somebody else's message, they are not remembered."""
    world, anna = community()
    known = set(anna.core.member._known)  # what must stay
    for number in range(KNOWN_MAX + 3):
        name = "stranger %d" % number
        membership = Membership(signer(name).public_key, named(name), 1)
        registration = world.registrar.register(membership, BORN)
        for message in (b"\xd2junk", anna.core.member.sign(ask(world))[1]):
            assert refused(world, anna, codec.encode([registration, message]))
    assert set(anna.core.member._known) == known


def test_a_board_needs_its_own_registration_in_its_own_network() -> None:
    """What provisioning wrote must fit the key and the genesis, or the node does not start."""
    world = World()
    data = world.register("anna")
    Member(world.genesis, data, signer("anna"), VERIFIER)
    with pytest.raises(WireError, match="another key"):
        Member(world.genesis, data, signer("ben"), VERIFIER)
    with pytest.raises(WireError, match="network"):
        Member(genesis(name="another"), data, signer("anna"), VERIFIER)


def test_a_genesis_that_its_issuer_did_not_sign_founds_nothing() -> None:
    """Altered in one bit, or naming a network."""
    world = World()
    data = world.register("anna")
    spoiled = bytearray(world.genesis)
    spoiled[100] ^= 1
    with pytest.raises(WireError):
        Member(bytes(spoiled), data, signer("anna"), VERIFIER)
    with pytest.raises(WireError):
        Member(data, data, signer("anna"), VERIFIER)


# -- messages nobody has to believe


def test_a_known_node_is_believed_and_an_unknown_one_is_not() -> None:
    """A parcel makes its sender known, by the registrar's word alone."""
    world, anna = community()
    question = ask(world)
    assert refused(world, anna, says.signed("ben", question))
    assert not refused(world, anna, says.parcel(world, "ben", question))
    assert not refused(world, anna, says.signed("ben", ask(world, nonce=named("other"))))
    assert refused(world, anna, says.signed("nobody", question))


def test_a_registration_by_anybody_but_the_registrar_is_refused() -> None:
    """Not the issuer's, nor one's own."""
    world, anna = community()
    register = Register(
        network=world.network,
        public_key=signer("mallory").public_key,
        roles=[ROLE_METER],
        owner=named("mallory"),
        neighbourhood=1,
        plant_id=b"",
        panels=[],
        service=[],
        issued_at=BORN,
    )
    for name in ("issuer", "mallory", "sequencer"):
        data = says.signed(name, register)
        assert refused(world, anna, data, "register")
        assert refused(world, anna, codec.encode([data, says.signed("mallory", ask(world))]))
    assert not refused(world, anna, says.signed("registrar", register), "register")


def test_nothing_of_another_network_is_believed() -> None:
    """The same keys, another genesis: no message, no registration, no word of its host."""
    world, anna = community()
    other = World()
    other.network = message_id(b"another network")[:8]
    other.registrar.network = other.network
    assert refused(world, anna, says.signed("ben", ask(other)))
    assert refused(world, anna, says.parcel(world, "ben", ask(other)))
    assert refused(world, anna, other.registrar.register(_membership("clara"), BORN), "register")
    assert refused(world, anna, says.stored(other))
    assert refused(world, anna, says.revocation(other, kid_of("sunny")))


def _membership(name: str) -> Any:
    from host.registry import Member as Membership

    return Membership(signer(name).public_key, named(name), 1, plant=described(name))


def test_only_the_hosts_word_frees_the_outbox() -> None:
    """STORED by a plant, by the issuer or by the meter itself is none."""
    world, anna = community()
    effects = anna.core.member.outbox.publish(b"m" * 32, "trade_end", b"an end", world.clock)
    for effect in effects:
        anna.perform(effect)
    for name in ("sunny", "issuer", "anna"):
        assert refused(world, anna, says.stored(world, ids=[b"m" * 32], by=name))
    assert anna.core.member.outbox.holds(b"m" * 32)
    anna.receive(Letter("in", world.desk.kid, anna.kid, says.stored(world, ids=[b"m" * 32])))
    assert not anna.core.member.outbox.holds(b"m" * 32)
    assert b"o" + b"m" * 32 not in anna.flash


def test_what_is_refused_for_good_leaves_the_outbox_too() -> None:
    """Otherwise it would be sent for ever."""
    world, anna = community()
    anna.core.member.outbox.publish(b"m" * 32, "trade_end", b"an end", world.clock)
    data = says.stored(world, refused=[(b"m" * 32, 62)])
    (drop, note) = anna.core.on_message("in", data, world.clock)
    assert isinstance(drop, Drop)
    assert isinstance(note, Note)
    assert (note.code, note.text) == ("refused", "refused by rule R62")


# -- revocation


def test_a_revoked_key_is_believed_no_more() -> None:
    """By the registrar's word alone; said twice it is said once."""
    world, anna = community()
    offer = world.wire.sent("offer")[-1].payload
    assert not refused(world, anna, offer, "offer")
    for name in ("issuer", "sunny", "sequencer"):
        assert refused(world, anna, says.revocation(world, kid_of("sunny"), by=name), "revoke")
    (keep,) = anna.core.on_message("revoke", says.revocation(world, kid_of("sunny")), world.clock)
    assert isinstance(keep, Keep)
    assert anna.core.on_message("revoke", says.revocation(world, kid_of("sunny")), 0) == []
    assert refused(world, anna, offer, "offer")
    assert anna.core.member.revoked(kid_of("sunny"))
    assert not anna.core.member.revoked(kid_of("ben"))


def test_a_revocation_outlives_a_power_cut() -> None:
    """And a registration heard again does not undo it."""
    world, anna = community()
    revoke = says.revocation(world, kid_of("sunny"))
    anna.receive(Letter("revoke", kid_of("registrar"), anna.kid, revoke))
    anna.restart()
    world.wire.deliver()
    assert anna.core.member.revoked(kid_of("sunny"))
    assert refused(world, anna, world.wire.sent("offer")[-1].payload, "offer")


# -- bounds


def test_a_node_remembers_a_bounded_number_of_others() -> None:
    """The longest known goes first, and never the node itself."""
    world = World()
    world.register("anna")
    member = world.member("anna")
    point = signer("anna").public_key
    kids: list[bytes] = []
    for number in range(KNOWN_MAX + 3):
        # No point on the curve: that is the registrar's and the chain's business (R20), not a board's.
        key = point[:61] + number.to_bytes(4, "big")
        register = Register(
            network=world.network,
            public_key=key,
            roles=[ROLE_METER],
            owner=named("owner"),
            neighbourhood=1,
            plant_id=b"",
            panels=[],
            service=[],
            issued_at=BORN,
        )
        member.meet(says.signed("registrar", register))
        kids.append(kid(key))
    assert member.known(member.kid)
    assert [member.known(each) is None for each in kids] == [True] * 4 + [False] * (KNOWN_MAX - 1)


# -- what every core does


def test_a_node_shows_its_registration_when_it_starts() -> None:
    """Retained by the broker: whoever hears its offers can check them."""
    world = World()
    data = world.register("anna")
    publish, listen = Core(world.member("anna")).start(FIRST)
    assert isinstance(publish, Publish)
    assert (publish.kind, publish.payload) == ("register", data)
    assert isinstance(listen, Listen)
    assert (listen.kind, listen.sender) == ("revoke", world.desk.kid)


def test_what_cannot_be_read_from_the_store_is_dropped_and_noted() -> None:
    """The node starts all the same, with everything that can be read."""
    world, anna = community()
    items = sorted({**anna.flash, b"o" + b"m" * 32: b"torn", b"v" + b"k" * 8: b""}.items())
    core = world.meter_node(world.member("anna"), anna.meter.preferences, 200)
    effects = core.restore(items, world.clock)
    dropped = [effect.key[:1] for effect in effects if isinstance(effect, Drop)]
    notes = [effect.code for effect in effects if isinstance(effect, Note)]
    assert (dropped, notes) == ([b"o", b"v"], ["store", "store"])
    assert len(core.buying.purchases()) == 1


def test_items_of_others_in_the_store_are_left_alone() -> None:
    """The shell keeps counters there too."""
    world, anna = community()
    items = sorted({**anna.flash, b"zcounter": b"\xff\xff"}.items())
    core = world.meter_node(world.member("anna"), anna.meter.preferences, 200)
    assert not [e for e in core.restore(items, world.clock) if isinstance(e, (Drop, Note))]


def test_the_simplest_core_keeps_its_outbox_going() -> None:
    """A role may add to it; without one, messages are still sent again and settled."""
    world = World()
    world.register("anna")
    core = Core(world.member("anna"))
    core.member.outbox.publish(b"m" * 32, "offer", b"an offer", FIRST)
    assert len(core.on_tick(FIRST + ROUND)) == 1
    data = says.stored(world, ids=[b"m" * 32])
    assert isinstance(parse_as(Stored, core.member.open(data).payload), Stored)
    assert len(core.on_message("in", data, FIRST)) == 1
    assert core.on_message("checkpoint", b"whatever", FIRST) == []
