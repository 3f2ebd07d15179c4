# SPDX-License-Identifier: Apache-2.0
"""Offers (R30 to R38): one case accepted and one refused for every rule, and evidence that is neither."""

from typing import Any

import pytest

from tests.unit.ledger.judging import accept, refusal
from tools.vector_cases.ledger_world import (
    DAY,
    FIRST,
    HOUR,
    RATED_W,
    SLOT,
    START,
    World,
    id_of,
    named,
)
from wattpact.ledger.rules import EQUIVOCATION, SHRUNK_HISTORY

MOST = RATED_W * SLOT * 11 // (10 * HOUR)  # Wh a slot that the panel can be believed to yield
LOW = (START - 10 * DAY, HOUR)


def test_r30_accepts_the_signers_own_plant(world: World) -> None:
    """A prosumer's roof is a plant like any other."""
    accept(world, world.offer("roof", panel_names=("tiles",)))


def test_r30_refuses_another_plants_id(world: World) -> None:
    """`hill` cannot sell in the name of `sun`."""
    assert refusal(world, world.offer("hill", plant_id=named("sun"))) == 30


def test_r31_accepts_numbers_that_grow_by_any_step(world: World) -> None:
    """0 is a number, gaps mean nothing, and every plant counts for itself."""
    for seq in (0, 5, 1 << 40):
        accept(world, world.offer(seq=seq))
    accept(world, world.offer("hill", panel_names=("ridge",), seq=1))


def test_r31_refuses_a_number_below_one_that_is_recorded(world: World) -> None:
    """Also below one that only evidence used."""
    world.record(world.offer(seq=5, low=[LOW]))
    assert refusal(world, world.offer(seq=4, low=[LOW])) == 31
    assert world.run(world.offer(seq=7)) == [SHRUNK_HISTORY]
    assert refusal(world, world.offer(seq=6, low=[LOW])) == 31


def test_r32_accepts_an_offer_repeated_as_the_one_it_is(world: World, offer: bytes) -> None:
    """The very same offer again is R16, not a second one under its number."""
    assert refusal(world, offer) == 16
    assert world.ledger.evidence(named("sun")) == []


def test_r32_refuses_as_an_offer_a_second_one_of_the_same_number_and_keeps_it_as_evidence(
    world: World, offer: bytes
) -> None:
    """Two prices under one number: recorded with code 32, and nobody can contract on the second."""
    world.record(world.offer(seq=100))
    twin = world.offer(seq=100, price=1)
    assert world.ledger.check(twin, world.now) == EQUIVOCATION
    size = world.ledger.tree.size
    assert world.run(twin) == [EQUIVOCATION]
    assert world.ledger.tree.size == size + 1
    ((found, evidence),) = world.ledger.evidence(named("sun"))
    assert (found, evidence.code) == (id_of(twin), EQUIVOCATION)
    assert refusal(world, world.contract(twin, price=1)) == 41
    accept(world, world.contract(offer))
    assert refusal(world, twin) == 16


def test_equivocation_is_proved_however_old_and_however_wrong_the_second_offer(
    world: World,
) -> None:
    """The number may be that of an older offer, and what else is wrong with it does not matter any more."""
    first, second = world.offer(seq=1), world.offer(seq=2)
    world.record(first, second)
    twin = world.offer(seq=1, currency=1, start=3)
    assert world.run(twin) == [EQUIVOCATION]
    ((_id, evidence),) = world.ledger.evidence(named("sun"))
    assert evidence.against == id_of(first)
    accept(world, world.contract(second))


def test_r33_accepts_a_history_that_grows_is_joined_or_is_thirty_days_old(world: World) -> None:
    """Coarsening says more low time, never less."""
    start = LOW[0]
    world.record(world.offer(low=[LOW, (start + 2 * HOUR, HOUR)]))
    world.record(world.offer(low=[(start, 3 * HOUR)]))
    world.record(world.offer(low=[(start, 2 * HOUR), (start + 2 * HOUR, HOUR)]))
    world.now = start + 3 * HOUR + 30 * DAY
    accept(world, world.offer(start=world.now + 2 * SLOT, low=[]))


@pytest.mark.parametrize(
    ("low", "issued_at"),
    [
        ([], START),
        ([(LOW[0] + 1, HOUR)], START),
        ([(LOW[0], HOUR - 1)], START),
        ([(LOW[0], HOUR // 2), (LOW[0] + HOUR // 2 + 1, HOUR)], START),
        ([(LOW[0] - DAY, HOUR)], START),
        ([], START - 11 * DAY),
        ([], LOW[0] + HOUR + 30 * DAY - 1),
    ],
    ids=["gone", "later", "shorter", "gap", "elsewhere", "dated back", "a second short of 30 days"],
)
def test_r33_refuses_as_an_offer_a_history_that_shrank(
    world: World, low: list[tuple[int, int]], issued_at: int
) -> None:
    """Recorded with code 33; an offer dated back does not escape, because what is newer than it counts, too."""
    first = world.offer(low=[LOW])
    world.record(first)
    world.now = max(world.now, issued_at)
    shrunk = world.offer(low=low, issued_at=issued_at, start=world.now // SLOT * SLOT + SLOT)
    assert world.run(shrunk) == [SHRUNK_HISTORY]
    ((found, evidence),) = world.ledger.evidence(named("sun"))
    assert (found, evidence.code, evidence.against) == (id_of(shrunk), 33, id_of(first))
    assert refusal(world, world.contract(shrunk)) == 41


def test_a_plant_that_shrank_its_history_may_offer_again_once_it_tells_all(world: World) -> None:
    """Evidence stays, the last honest offer remains the measure, and its number is used up."""
    world.record(world.offer(seq=1, low=[LOW]))
    assert world.run(world.offer(seq=2), world.offer(seq=3)) == [SHRUNK_HISTORY] * 2
    assert world.run(world.offer(seq=2, low=[LOW])) == [EQUIVOCATION]
    accept(world, world.offer(seq=4, low=[LOW]))
    codes = [evidence.code for _id, evidence in world.ledger.evidence(named("sun"))]
    assert codes == [33, 33, 32]


def test_r34_accepts_figures_up_to_the_panels_rating_and_a_tenth(world: World) -> None:
    """For several panels, and nothing in some slots."""
    figures = (MOST, 0, MOST, 1)
    accept(world, world.offer(wh=figures, panel_names=("south", "west")))


@pytest.mark.parametrize(
    "change",
    [
        {"start": FIRST + 1},
        {"panels": [(named("ridge"), [1])]},
        {"panels": [(named("nobody's"), [1])]},
        {"panels": [(named("south"), [1]), (named("south"), [1])]},
        {"panels": [(named("south"), [1, 1]), (named("west"), [1])]},
        {"panels": [(named("south"), [1, MOST + 1])]},
    ],
    ids=["no slot", "another's panel", "no panel", "twice", "not as many", "beyond the rating"],
)
def test_r34_refuses_panels_and_figures_that_cannot_be(
    world: World, change: dict[str, Any]
) -> None:
    """`remaining_wh` is right in none of them, so that the order of the rules shows, too."""
    assert refusal(world, world.offer(remaining_wh=1 << 40, **change)) == 34


def test_r35_accepts_the_networks_currency(world: World) -> None:
    """ISO 4217, as the genesis has it."""
    accept(world, world.offer(currency=978))


def test_r35_refuses_another_currency(world: World) -> None:
    """Prices must compare."""
    assert refusal(world, world.offer(currency=156, remaining_wh=1 << 40)) == 35


def test_r36_accepts_less_remaining_than_offered(world: World) -> None:
    """Some of the panels' energy is sold already."""
    accept(world, world.offer(wh=(10, 20), panel_names=("south", "west"), remaining_wh=60))
    accept(world, world.offer(wh=(10, 20), remaining_wh=0))


def test_r36_refuses_more_remaining_than_offered(world: World) -> None:
    """By a single Wh."""
    message = world.offer(wh=(10, 20), remaining_wh=31, low=[(1, 1), (1, 1)])
    assert refusal(world, message) == 36


def test_r37_accepts_low_supply_and_a_date_within_the_clocks_tolerance(world: World) -> None:
    """Clocks may be a minute ahead of block time; intervals may touch."""
    low = [(START - DAY, HOUR), (START - DAY + HOUR, HOUR), (START - HOUR, HOUR + 60)]
    accept(world, world.offer(low=low, issued_at=START + 60))


@pytest.mark.parametrize(
    "change",
    [
        {"low": [(START - DAY, 10), (START - DAY, 20)]},
        {"low": [(START - DAY, 10), (START - DAY + 9, 1)]},
        {"low": [(START - HOUR, 1), (START - DAY, 1)]},
        {"low": [(START, 61)]},
        {"issued_at": START + 61},
    ],
    ids=["same start", "overlap", "descending", "in the future", "dated ahead"],
)
def test_r37_refuses_low_supply_out_of_order_or_time(world: World, change: dict[str, Any]) -> None:
    """A window that is over would be R38: the order of the rules shows."""
    assert refusal(world, world.offer(start=START - DAY, **change)) == 37


def test_r38_accepts_a_window_that_is_not_over(world: World) -> None:
    """A second of it is enough."""
    world.now = FIRST + SLOT - 1
    accept(world, world.offer(wh=(1000,)))


def test_r38_refuses_a_window_that_is_over(world: World) -> None:
    """Nobody could contract on it."""
    world.now = FIRST + SLOT
    assert refusal(world, world.offer(wh=(1000,))) == 38
