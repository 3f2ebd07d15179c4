# SPDX-License-Identifier: Apache-2.0
"""Which plant is chosen and why: cost against the grid, every preference, energy, ties."""

from collections import Counter

import pytest

from tests.unit.market.given import (
    METER,
    NOW,
    SLOT_S,
    book,
    candidate,
    demand,
    hear,
    offer,
    panel_id,
    plant_id,
)
from wattpact.market.book import Book
from wattpact.market.choice import (
    BLOCKED,
    BUDGET,
    CHOSEN,
    DEARER,
    EQUIVOCATED,
    NEXT,
    NONE_HEARD,
    NONE_SUITS,
    NOT_ALLOWED,
    NOTHING_NEEDED,
    PAUSED,
    PRICE_CAP,
    SCORE_LOW,
    TOO_LITTLE,
    Candidate,
    Choice,
    Demand,
    choose,
    cover,
    expected_cost,
)
from wattpact.market.choice import candidate as candidate_of
from wattpact.market.preferences import Preferences

ANY = Preferences()
ONE = plant_id(1)
TWO = plant_id(2)


def plants(choice: Choice) -> list[bytes]:
    """The ranking as plant ids."""
    return [option.plant_id for option in choice.ranking]


def verdicts(choice: Choice) -> dict[bytes, str]:
    """What was said of each plant."""
    return {option.plant_id: option.verdict for option in choice.options}


def two() -> list[Candidate]:
    """Two plants, the second one cheaper."""
    return [candidate(1, price=250_000), candidate(2, price=240_000)]


def test_expected_cost_weighs_the_price_by_reliability() -> None:
    """0.9 of the time 0.25, else grid and hurdle: 0.9 x 0.25 + 0.1 x 0.42 = 0.267."""
    assert expected_cost(250_000, 900_000, 320_000, 100_000) == 267_000 * 1_000_000


def test_a_cheap_plant_that_fails_loses_to_a_dearer_one_that_delivers() -> None:
    """Price alone decides only between equals."""
    unreliable = [candidate(1, 250_000, 917_000), candidate(2, 200_000, 600_000)]
    assert plants(choose(two(), demand(), ANY)) == [TWO, ONE]
    assert plants(choose(unreliable, demand(), ANY)) == [ONE, TWO]


def test_nothing_is_bought_that_does_not_beat_the_grid() -> None:
    """Equal is not better; a hurdle makes the difference for a plant that often fails."""
    at_grid_price = choose([candidate(1, 320_000, 1_000_000)], demand(), ANY)
    assert (at_grid_price.outcome, verdicts(at_grid_price)) == (NONE_SUITS, {ONE: DEARER})
    shaky = [candidate(1, 250_000, 500_000)]
    assert plants(choose(shaky, demand(hurdle=69_999), ANY)) == [ONE]
    assert plants(choose(shaky, demand(hurdle=70_000), ANY)) == []


@pytest.mark.parametrize(
    ("preferences", "chosen", "verdict_of_two"),
    [
        (Preferences(), TWO, CHOSEN),
        (Preferences(blocked=[TWO]), ONE, BLOCKED),
        (Preferences(allowed=[ONE]), ONE, NOT_ALLOWED),
        (Preferences(favoured=[ONE]), ONE, NEXT),
        (Preferences(favoured=[ONE], favour_ppm=0), TWO, CHOSEN),
    ],
    ids=["none", "blocked", "allowed", "favoured", "favoured by nothing"],
)
def test_the_user_chooses_the_supplier(
    preferences: Preferences, chosen: bytes, verdict_of_two: str
) -> None:
    """Each wish about plants changes the plant that is chosen."""
    choice = choose(two(), demand(), preferences)
    assert choice.ranking[0].plant_id == chosen
    assert verdicts(choice)[chosen] == CHOSEN
    assert verdicts(choice)[TWO] == verdict_of_two


def test_a_price_cap_changes_the_plant() -> None:
    """The reliable, dear one is out; the cap itself is still allowed."""
    pair = [candidate(1, 250_000, 950_000), candidate(2, 240_000, 850_000)]
    assert plants(choose(pair, demand(), ANY)) == [ONE, TWO]
    capped = choose(pair, demand(), Preferences(price_cap=240_000))
    assert plants(capped) == [TWO]
    assert verdicts(capped)[ONE] == PRICE_CAP


def test_a_minimum_score_changes_the_plant() -> None:
    """However cheap, below it nothing is bought; the minimum itself will do."""
    pair = [candidate(1, 250_000, 900_000), candidate(2, 150_000, 800_000)]
    assert plants(choose(pair, demand(), ANY)) == [TWO, ONE]
    careful = choose(pair, demand(), Preferences(score_min_ppm=900_000))
    assert plants(careful) == [ONE]
    assert verdicts(careful)[TWO] == SCORE_LOW


def test_the_budget_of_a_day_is_not_exceeded() -> None:
    """500 Wh at 0.24 cost 0.12: within what is left it is bought, beyond not, and the cheaper plant may still fit."""
    budget = Preferences(budget_nano_per_day=300_000_000)
    assert plants(choose(two(), demand(), budget, spent_nano=175_000_000)) == [TWO, ONE]
    assert plants(choose(two(), demand(), budget, spent_nano=180_000_000)) == [TWO]
    spent = choose(two(), demand(), budget, spent_nano=180_000_001)
    assert (spent.outcome, verdicts(spent)) == (NONE_SUITS, {ONE: BUDGET, TWO: BUDGET})


def test_how_much_must_be_covered_changes_the_plant() -> None:
    """A plant with half of the need suits one user and not another."""
    pair = [candidate(1, 250_000), candidate(2, 200_000, remaining_wh=250)]
    assert plants(choose(pair, demand(), Preferences(cover_min_ppm=500_000))) == [TWO, ONE]
    choice = choose(pair, demand(), Preferences(cover_min_ppm=500_001))
    assert plants(choice) == [ONE]
    assert verdicts(choice)[TWO] == TOO_LITTLE


def test_a_paused_meter_buys_nothing() -> None:
    """And says so of every plant."""
    choice = choose(two(), demand(), Preferences(paused=True))
    assert (choice.outcome, choice.ranking) == (PAUSED, [])
    assert verdicts(choice) == {ONE: PAUSED, TWO: PAUSED}


def test_without_need_or_without_plants_the_outcome_says_so() -> None:
    """Neither is an error."""
    assert choose(two(), demand((0, 0, 0, 0)), ANY).outcome == NOTHING_NEEDED
    assert choose([], demand(), ANY).outcome == NONE_HEARD


def test_an_equivocating_plant_is_never_chosen() -> None:
    """Not even a favoured one."""
    pair = [candidate(1, 250_000), candidate(2, 100_000, equivocated=True)]
    choice = choose(pair, demand(), Preferences(favoured=[TWO]))
    assert plants(choice) == [ONE]
    assert verdicts(choice)[TWO] == EQUIVOCATED


def test_favour_changes_the_order_and_never_lets_the_grid_be_beaten_on_paper() -> None:
    """A favoured plant that is dearer than the grid is still dearer than the grid."""
    choice = choose([candidate(1, 330_000)], demand(), Preferences(favoured=[ONE]))
    assert verdicts(choice) == {ONE: DEARER}


def test_a_neighbours_word_alone_can_change_the_choice() -> None:
    """Same offers, same own scores: only what one neighbour tells about the cheaper plant differs."""

    def choice_after(told_ppm: int) -> bytes:
        heard = book()
        hear(heard, 1, offer(1, price=250_000), direct=False)
        hear(heard, 2, offer(2, price=240_000), direct=False)
        heard.told(TWO, b"neighbor", told_ppm, NOW)
        wanted = demand()
        entries = heard.candidates(NOW, 4)
        judged = [candidate_of(entry, heard.judgement(entry, NOW), wanted) for entry in entries]
        return choose(judged, wanted, ANY).ranking[0].plant_id

    assert choice_after(900_000) == TWO
    assert choice_after(700_000) == ONE


def test_equal_plants_and_panels_share_the_meters() -> None:
    """Each meter has its own order among equals, so that not all rush to one plant or one panel."""
    equals = [
        candidate(number, panels=[(panel_id(number, panel), [200] * 4) for panel in range(3)])
        for number in range(4)
    ]
    chosen: Counter[bytes] = Counter()
    panels: Counter[bytes] = Counter()
    for meter in range(400):
        best = choose(equals, demand(meter=meter.to_bytes(8, "big")), ANY).ranking[0]
        chosen[best.plant_id] += 1
        panels[best.panel_id] += 1
    assert len(chosen) == 4
    assert min(chosen.values()) > 70
    assert len(panels) == 12
    assert min(panels.values()) > 15


def test_the_panel_that_covers_most_is_taken() -> None:
    """One panel a contract: the one with most of what is needed, not the one with most energy."""
    panels = [
        (panel_id(1, 0), [100, 100, 100, 100]),
        (panel_id(1, 1), [120, 120, 120, 0]),
        (panel_id(1, 2), [0, 0, 0, 9000]),
    ]
    best = choose([candidate(1, panels=panels)], demand(), ANY).ranking[0]
    assert (best.panel_id, best.wh, best.total_wh) == (panel_id(1, 0), [100, 100, 100, 100], 400)


def test_a_proposal_asks_for_no_more_than_is_needed_offered_and_left() -> None:
    """Slot by slot the smaller of need and offer, the earliest slots first when less is left."""
    assert cover([120, 130, 110], [100, 200, 110], 1000) == [100, 130, 110]
    assert cover([120, 130, 110], [100, 200, 110], 150) == [100, 50, 0]
    assert cover([120, 130, 110], [100], 1000) == [100]
    assert cover([1, 1], [1, 1], 0) == [0, 0]


def test_a_proposal_lies_within_the_window_of_its_offer() -> None:
    """Slots at either end that the offer does not reach, or has nothing in, are left out."""
    heard = book()
    hear(heard, 1, offer(1, start=NOW + SLOT_S, wh=(0, 150, 150)))
    hear(heard, 2, offer(2, start=NOW - 2 * SLOT_S, wh=(150, 150, 150, 150)))
    hear(heard, 3, offer(3, start=NOW - SLOT_S, wh=(9, 0, 0, 90, 0, 9)))
    wanted = demand()
    judged = [
        candidate_of(entry, heard.judgement(entry, NOW), wanted)
        for entry in heard.candidates(NOW, 4)
    ]
    choice = choose(judged, wanted, Preferences(cover_min_ppm=0))
    asked = {option.plant_id: (option.start, option.wh) for option in choice.ranking}
    assert asked == {
        ONE: (NOW + 2 * SLOT_S, [110, 140]),
        TWO: (NOW, [120, 130]),
        plant_id(3): (NOW + 2 * SLOT_S, [90]),
    }


def test_a_proposal_quotes_the_offer_and_asks_for_what_is_left() -> None:
    """After a decline less is asked for, while the figure a contract must quote stays the offer's."""
    heard = book()
    hear(heard, 1)
    entry = heard.candidates(NOW, 4)[0]
    heard.declined(ONE, entry.offer_id, 300)
    wanted = demand()
    best = choose([candidate_of(entry, heard.judgement(entry, NOW), wanted)], wanted, ANY).ranking[
        0
    ]
    assert (best.offer_remaining_wh, best.total_wh) == (800, 300)
    assert (best.offer_id, best.plant_kid) == (entry.offer_id, entry.plant_kid)


def test_an_offer_far_ahead_costs_no_memory() -> None:
    """Its empty slots are never laid out."""
    heard = Book(METER, SLOT_S, 0)
    hear(heard, 1, offer(1, start=900 * 70_000_000))
    entry = heard.entries()[0]
    wanted = demand()
    laid = candidate_of(entry, heard.judgement(entry, NOW), wanted)
    assert [list(wh) for _panel_id, wh in laid.panels] == [[0, 0, 0, 0]]


def test_the_grid_price_is_weighted_by_need() -> None:
    """100 Wh at 0.2 and 300 Wh at 0.4 make 0.35; without need the cheapest slot stands."""
    prices = [200_000, 400_000]
    assert Demand(METER, NOW, SLOT_S, [100, 300], prices, 0).grid_price() == 350_000
    assert Demand(METER, NOW, SLOT_S, [1, 2], [1, 3], 0).grid_price() == 2
    assert Demand(METER, NOW, SLOT_S, [0, 0], prices, 0).grid_price() == 200_000


@pytest.mark.parametrize(("need", "prices"), [([], []), ([1], []), ([1], [1, 2])])
def test_a_demand_without_a_price_for_each_slot_is_our_mistake(
    need: list[int], prices: list[int]
) -> None:
    """It is refused before anything is computed from it."""
    with pytest.raises(ValueError, match="one grid price for each slot"):
        Demand(METER, NOW, SLOT_S, need, prices, 0)
