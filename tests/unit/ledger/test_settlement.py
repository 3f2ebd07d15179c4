# SPDX-License-Identifier: Apache-2.0
"""Generation (R55 to R57), trade ends (R60 to R67), settlement per panel and slot, expiry, and what falls due."""

from typing import Any

import pytest

from tests.unit.ledger.judging import accept, refusal
from tools.vector_cases.ledger_world import (
    DAY,
    FIRST,
    HOUR,
    LATE,
    PRICE,
    RATED_W,
    SETTLE,
    SLOT,
    WITHHELD,
    World,
    id_of,
    kid_of,
    named,
    slots,
)
from wattpact.ledger import life
from wattpact.ledger.machine import Deal

OVER = FIRST + 4 * SLOT  # when the contracts of these tests are over
SETTLED = OVER + SETTLE
MOST = RATED_W * SLOT * 11 // (10 * HOUR)


@pytest.fixture
def contract(world: World, offer: bytes) -> bytes:
    """Of ann with `sun`: 300 Wh in each of the first four slots."""
    made = world.contract(offer)
    world.record(made)
    return made


def deal_of(world: World, contract: bytes) -> Deal:
    """A contract as it stands."""
    deal = world.ledger.contract(id_of(contract))
    assert deal is not None
    return deal


def test_r55_accepts_the_signers_own_panel(world: World) -> None:
    """Each of its panels; a prosumer reports its export."""
    accept(world, world.generation((5,), "west"), at=FIRST + SLOT)
    accept(world, world.generation((5,), "tiles", "roof"))


def test_r55_refuses_another_plants_panel(world: World) -> None:
    """Or one that nobody has."""
    world.run(at=FIRST + SLOT)
    assert refusal(world, world.generation((1 << 20,), "ridge")) == 55
    assert refusal(world, world.generation((1 << 20,), "no panel")) == 55


def test_r56_accepts_slots_as_soon_as_they_are_over(world: World) -> None:
    """To the second, and until just before they are settled."""
    accept(world, world.generation((1, 2)), at=FIRST + 2 * SLOT)
    third = FIRST + 2 * SLOT
    accept(world, world.generation((3,), start=third), at=third + SLOT + SETTLE - 1)


def test_r56_refuses_a_slot_not_over_not_whole_reported_or_settled(world: World) -> None:
    """All slots of a report together: one bad slot spoils it."""
    world.run(at=FIRST + SLOT)
    assert refusal(world, world.generation((1, 1 << 20))) == 56
    assert refusal(world, world.generation((1,), start=FIRST - 1)) == 56
    world.record(world.generation((0,)))
    assert refusal(world, world.generation((1,))) == 56
    assert refusal(world, world.generation((1, 1)), at=FIRST + 2 * SLOT) == 56
    second = world.generation((1,), start=FIRST + SLOT)
    assert refusal(world, second, at=FIRST + 2 * SLOT + SETTLE) == 56


def test_r57_accepts_what_the_panel_can_yield(world: World) -> None:
    """Its rating for the slot, and a tenth."""
    accept(world, world.generation((MOST, 0)), at=FIRST + 2 * SLOT)


def test_r57_refuses_more_than_the_panel_can_yield(world: World) -> None:
    """By a Wh in one slot."""
    assert refusal(world, world.generation((0, MOST + 1)), at=FIRST + 2 * SLOT) == 57


def test_r60_accepts_the_end_of_a_recorded_contract(world: World, contract: bytes) -> None:
    """It is ended, and settles when its slots do."""
    accept(world, world.end(contract), at=OVER)
    assert deal_of(world, contract).state == life.ENDED


def test_r60_refuses_the_end_of_anything_else(world: World, offer: bytes, contract: bytes) -> None:
    """A contract that was never recorded, an offer, nothing."""
    world.run(at=OVER)
    assert refusal(world, world.end(contract, contract_id=bytes(32))) == 60
    assert refusal(world, world.end(contract, contract_id=id_of(offer))) == 60


def test_r61_accepts_the_contracts_meter(world: World, contract: bytes) -> None:
    """Which may be a prosumer."""
    accept(world, world.end(contract, "ann"), at=OVER)


def test_r61_refuses_another_meter(world: World, contract: bytes) -> None:
    """A neighbour cannot end what it did not buy."""
    assert refusal(world, world.end(contract, "bob", slots=[(0, 0, True)]), at=OVER) == 61


def test_r62_accepts_the_first_end(world: World, contract: bytes) -> None:
    """Even with nothing delivered."""
    accept(world, world.end(contract, wh=(0, 0, 0, 0)), at=OVER)


def test_r62_refuses_a_second_end(world: World, contract: bytes) -> None:
    """In the same block, later, and after settlement; the first one stands."""
    first, second = world.end(contract), world.end(contract, wh=(1, 1, 1, 1))
    world.run(at=OVER)
    assert world.run(first, second) == [0, 62]
    assert refusal(world, world.end(contract, slots=[(0, 0, True)])) == 62
    world.settle()
    assert refusal(world, second) == 62
    assert deal_of(world, contract).progress.end_id == id_of(first)


def test_r63_accepts_an_end_in_the_second_the_last_slot_is_over(
    world: World, contract: bytes
) -> None:
    """Not a second earlier, as the next test shows."""
    accept(world, world.end(contract), at=OVER)


@pytest.mark.parametrize(
    "slots_named",
    [
        slots(3),
        slots(5),
        slots(4, FIRST - SLOT),
        list(reversed(slots(4))),
        [FIRST] * 4,
    ],
    ids=["too few", "too many", "others", "order", "one"],
)
def test_r63_refuses_other_slots_than_the_contracts(
    world: World, contract: bytes, slots_named: list[int]
) -> None:
    """Exactly those, in order, each once."""
    named_slots = [(slot, 999, True) for slot in slots_named]
    assert refusal(world, world.end(contract, slots=named_slots), at=OVER) == 63


def test_r63_refuses_an_end_before_its_time(world: World, contract: bytes) -> None:
    """A second before the last slot is over."""
    assert refusal(world, world.end(contract), at=OVER - 1) == 63


def test_r64_accepts_up_to_what_was_contracted(world: World, contract: bytes) -> None:
    """Slot by slot, and nothing where the meter was not valid."""
    ended = world.end(contract, wh=(300, 0, 1, 0), valid=(True, True, True, False))
    accept(world, ended, at=OVER)


def test_r64_refuses_more_than_contracted_or_energy_without_a_valid_meter(
    world: World, contract: bytes
) -> None:
    """By a Wh."""
    world.run(at=OVER)
    assert refusal(world, world.end(contract, wh=(0, 0, 301, 0), register_end_wh=0)) == 64
    flags = (True, True, False, True)
    assert refusal(world, world.end(contract, wh=(0, 0, 1, 0), valid=flags)) == 64


def test_r65_accepts_a_register_that_advanced_by_what_was_delivered(
    world: World, contract: bytes
) -> None:
    """Or by more, when more was used than bought."""
    accept(world, world.end(contract, register_start_wh=7, register_end_wh=1207), at=OVER)


def test_r65_refuses_more_delivered_than_imported(world: World, contract: bytes) -> None:
    """By a Wh; and a register that ran backwards, even with nothing delivered."""
    world.run(at=OVER)
    message = world.end(contract, register_start_wh=7, register_end_wh=1206)
    assert refusal(world, message) == 65
    backwards = world.end(contract, wh=(0, 0, 0, 0), register_start_wh=7, register_end_wh=6)
    assert refusal(world, backwards) == 65


def bought(world: World, start: int) -> bytes:
    """A contract of one slot, recorded."""
    offer = world.offer(start=start)
    contract = world.contract(offer, wh=(100,))
    world.record(offer, contract)
    return contract


def ranged(world: World, contract: bytes, start_wh: int, end_wh: int) -> bytes:
    """Its end with that register range."""
    return world.end(contract, register_start_wh=start_wh, register_end_wh=end_wh)


def test_r66_accepts_ranges_that_follow_each_other_whenever_they_come(world: World) -> None:
    """In order of start, not of arrival: the one in the middle comes last, and touches both."""
    one, two, three = [bought(world, start) for start in slots(3)]
    accept(world, ranged(world, one, 1000, 1100), at=OVER)
    accept(world, ranged(world, three, 1300, 1400))
    accept(world, ranged(world, two, 1100, 1300))


def test_r66_accepts_ranges_of_another_meter_independently(world: World) -> None:
    """Registers are each meter's own."""
    offer = world.offer()
    first, second = world.contract(offer, "ann"), world.contract(offer, "bob", wh=(100,) * 4)
    world.record(offer, first, second)
    accept(world, ranged(world, first, 50_000, 60_000), at=OVER)
    accept(world, world.end(second, "bob", register_start_wh=55_000, register_end_wh=56_000))


@pytest.mark.parametrize(
    ("start_wh", "end_wh"),
    [(1099, 1250), (1200, 1301), (1000, 1400), (100, 200), (1500, 1600)],
    ids=["before", "after", "both", "back", "ahead"],
)
def test_r66_refuses_a_range_that_overlaps_or_goes_back(
    world: World, start_wh: int, end_wh: int
) -> None:
    """Against the ended contract before and the one after: no Wh of a register pays twice."""
    one, two, three = [bought(world, start) for start in slots(3)]
    world.run(at=OVER)
    world.record(ranged(world, one, 1000, 1100), ranged(world, three, 1300, 1400))
    assert refusal(world, ranged(world, two, start_wh, end_wh)) == 66


def test_r66_refuses_a_first_range_beyond_the_next_one(world: World) -> None:
    """The one that starts earliest comes last."""
    one, two = [bought(world, start) for start in slots(2)]
    world.record(ranged(world, two, 500, 600), at=OVER)
    assert refusal(world, ranged(world, one, 300, 501)) == 66
    accept(world, ranged(world, one, 300, 500))


def test_r67_accepts_an_end_until_late_s_after_the_last_slot(world: World, contract: bytes) -> None:
    """Seven days, to the second."""
    accept(world, world.end(contract), at=OVER + LATE)


def test_r67_refuses_an_end_after_that(world: World, contract: bytes) -> None:
    """The contract stays expired for good."""
    assert refusal(world, world.end(contract), at=OVER + LATE + 1) == 67
    assert deal_of(world, contract).state == life.EXPIRED


def test_settlement_waits_for_its_time_and_then_runs_once(world: World, contract: bytes) -> None:
    """At the first block that is late enough, before its transactions; `due_at` says when."""
    assert world.ledger.due_at() == FIRST + SLOT + SETTLE
    world.record(world.generation((1000,) * 4), world.end(contract), at=OVER)
    world.run(at=SETTLED - 1)
    assert deal_of(world, contract).progress.settled == [300] * 3
    assert deal_of(world, contract).closing is None
    assert world.ledger.due_at() == SETTLED
    world.run(at=SETTLED)
    deal = deal_of(world, contract)
    assert deal.closing is not None
    assert (deal.state, deal.closing.wh, deal.closing.amount_nano) == (
        life.SETTLED,
        1200,
        1200 * PRICE,
    )
    assert world.ledger.balance(kid_of("ann")) == -1200 * PRICE
    assert world.ledger.balance(kid_of("sun")) == 1200 * PRICE
    world.run(at=SETTLED + DAY)
    assert world.ledger.balance(kid_of("sun")) == 1200 * PRICE


def test_what_was_generated_goes_to_ended_contracts_in_recording_order(
    world: World, offer: bytes
) -> None:
    """The first takes all it may, the next what is left; one that has not ended takes nothing."""
    made = [world.contract(offer, name, wh=(300,)) for name in ("bob", "ann", "roof")]
    world.record(*made)
    generated = world.generation((400,))
    ends = [world.end(made[2], "roof"), world.end(made[1], "ann", wh=(150,))]
    world.record(generated, *ends, at=FIRST + SLOT)
    world.settle(FIRST, 1)
    assert [deal_of(world, each).progress.settled for each in made] == [[], [150], [250]]
    book = world.ledger.panel_slot(named("south"), FIRST)
    assert (book.contracted, book.generated, book.settled) == (900, 400, 400)


def test_nothing_reported_settles_nothing(world: World, contract: bytes) -> None:
    """The contract is settled at 0 Wh, nobody pays, and there is nothing to award."""
    world.record(world.end(contract), at=OVER)
    world.settle()
    deal = deal_of(world, contract)
    assert deal.closing is not None
    assert (deal.state, deal.closing.wh, deal.closing.amount_nano) == (life.SETTLED, 0, 0)
    assert world.ledger.awardable() == []
    assert world.ledger.account(kid_of("ann")).open_nano == 0


def test_an_end_after_settlement_takes_what_is_left_at_that_moment(
    world: World, offer: bytes
) -> None:
    """Not what it would have got in time; and it is awarded, as long as it has not expired."""
    made = [world.contract(offer, name, wh=(400, 400)) for name in ("ann", "bob")]
    world.record(*made)
    world.record(world.generation((500, 700)), world.end(made[1], "bob"), at=FIRST + 2 * SLOT)
    world.settle(FIRST, 2)
    ended = world.end(made[0])
    accept(world, ended)
    deal = deal_of(world, made[0])
    assert (deal.state, deal.progress.settled, deal.progress.late) == (
        life.SETTLED,
        [100, 300],
        False,
    )
    assert world.ledger.panel_slot(named("south"), FIRST).settled == 500
    assert id_of(ended) in world.ledger.awardable()
    assert world.ledger.due_at() is None


def test_an_end_between_the_settlements_of_its_slots_takes_both_ways(
    world: World, contract: bytes
) -> None:
    """Two slots are past, two are still to come."""
    world.record(world.generation((1000,) * 4), at=OVER)
    world.run(at=FIRST + 2 * SLOT + SETTLE)
    world.record(world.end(contract, wh=(1, 2, 3, 4)))
    assert deal_of(world, contract).progress.settled == [1, 2]
    world.settle()
    assert deal_of(world, contract).progress.settled == [1, 2, 3, 4]
    assert deal_of(world, contract).state == life.SETTLED


def test_a_contested_contract_settles_its_valid_slots_only(world: World, contract: bytes) -> None:
    """And earns for them: they were metered as well as any."""
    flags = (True, False, True, False)
    ended = world.end(contract, wh=(300, 0, 300, 0), valid=flags, reason=1)
    world.record(world.generation((1000,) * 4), ended, at=OVER)
    world.settle()
    deal = deal_of(world, contract)
    assert (deal.state, deal.progress.settled) == (life.CONTESTED, [300, 0, 300, 0])
    assert world.ledger.awardable() == [id_of(ended)]
    assert world.ledger.balance(kid_of("ann")) == -600 * PRICE


def test_a_withheld_end_expires_the_contract_and_gives_coins_back(world: World) -> None:
    """Nothing is posted; the most it may cost no longer counts."""
    lot = world.earn()
    first = world.now - world.now % SLOT + 2 * SLOT
    offer = world.offer(start=first)
    contract = world.contract(offer, coins=[(lot, 1000)])
    world.record(offer, contract)
    before = world.ledger.balance(kid_of("ann"))
    over = first + 4 * SLOT
    world.record(world.generation((1000,) * 4, start=first), at=over)
    world.settle(first)
    assert world.ledger.due_at() == over + WITHHELD
    world.run(at=over + WITHHELD)
    assert deal_of(world, contract).state == life.EXPIRED
    account = world.ledger.account(kid_of("ann"))
    assert (account.withheld, account.open_nano, account.balance_nano) == (1, 0, before)
    assert world.ledger.totals().locked_ug == 0
    assert dict(world.ledger.lots(kid_of("ann")))[lot].free_ug == 435_600_000


def test_a_late_end_pays_the_plant_from_what_was_left_without_coins_or_award(world: World) -> None:
    """The user pays the full price: the coins came back when the contract expired."""
    lot = world.earn()
    first = world.now - world.now % SLOT + 2 * SLOT
    offer = world.offer(start=first)
    late = world.contract(offer, coins=[(lot, 1000)])
    other = world.contract(offer, "bob", wh=(700,) * 4)
    world.record(offer, late, other)
    world.record(
        world.generation((800,) * 4, start=first), world.end(other, "bob"), at=first + 4 * SLOT
    )
    world.settle(first)
    world.record(*[world.award(end) for end in world.ledger.awardable()])
    reduction = world.ledger.totals().reduction_ug
    before = world.ledger.balance(kid_of("ann"))
    world.run(at=first + 4 * SLOT + WITHHELD)
    accept(world, world.end(late))
    deal = deal_of(world, late)
    assert (deal.state, deal.progress.settled, deal.progress.late) == (
        life.SETTLED,
        [100] * 4,
        True,
    )
    assert world.ledger.balance(kid_of("ann")) == before - 400 * PRICE
    assert world.ledger.awardable() == []
    assert world.ledger.totals().reduction_ug == reduction
    assert world.ledger.account(kid_of("ann")).withheld == 0
    assert dict(world.ledger.lots(kid_of("ann")))[lot].free_ug == 435_600_000


def test_long_silence_settles_and_expires_in_one_block_as_in_many(world: World) -> None:
    """Whatever falls due is judged by its own time and done in its order."""
    states: list[Any] = []
    for steps in ([SETTLED, OVER + WITHHELD], [OVER + WITHHELD]):
        fresh = World().enrol()
        offer = fresh.offer()
        ended, forgotten = fresh.contract(offer), fresh.contract(offer, "bob")
        fresh.record(offer, ended, forgotten)
        fresh.record(fresh.generation((1000,) * 4), fresh.end(ended), at=OVER)
        for at in steps:
            fresh.run(at=at)
        deals = [deal_of(fresh, each) for each in (ended, forgotten)]
        states.append([(deal.state, deal.progress.settled) for deal in deals])
        assert fresh.ledger.due_at() is None
    assert states[0] == states[1] == [(life.SETTLED, [300] * 4), (life.EXPIRED, [])]


def test_a_revoked_meter_leaves_its_contract_to_expire(world: World, contract: bytes) -> None:
    """It cannot sign the end; nobody else may."""
    world.record(world.revoke("ann"))
    assert refusal(world, world.end(contract), at=OVER) == 13
    world.run(at=OVER + WITHHELD)
    assert deal_of(world, contract).state == life.EXPIRED


def test_a_revoked_plants_contract_settles_by_what_its_new_key_reports(
    world: World, contract: bytes
) -> None:
    """The panel is the plant's, whatever its key; the money is owed to the key that signed."""
    moved = world.register("sun 2", "sun", ("south", "west"), meter=False)
    world.record(world.revoke("sun"), moved)
    ended = world.end(contract)
    world.record(world.generation((1000,) * 4, name="sun 2"), ended, at=OVER)
    world.settle()
    assert world.ledger.balance(kid_of("sun")) == 1200 * PRICE


def test_shortfalls_tell_when_a_plant_owed_energy(world: World, offer: bytes) -> None:
    """Contracted minus generated in settled slots, a missing report being nothing; touching slots are joined."""
    wide = world.offer(panel_names=("west",))
    first, second = world.contract(offer, wh=(500,) * 4), world.contract(wide, "bob")
    world.record(wide, first, second)
    world.record(
        world.generation((499, 500, 500, 300)),
        world.generation((0, 300), "west"),
        at=OVER,
    )
    world.settle(count=3)
    plant = named("sun")
    assert world.ledger.shortfalls(plant, 0) == [(FIRST, SLOT), (FIRST + 2 * SLOT, SLOT)]
    world.settle()
    assert world.ledger.shortfalls(plant, 0) == [(FIRST, SLOT), (FIRST + 2 * SLOT, 2 * SLOT)]
    assert world.ledger.shortfalls(plant, FIRST + SLOT) == [(FIRST + 2 * SLOT, 2 * SLOT)]
    assert world.ledger.shortfalls(named("hill"), 0) == []
