# SPDX-License-Identifier: Apache-2.0
"""A meter finds its sellers and neighbours itself, out of everybody's registration, at little cost."""

from host.registry import Member as Membership
from tests.trade import says
from tests.trade.board import Board
from tests.trade.wire import Letter
from tests.trade.world import BORN, FIRST, VERIFIER, World, described, kid_of, named, signer
from wattpact.market.preferences import Preferences
from wattpact.node.effects import Listen, Note
from wattpact.node.member import KNOWN_MAX, Member
from wattpact.node.meter import MeterNode
from wattpact.wire.envelope import peek_payload
from wattpact.wire.messages import ROLE_METER, ROLE_PLANT, Register, parse_as


class CountingVerifier:
    """The real one, which counts what it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def verify(self, items: list[tuple[bytes, bytes, bytes]]) -> list[bool]:
        self.asked += len(items)
        return VERIFIER.verify(items)


def registration(
    world: World, name: str, plant: bool = False, meter: bool = True, neighbourhood: int = 1
) -> bytes:
    """By the registrar, whether on the chain or not."""
    membership = Membership(
        signer(name).public_key,
        named(name),
        neighbourhood,
        meter=meter,
        plant=described(name) if plant else None,
    )
    return world.registrar.register(membership, BORN)


def street(deaf: bool = False) -> tuple[World, MeterNode, CountingVerifier]:
    """A meter in neighbourhood 1 that has heard nobody yet."""
    world = World()
    world.register("anna")
    counting = CountingVerifier()
    member = Member(world.genesis, world.registers["anna"], signer("anna"), counting)
    core = world.meter_node(member, Preferences(), 200)
    core = MeterNode(member, world.timing, core.preferences, core.need, world.clock, deaf)
    counting.asked = 0
    return world, core, counting


def heard(core: MeterNode, data: bytes) -> list[tuple[str, bytes]]:
    """What the meter listens to because of this registration."""
    effects = core.on_message("register", data, FIRST)
    return [(each.kind, each.sender) for each in effects if isinstance(each, Listen)]


def junk(world: World, number: int, plant: bool = False) -> bytes:
    """A registration that names the registrar as its signer, of a key of that number, spoiled."""
    point = signer("anna").public_key
    register = Register(
        network=world.network,
        public_key=point[:61] + number.to_bytes(4, "big"),
        roles=[ROLE_PLANT if plant else ROLE_METER],
        owner=named("owner"),
        neighbourhood=1 if plant else 2 + number,
        plant_id=number.to_bytes(8, "big") if plant else b"",
        panels=[],
        service=[],
        issued_at=BORN,
    )
    return says.signed("registrar", register)


def test_at_the_start_a_meter_listens_to_everybodys_registration_and_to_the_host() -> None:
    """Nobody has to tell it whom to hear; a deaf one has no use for facts about plants."""
    world, core, _counting = street()
    listens = [(e.kind, e.sender) for e in core.start(FIRST) if isinstance(e, Listen)]
    host = world.desk.kid
    assert listens == [
        ("revoke", host),
        ("register", b""),
        ("checkpoint", host),
        ("shortfall", host),
    ]
    _world, deaf, _counting = street(deaf=True)
    kinds = [each.kind for each in deaf.start(FIRST) if isinstance(each, Listen)]
    assert kinds == ["revoke", "register", "checkpoint"]


def test_a_plant_anywhere_and_a_roof_next_door_are_heard() -> None:
    """Once each, however often their registration comes; another network's registrar counts for nothing."""
    world, core, counting = street()
    farm = registration(world, "farm", plant=True, meter=False, neighbourhood=9)
    roof = registration(world, "roof", plant=True)
    assert heard(core, farm) == [("offer", kid_of("farm"))]
    assert heard(core, roof) == [("offer", kid_of("roof"))]
    assert core.asking.neighbours() == [kid_of("roof")]
    assert counting.asked == 2
    assert heard(core, farm) == heard(core, roof) == []
    assert counting.asked == 2
    again = [(e.kind, e.sender) for e in core.start(FIRST) if isinstance(e, Listen)]
    assert again[-2:] == [("offer", kid_of("farm")), ("offer", kid_of("roof"))]


def test_a_meter_next_door_can_be_asked() -> None:
    """It is not remembered: its registration travels with its answer. One's own is nobody's."""
    world, core, counting = street()
    assert heard(core, registration(world, "ben")) == []
    assert heard(core, world.registers["anna"]) == []
    assert core.asking.neighbours() == [kid_of("ben")]
    assert core.member.known(kid_of("ben")) is None
    assert heard(core, registration(world, "ben")) == []
    assert counting.asked == 1


def test_who_lives_elsewhere_costs_no_signature_check_and_pushes_nobody_out() -> None:
    """A thousand meters and roofs of other neighbourhoods: a look each."""
    world, core, counting = street()
    heard(core, registration(world, "farm", plant=True, meter=False))
    checked = counting.asked
    far = registration(world, "far roof", plant=True, neighbourhood=2)
    for data in [far] + [junk(world, number) for number in range(2 * KNOWN_MAX)]:
        assert core.on_message("register", data, FIRST) == []
    assert counting.asked == checked
    assert core.asking.neighbours() == []
    assert core.member.known(kid_of("farm"))
    assert core.member.dropped == 0


def test_a_forged_registration_makes_nobody_known() -> None:
    """Spoiled in one bit, or signed by somebody else: dropped, and the place stays free."""
    world, core, counting = street()
    farm = registration(world, "farm", plant=True, meter=False)
    spoiled = farm[:-1] + bytes([farm[-1] ^ 1])
    (note,) = core.on_message("register", spoiled, FIRST)
    assert isinstance(note, Note)
    checked = counting.asked
    mallorys = says.signed("mallory", parse_as(Register, peek_payload(farm)))
    (note,) = core.on_message("register", mallorys, FIRST)
    assert isinstance(note, Note)
    assert counting.asked == checked == 1
    assert core.member.dropped == 2
    assert heard(core, farm) == [("offer", kid_of("farm"))]


def test_sellers_are_bounded_and_make_way_for_nobody() -> None:
    """A quarter of what a board may know are sellers it hears; whoever comes and goes in parcels shares the rest."""
    world, core, counting = street()
    for number in range(KNOWN_MAX):
        heard(core, junk(world, number, plant=True))
    listening = [e.sender for e in core.start(FIRST) if isinstance(e, Listen) and e.kind == "offer"]
    assert len(listening) == KNOWN_MAX // 4
    assert counting.asked == KNOWN_MAX // 4
    for number in range(2 * KNOWN_MAX):
        core.member.meet(junk(world, 10_000 + number))
    assert all(core.member.known(seller) for seller in listening)
    assert len(core.member._known) == KNOWN_MAX


def test_a_deaf_meter_hears_no_plant_and_knows_its_neighbours() -> None:
    """A roof next door is one to ask, too."""
    world, core, _counting = street(deaf=True)
    assert heard(core, registration(world, "farm", plant=True, meter=False)) == []
    assert heard(core, registration(world, "roof", plant=True)) == []
    assert core.asking.neighbours() == [kid_of("roof")]
    assert core.member.known(kid_of("farm")) is None


def test_a_revoked_seller_is_neither_heard_nor_asked_and_leaves_its_place() -> None:
    """Its registration stays with the broker, and is no use any more."""
    world, core, counting = street()
    roof = registration(world, "roof", plant=True)
    heard(core, roof)
    core.on_message("revoke", says.revocation(world, kid_of("roof")), FIRST)
    assert core.asking.neighbours() == []
    assert [e for e in core.start(FIRST) if isinstance(e, Listen) and e.kind == "offer"] == []
    checked = counting.asked
    assert heard(core, roof) == []
    assert counting.asked == checked
    for number in range(KNOWN_MAX // 4):
        assert heard(core, junk(world, number, plant=True))


def test_a_meter_that_comes_late_trades_from_what_is_retained() -> None:
    """Everybody said everything before it was there."""
    world = World()
    world.add_plant("sunny")
    world.run_until(FIRST - 1_100)
    anna: Board = world.add_meter("anna", hears=["sunny"])
    world.run_until(FIRST)
    assert [deal.terms.meter for deal in world.deals()] == [anna.kid]
    assert anna.core.member.dropped == 0


def test_an_offer_under_anothers_name_is_still_whose_key_signed_it() -> None:
    """No core is told by whom the topic says a message is: only signatures decide."""
    world = World()
    world.add_plant("sunny")
    anna = world.add_meter("anna", hears=["sunny"])
    world.run_until(FIRST - 1_100)
    offer = world.wire.sent("offer")[0]
    anna.receive(Letter("offer", kid_of("mallory"), anna.kid, offer.payload))
    assert [entry.plant_kid for entry in anna.meter.book.entries()] == [kid_of("sunny")]
    assert anna.core.member.dropped == 0
