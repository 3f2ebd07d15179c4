# SPDX-License-Identifier: Apache-2.0
"""Scores from low intervals and deliveries, service time by month, and whose word counts."""

import pytest

from tests.unit.market.given import ALWAYS, DAY_S, HOUR_S, NOW
from wattpact.market.reliability import (
    SOURCE_NEIGHBOURS,
    SOURCE_OWN,
    SOURCE_UNCHECKED,
    WEIGHTS,
    intersection,
    judge,
    observed,
    score,
    service_intervals,
    union,
)

MONTH = [(NOW - 40 * DAY_S, NOW)]


@pytest.mark.parametrize(
    ("days", "thousandths"), [(0, 500), (1, 667), (7, 863), (30, 917), (300, 917)]
)
def test_clean_days_earn_trust_slowly(days: int, thousandths: int) -> None:
    """Unknown is one half; a clean month of service gets to 0.917 and no further."""
    assert round(score(NOW, MONTH, [], NOW - days * DAY_S) / 1000) == thousandths


@pytest.mark.parametrize(
    ("low", "thousandths"),
    [
        ([(NOW - DAY_S - 2 * HOUR_S, NOW - DAY_S)], 910),
        ([(NOW - 20 * DAY_S - 2 * HOUR_S, NOW - 20 * DAY_S)], 916),
        (
            [(NOW - 2 * DAY_S + h * HOUR_S, NOW - 2 * DAY_S + h * HOUR_S + 300) for h in range(24)],
            898,
        ),
    ],
    ids=["two hours yesterday", "two hours twenty days ago", "two hours of dips yesterday"],
)
def test_outages_cost_more_when_recent_and_when_many(
    low: list[tuple[int, int]], thousandths: int
) -> None:
    """The same two hours: 0.916 long ago, 0.910 yesterday, 0.898 as 24 dips of five minutes."""
    assert round(score(NOW, MONTH, low, 0) / 1000) == thousandths


def test_night_is_no_failure() -> None:
    """A plant low every night, with a service window by day, scores as if it never had been."""
    service = service_intervals([(6 * HOUR_S, 18 * HOUR_S)] * 12, 0, NOW - 30 * DAY_S, NOW)
    nights = [(day, day + 5 * HOUR_S) for day in range(NOW - 30 * DAY_S - 8 * HOUR_S, NOW, DAY_S)]
    assert score(NOW, service, nights, 0) == score(NOW, service, [], 0)
    assert score(NOW, MONTH, nights, 0) < score(NOW, MONTH, [], 0)


def test_the_weights_halve_every_week() -> None:
    """They are rounded powers of two, never growing with age."""
    assert [round(1000 * 2 ** (-day / 7)) for day in range(30)] == list(WEIGHTS)
    assert list(WEIGHTS) == sorted(WEIGHTS, reverse=True)


def test_an_interval_that_does_not_end_after_its_start_is_our_mistake() -> None:
    """The wire cannot carry one: durations are at least 1 s."""
    for end in (NOW - 100, NOW - 101):
        with pytest.raises(ValueError, match="end after its start"):
            score(NOW, MONTH, [(NOW - 100, end)], 0)


def test_union_joins_what_touches_after_padding_and_clips() -> None:
    """Padding comes before merging: two dips ten minutes apart are one gap."""
    assert union([(1000, 1100), (1700, 1800)], 0, 10_000, 300) == [(700, 2100)]
    assert union([(1000, 1100), (1701, 1800)], 0, 10_000, 300) == [(700, 1400), (1401, 2100)]
    assert union([(5, 9), (1, 3), (2, 4)], 2, 8) == [(2, 4), (5, 8)]
    assert union([(1, 3)], 5, 9) == []


def test_intersection_keeps_only_what_both_have() -> None:
    """Touching is not overlapping."""
    assert intersection([(0, 10), (20, 30)], [(5, 25), (30, 40)]) == [(5, 10), (20, 25)]


def test_a_meter_that_observed_nothing_believes_the_score() -> None:
    """The prior of what is observed is the plant's score, so a new meter is not needlessly timid."""
    assert observed(NOW, [], 917_095) == 917_095
    assert observed(NOW, [(NOW, 20_000, 20_000)], 500_000) == 750_000


def test_energy_a_plant_failed_to_supply_lowers_what_is_observed() -> None:
    """Half supplied counts half; yesterday's failure more than last week's; a surplus counts as contracted."""
    yesterday = observed(NOW, [(NOW - DAY_S, 10_000, 0)], 900_000)
    last_week = observed(NOW, [(NOW - 8 * DAY_S, 10_000, 0)], 900_000)
    half = observed(NOW, [(NOW - DAY_S, 10_000, 5_000)], 900_000)
    assert yesterday < last_week < 900_000
    assert yesterday < half < 900_000
    assert observed(NOW, [(NOW, 10, 99)]) == observed(NOW, [(NOW, 10, 10)])


def test_a_delivery_counts_for_30_days() -> None:
    """To the second, and one that has not ended yet does not count."""
    assert observed(NOW, [(NOW - 30 * DAY_S + 1, 50_000, 0)]) < 500_000
    assert observed(NOW, [(NOW - 30 * DAY_S, 50_000, 0), (NOW + 1, 50_000, 0)]) == 500_000


def test_service_needs_twelve_windows() -> None:
    """Fewer cannot be a plant's."""
    with pytest.raises(ValueError, match="twelve"):
        service_intervals(ALWAYS[:11], 0, NOW, NOW + 1)


def test_the_own_score_stands_when_nothing_was_told() -> None:
    """The source says whether the chain had a say."""
    checked = judge(900_000, has_facts=True, told=[])
    unchecked = judge(900_000, has_facts=False, told=[])
    assert (checked.ppm, checked.source, checked.told_median) == (900_000, SOURCE_OWN, None)
    assert (unchecked.ppm, unchecked.source) == (900_000, SOURCE_UNCHECKED)


def test_neighbours_can_lower_a_score_and_never_raise_it() -> None:
    """The lower of the own score and the neighbours' median, and the source names who it was."""
    lowered = judge(900_000, has_facts=True, told=[400_000, 999_999, 500_000])
    assert (lowered.ppm, lowered.source, lowered.own_ppm) == (500_000, SOURCE_NEIGHBOURS, 900_000)
    praised = judge(900_000, has_facts=False, told=[990_000])
    assert (praised.ppm, praised.source, praised.told_median) == (
        900_000,
        SOURCE_UNCHECKED,
        990_000,
    )


def test_of_an_even_number_of_neighbours_the_lower_middle_counts() -> None:
    """Two: the more careful one. Four: the second lowest."""
    assert judge(900_000, has_facts=True, told=[800_000, 100_000]).ppm == 100_000
    assert judge(900_000, has_facts=True, told=[4, 3, 2, 1]).ppm == 2
