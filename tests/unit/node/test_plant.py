# SPDX-License-Identifier: Apache-2.0
"""The seller offers what it should have, sells it once, reports what there was, and never takes a word back."""

from collections.abc import Sequence
from typing import Any

import pytest

from tests.trade import says
from tests.trade.board import Board
from tests.trade.wire import Letter, lost
from tests.trade.world import (
    FIRST,
    PRICE,
    ROUND,
    SLOT,
    VERIFIER,
    YIELD_WH,
    World,
    kid_of,
    named,
    panel_of,
    plant_of,
    signer,
)
from wattpact.ledger import life
from wattpact.metering.reading import Reading
from wattpact.node.effects import Listen
from wattpact.node.plant import REPORT_S
from wattpact.units import DAY_S, HOUR_S
from wattpact.wire import envelope
from wattpact.wire.messages import (
    DECLINE_CLOSED,
    DECLINE_SOLD,
    DECLINE_STALE,
    DECLINE_TERMS,
    LOW_MAX,
    Contract,
    Decline,
    Generation,
    Message,
    Offer,
    message_id,
)

EVENING = (
    FIRST + 9 * HOUR_S
)  # 19:00 UTC, 20:00 by the plants' clock, which has no summer time: service ends


def plant_town(**plant: Any) -> tuple[World, Board]:
    """One plant, and a registered meter whose proposals the tests write themselves."""
    world = World()
    sunny = world.add_plant("sunny", **plant)
    for number in range(60):
        world.registers["meter %d" % number] = b""
    world.register("meter 0")
    return world, sunny


def offers(world: World) -> list[Offer]:
    """As they reached the host; one sent again counts once."""
    return [each for each in _told(world, "offer") if isinstance(each, Offer)]


def reports(world: World) -> list[Generation]:
    """Of generation, in order."""
    return [each for each in _told(world, "generation") if isinstance(each, Generation)]


def _told(world: World, word: str) -> list[Message]:
    said = {letter.payload: letter.message for letter in world.wire.sent(word)}
    return list(said.values())


def proposal(
    world: World, wh: Sequence[int] = (20, 20), meter: str = "meter 0", **changed: Any
) -> Contract:
    """On the plant's newest offer."""
    offer = [each for each in offers(world) if each.plant_id == plant_of("sunny")][-1]
    fields: dict[str, Any] = {
        "network": world.network,
        "offer_id": message_id(offer.payload()),
        "meter": kid_of(meter),
        "plant": kid_of("sunny"),
        "panel_id": panel_of("sunny"),
        "price": PRICE,
        "currency": 978,
        "start": offer.start,
        "wh": list(wh),
        "total_wh": sum(wh),
        "remaining_wh": offer.remaining_wh - sum(wh),
        "coins": [],
        "nonce": named(meter),
        "accept_by": offer.start - 600,
    }
    return Contract(**{**fields, **changed})


def propose(world: World, board: Board, contract: Contract, meter: str = "meter 0") -> None:
    """Sign it and hand it over; the answer goes nowhere but into the wire's log."""
    board.receive(Letter("in", kid_of(meter), board.kid, says.parcel(world, meter, contract)))


def declines(world: World) -> list[int]:
    """Reasons, in order."""
    found = [letter.message for letter in world.wire.sent("decline")]
    return [each.reason for each in found if isinstance(each, Decline)]


# -- offers


def test_an_offer_comes_before_every_round_and_its_number_grows() -> None:
    """What the panels should yield, at the plant's price, 20 minutes ahead."""
    world, _sunny = plant_town(panels=2)
    world.run_until(FIRST + 2 * ROUND)
    told = offers(world)
    assert told[0].seq < told[1].seq < told[2].seq
    assert [offer.start for offer in told] == [FIRST, FIRST + ROUND, FIRST + 2 * ROUND]
    assert [offer.issued_at for offer in told] == [o.start - 1_200 for o in told]
    assert told[0].panels == [(panel_of("sunny", n), [YIELD_WH] * 4) for n in (0, 1)]
    assert told[0].remaining_wh == 8 * YIELD_WH
    assert world.ledger.evidence(plant_of("sunny")) == []


def test_a_board_that_takes_over_numbers_above_its_predecessor() -> None:
    """A new key, or a store that was wiped, knows no number: the clock's is above all that went before (R31)."""
    world, sunny = plant_town()
    world.run_until(FIRST + ROUND)
    sunny.flash.clear()
    sunny.restart()
    world.run_until(FIRST + 2 * ROUND)
    numbers = [offer.seq for offer in offers(world)]
    assert numbers == sorted(set(numbers))
    assert world.ledger.evidence(plant_of("sunny")) == []


def test_more_past_lows_than_an_offer_holds_are_coarsened() -> None:
    """An operator's long list stops no board: the offer says more low time, never less."""
    past = [(FIRST - 20 * 86_400 + 7_200 * number, 900) for number in range(150)]
    world, _sunny = plant_town(past_low=past)
    world.run_until(FIRST + 100)
    low = offers(world)[0].low
    assert len(low) <= 100
    for start, duration_s in past:
        assert any(a <= start and start + duration_s <= a + b for a, b in low)


def test_a_plant_with_nothing_to_sell_offers_nothing() -> None:
    """No sun expected, or the operator closed: no offer at all, rather than an empty one."""
    world, _sunny = plant_town(yield_wh=0)
    world.run_until(FIRST + ROUND)
    assert offers(world) == []
    world, sunny = plant_town()
    sunny.plant.selling = False
    world.run_until(FIRST + ROUND)
    assert offers(world) == []


def test_a_plant_offers_less_after_an_hour_of_clouds() -> None:
    """Its own meter says how today compares with the usual day."""
    world, sunny = plant_town()
    sunny.exports = lambda _slot: YIELD_WH // 2
    world.run_until(FIRST + ROUND)
    first, second = offers(world)
    assert first.remaining_wh == 4 * YIELD_WH
    assert second.remaining_wh < 3 * YIELD_WH


def test_a_plant_whose_outbox_is_full_sells_no_more_and_says_so() -> None:
    """The chain does not answer: no new offer, proposals are declined as closed, and memory stays bounded."""
    world, sunny = plant_town(outbox_max=2)
    world.run_until(FIRST - 1_000)
    world.recording = False
    world.wire.tampers.append(lost("stored"))
    propose(world, sunny, proposal(world))
    world.run_until(FIRST + 120)
    assert sunny.core.member.outbox.full()
    propose(world, sunny, proposal(world, (30, 30), accept_by=FIRST + ROUND - 1))
    world.run_until(FIRST + 9 * ROUND)
    assert declines(world) == [DECLINE_CLOSED]
    assert len(offers(world)) == 1
    assert "not selling: the chain has not answered" in sunny.told("outbox-full")
    kept = [key for key in sunny.flash if key[:1] == b"o"]
    assert len(kept) <= 4


# -- proposals


def test_a_proposal_within_the_offer_is_accepted_and_recorded() -> None:
    """Both signatures, to the meter and to the chain; the plant listens for the end."""
    world, sunny = plant_town()
    world.run_until(FIRST - 1_000)
    contract = proposal(world)
    propose(world, sunny, contract)
    sent = world.wire.sent("acceptance")
    assert [letter.to for letter in sent] == [world.desk.kid, kid_of("meter 0")]
    world.run_until(FIRST - 900)
    assert [deal.id for deal in world.deals()] == [message_id(contract.payload())]
    assert sunny.plant.sales.sales()[0][1].state == life.RECORDED


def test_asked_again_a_plant_answers_the_same() -> None:
    """The answer was lost: one contract, and no second record."""
    world, sunny = plant_town()
    world.run_until(FIRST - 1_000)
    for _time in range(3):
        propose(world, sunny, proposal(world))
    answers = [each for each in world.wire.sent("acceptance") if each.to != world.desk.kid]
    assert len({each.payload for each in answers}) == 1
    assert len(answers) == 3
    assert sunny.plant.sales.sold_wh(panel_of("sunny"), FIRST) == 20


@pytest.mark.parametrize(("offered", "fit"), [(1_000, 50), (999, 49)])
def test_fifty_proposals_on_one_offer_are_accepted_as_far_as_they_fit(
    offered: int, fit: int
) -> None:
    """All in one second, each for 20 Wh of the same two slots: all that fit are recorded, the others told why."""
    world, sunny = plant_town(yield_wh=offered, outbox_max=64)
    world.run_until(FIRST - 1_000)
    for number in range(50):
        name = "meter %d" % number
        if not world.registers[name]:
            world.register(name)
        propose(world, sunny, proposal(world, meter=name), name)
    world.run_until(FIRST - 900)
    assert len(world.deals()) == fit
    assert declines(world) == [DECLINE_SOLD] * (50 - fit)
    assert world.ledger.panel_slot(panel_of("sunny"), FIRST).contracted == 20 * fit


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"offer_id": b"x" * 32}, DECLINE_STALE),
        ({"accept_by": FIRST - 1_100}, DECLINE_STALE),
        ({"price": PRICE - 1}, DECLINE_TERMS),
        ({"panel_id": b"another!"}, DECLINE_TERMS),
        ({"wh": [1_001], "total_wh": 1_001, "remaining_wh": 2_999}, DECLINE_SOLD),
    ],
)
def test_a_decline_says_why_and_what_is_left(changed: dict[str, Any], reason: int) -> None:
    """C5 from the other side: the meter learns the plant's remaining energy."""
    world, sunny = plant_town()
    world.run_until(FIRST - 1_000)
    propose(world, sunny, proposal(world))
    propose(world, sunny, proposal(world, nonce=named("other"), **changed))
    decline = world.wire.sent("decline")[0].message
    assert isinstance(decline, Decline)
    assert (decline.reason, decline.remaining_wh) == (reason, 4 * YIELD_WH - 40)


def test_a_proposal_signed_by_another_or_meant_for_another_is_dropped() -> None:
    """No answer at all: whoever sends it is not whom it would bind."""
    world, sunny = plant_town()
    world.register("meter 1")
    world.run_until(FIRST - 1_000)
    propose(world, sunny, proposal(world), "meter 1")
    propose(world, sunny, proposal(world, plant=kid_of("cloudy")))
    propose(world, sunny, proposal(world, meter="sunny"), "sunny")
    assert sunny.core.member.dropped == 3
    assert world.wire.sent("acceptance") == world.wire.sent("decline") == []


def test_what_the_chain_refuses_can_be_sold_again() -> None:
    """A plant key without the meter's role signs a proposal (R15): the energy is back after the chain's no."""
    world, sunny = plant_town()
    world.add_plant("cloudy")
    world.run_until(FIRST - 1_000)
    propose(world, sunny, proposal(world, (900, 900), meter="cloudy"), "cloudy")
    assert sunny.plant.sales.sold_wh(panel_of("sunny"), FIRST) == 900
    world.run_until(FIRST - 900)
    assert world.deals() == []
    assert sunny.plant.sales.sold_wh(panel_of("sunny"), FIRST) == 0
    propose(world, sunny, proposal(world, (900, 900)))
    world.run_until(FIRST - 800)
    assert len(world.deals()) == 1


def test_a_buyers_end_is_heard_and_a_strangers_is_none() -> None:
    """The plant knows that its contract is over."""
    world, sunny = plant_town()
    anna = world.add_meter("anna", hears=["sunny"])
    world.run_until(FIRST + ROUND + 60)
    states = [
        sale.state
        for _id, sale in sunny.plant.sales.sales()
        if (sale.contract.meter, sale.contract.start) == (anna.kid, FIRST)
    ]
    assert states == [life.ENDED]


# -- reports


def test_every_round_is_reported_a_minute_after_it() -> None:
    """One GENERATION per panel, what each one's meter counted."""
    world, sunny = plant_town(panels=2)
    sunny.exports = lambda slot: 500 + (slot - FIRST) // SLOT if slot >= FIRST else YIELD_WH
    world.run_until(FIRST + ROUND + REPORT_S - 1)
    assert {report.start for report in reports(world)} == {FIRST - 2 * SLOT}
    world.run_until(FIRST + ROUND + REPORT_S)
    told = [report for report in reports(world) if report.start == FIRST]
    assert [report.panel_id for report in told] == [panel_of("sunny", 0), panel_of("sunny", 1)]
    assert [report.wh for report in told] == [[500, 501, 502, 503]] * 2
    assert [report.low for report in told] == [[], []]


def test_a_node_reports_nothing_of_the_time_before_it_was_there() -> None:
    """The first round began without it: only the slots since then."""
    world, _sunny = plant_town()
    world.run_until(FIRST + REPORT_S)
    (report,) = reports(world)
    assert (report.start, report.wh) == (FIRST - 2 * SLOT, [YIELD_WH] * 2)


def test_night_is_silent() -> None:
    """Out of service, nothing sold, nothing generated: no report and no low supply; no offer either."""
    world, sunny = plant_town(yield_wh=0)
    sunny.exports = lambda _slot: 0
    world.run_until(EVENING + 2 * ROUND)
    last = max(report.start for report in reports(world))
    assert last == EVENING - ROUND
    assert offers(world) == []
    lowest = [start + length_s for report in reports(world) for start, length_s in report.low]
    assert max(lowest) == EVENING


def test_sold_energy_is_reported_at_night_as_well() -> None:
    """Somebody bought it: a zero must be said, or the buyer's contract would settle by silence."""
    world, sunny = plant_town()
    sunny.exports = lambda _slot: 0
    world.run_until(EVENING - 1_000)
    propose(world, sunny, proposal(world, accept_by=EVENING - 1))
    world.run_until(EVENING + ROUND + 60)
    assert reports(world)[-1].wh == [0] * 4
    assert reports(world)[-1].start == EVENING


def test_a_dead_panel_meter_reports_nothing_generated_and_low_supply() -> None:
    """Never an invented figure; the operator is told."""
    world, sunny = plant_town()
    sunny.exports = lambda slot: None if slot == FIRST + SLOT else YIELD_WH
    world.run_until(FIRST + ROUND + 60)
    assert reports(world)[-1].wh == [YIELD_WH, 0, YIELD_WH, YIELD_WH]
    assert reports(world)[-1].low == [(FIRST + SLOT, SLOT)]
    assert sunny.told("panel-meter") == ["no answer"]


def test_more_than_a_panel_can_yield_is_reported_as_the_most_it_can() -> None:
    """R57 would refuse more."""
    world, sunny = plant_town()
    sunny.exports = lambda _slot: 9_999
    world.run_until(FIRST + ROUND + 90)
    assert reports(world)[-1].wh == [2_200] * 4
    assert sunny.told("refused") == []
    assert world.ledger.panel_slot(panel_of("sunny"), FIRST).generated == 2_200


def test_a_reading_of_a_panel_that_is_not_ours_is_our_mistake() -> None:
    """ValueError, as for any mistake of our own."""
    _world, sunny = plant_town()
    with pytest.raises(ValueError, match="panel"):
        sunny.plant.on_panel_reading(b"another!", Reading(FIRST, 0, 1, 0, 0))


# -- low supply


def test_low_supply_goes_into_every_later_offer() -> None:
    """C2: the slots in service that stayed below the preset 100 Wh, joined."""
    world, sunny = plant_town()
    sunny.exports = lambda slot: 99 if FIRST + SLOT <= slot < FIRST + 3 * SLOT else YIELD_WH
    world.run_until(FIRST + 4 * ROUND)
    lows = {offer.start: offer.low for offer in offers(world)}
    assert lows[FIRST + ROUND] == []
    for later in (2, 3, 4):
        assert lows[FIRST + later * ROUND] == [(FIRST + SLOT, 2 * SLOT)]
    assert world.ledger.evidence(plant_of("sunny")) == []


def test_a_month_of_flickering_fits_an_offer_and_is_never_taken_back() -> None:
    """More than 100 intervals are coarsened; the ledger finds no shrinking (R33), and what is old is left out."""
    world, sunny = plant_town()
    sunny.exports = lambda slot: 0 if slot // SLOT % 2 else YIELD_WH
    world.run_until(FIRST + 5 * DAY_S)
    assert len(offers(world)[-1].low) == LOW_MAX
    assert world.ledger.evidence(plant_of("sunny")) == []
    assert sunny.told("refused") == []


# -- power cuts


def test_after_a_power_cut_numbers_go_on_and_low_supply_is_remembered() -> None:
    """No second offer with one number (R31, R32), no shrunk history (R33), and the standing offer still stands."""
    world, sunny = plant_town()
    sunny.exports = lambda slot: 0 if slot == FIRST else YIELD_WH
    for hour in range(1, 5):
        world.run_until(FIRST + hour * ROUND - 1_100)
        sunny.restart()
        world.wire.deliver()
        propose(world, sunny, proposal(world))
        world.run_until(FIRST + hour * ROUND - 100)
        sunny.restart()
    world.run_until(FIRST + 5 * ROUND)
    numbers = [offer.seq for offer in offers(world)]
    assert len(numbers) == 6
    assert numbers == sorted(set(numbers))
    assert offers(world)[-1].low == [(FIRST, SLOT)]
    assert world.ledger.evidence(plant_of("sunny")) == []
    assert len(world.deals()) == 4
    assert declines(world) == []


def test_a_plant_that_was_down_for_hours_reports_every_round_it_still_can() -> None:
    """Rounds not settled yet as nothing generated, the others as low supply only; its store stays small."""
    world, sunny = plant_town()
    world.run_until(FIRST + ROUND + 200)
    del world.boards["sunny"]
    world.run_until(FIRST + 5 * ROUND + 1_000)
    world.boards["sunny"] = sunny
    sunny.restart()
    world.run_until(FIRST + 5 * ROUND + 1_100)
    late = [report.start for report in reports(world) if report.start > FIRST]
    assert late == [FIRST + 3 * ROUND + SLOT, FIRST + 4 * ROUND]
    assert sunny.told("refused") == []
    world.run_until(FIRST + 6 * ROUND)
    assert offers(world)[-1].low == [(FIRST + ROUND, 4 * ROUND)]
    assert world.ledger.evidence(plant_of("sunny")) == []
    assert {key[:1] for key in sunny.flash} <= {b"f", b"g", b"o", b"p", b"r", b"s"}


def test_what_was_read_before_a_power_cut_is_reported_after_it() -> None:
    """Also in the first round of a board, of which nothing was reported yet."""
    world, sunny = plant_town()
    world.run_until(FIRST - 100)
    sunny.restart()
    world.run_until(FIRST + 100)
    assert [(report.start, report.wh) for report in reports(world)] == [
        (FIRST - 2 * SLOT, [YIELD_WH] * 2)
    ]


def test_an_acceptance_cut_short_is_finished_after_the_power_cut() -> None:
    """Kept but not sent: it goes to the chain and to the meter, and the plant listens for the end."""
    world, sunny = plant_town()
    world.run_until(FIRST - 1_000)
    sunny.cut_after = sunny.performed + 1
    sunny.comes_again = False
    propose(world, sunny, proposal(world))
    assert sunny.cuts == 1
    assert [each.to for each in world.wire.sent("acceptance")] == [
        world.desk.kid,
        kid_of("meter 0"),
    ]
    restored = world.plant_node(world.member("sunny"), PRICE, YIELD_WH)
    effects = restored.restore(sorted(sunny.flash.items()), world.clock)
    effects += restored.start(world.clock)
    listens = [(each.kind, each.sender) for each in effects if isinstance(each, Listen)]
    assert listens == [("revoke", world.desk.kid), ("trade_end", kid_of("meter 0"))]
    world.run_until(FIRST - 900)
    assert len(world.deals()) == 1


def test_sold_energy_stays_sold_after_a_power_cut() -> None:
    """What was accepted before it leaves less for those who come after."""
    world, sunny = plant_town()
    world.run_until(FIRST - 1_000)
    world.register("meter 1")
    propose(world, sunny, proposal(world, (900, 900)))
    sunny.restart()
    for wh in (101, 100):
        propose(world, sunny, proposal(world, (wh, wh), meter="meter 1"), "meter 1")
    assert declines(world) == [DECLINE_SOLD]
    world.run_until(FIRST)
    assert world.ledger.panel_slot(panel_of("sunny"), FIRST).contracted == 1_000


def test_what_is_over_leaves_the_store() -> None:
    """Days of trade take no more room than hours."""
    world, sunny = plant_town()
    world.add_meter("anna", hears=["sunny"])
    sizes: list[int] = []
    for hour in range(3, 9):
        world.run_until(FIRST + hour * ROUND)
        sizes.append(len(sunny.flash))
    assert max(sizes) == min(sizes) <= 8


def test_an_acceptance_can_be_checked_by_anybody() -> None:
    """The record carries both signatures over one payload."""
    world, sunny = plant_town()
    world.run_until(FIRST - 1_000)
    propose(world, sunny, proposal(world))
    record = world.wire.sent("acceptance")[0].payload
    offered, acceptance = envelope.split_record(record)
    payload = envelope.peek_payload(offered)
    envelope.open_acceptance(acceptance, payload, signer("sunny").public_key, VERIFIER)
