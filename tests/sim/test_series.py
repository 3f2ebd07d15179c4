# SPDX-License-Identifier: Apache-2.0
"""Shortening a series keeps its sums and its extremes; axes are round and enclose what they measure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.report import series
from sim.results import SlotEnergy, Span
from tests.sim.sample import SLOT_S, START, sample

DAY_S = 86_400
TIMES = st.integers(0, 2 * DAY_S)


@pytest.mark.parametrize("size", [900, 3_600, 21_600, DAY_S, 7 * DAY_S])
def test_adding_up_keeps_every_sum(size: int) -> None:
    """The area of the chart is the energy of the run, whatever the bucket."""
    slots = sample(meters=5, days=9).slots
    rows = series.add_up(slots, size)
    for name in ("consumed_wh", "self_used_wh", "settled_from_plants_wh", "grid_wh", "surplus_wh"):
        assert sum(getattr(row, name) for row in rows) == sum(getattr(slot, name) for slot in slots)
    assert [row.time for row in rows] == list(range(START, START + 9 * DAY_S, size))


def test_a_gap_between_slots_stays_a_gap() -> None:
    """Hours without slots are drawn as zero at their place, not left out."""
    slots = [SlotEnergy(START + at, 5, 0, 0, 0, 5, 0, 0) for at in (0, 10 * SLOT_S)]
    assert [row.consumed_wh for row in series.add_up(slots, SLOT_S)] == [5, *[0] * 9, 5]


def test_a_level_is_unknown_before_its_first_point_and_weighted_by_time_after() -> None:
    """A price that doubles for the last quarter of the hour raises the hour's mean by a quarter."""
    rows = series.levels([(3_600, 100), (6_300, 200)], 0, 10_800, 3_600)
    assert rows == [None, series.Level(100, 125, 200, 200), series.Level(200, 200, 200, 200)]


@given(
    st.lists(st.tuples(TIMES, st.integers(0, 10**6)), min_size=1),
    st.sampled_from([900, 3_600, DAY_S]),
)
def test_levels_keep_the_extremes_of_what_was_held(
    points: list[tuple[int, int]], size: int
) -> None:
    """The lowest and highest value that held for a while is the lowest and highest of all buckets."""
    points.sort(key=lambda point: point[0])
    ends = [point[0] for point in points[1:]] + [2 * DAY_S]
    held = [value for (time, value), end in zip(points, ends) if end > time]
    known = [level for level in series.levels(points, 0, 2 * DAY_S, size) if level is not None]
    assert min((level.low for level in known), default=0) == min(held, default=0)
    assert max((level.high for level in known), default=0) == max(held, default=0)
    assert all(
        level.low <= level.mean + 1e-6 and level.mean <= level.high + 1e-6 for level in known
    )


@pytest.mark.parametrize(
    ("days", "limit", "size"),
    [(2, 720, 900), (7, 720, 900), (14, 720, 1_800), (365, 720, DAY_S), (4_000, 720, 7 * DAY_S)],
)
def test_a_bucket_is_the_shortest_round_one_that_fits(days: int, limit: int, size: int) -> None:
    """Two days are shown slot by slot, a year day by day."""
    assert series.bucket_s(days * DAY_S, SLOT_S, limit) == size


@given(
    st.integers(1, 10**10),
    st.sampled_from([60, 300, 900, 1_800, 3_600]),
    st.sampled_from([366, 720]),
)
def test_buckets_are_never_more_than_allowed(length_s: int, slot_s: int, limit: int) -> None:
    """However long the run, a line stays short; a bucket is whole slots."""
    size = series.bucket_s(length_s, slot_s, limit)
    assert -(-length_s // size) <= limit
    assert size % slot_s == 0


def test_spans_that_touch_are_one_mark_that_counts_them() -> None:
    """Order does not matter, and a span inside another does not end it."""
    spans = [Span(50, 60), Span(0, 10), Span(5, 8), Span(12, 20)]
    assert series.merge(spans, 2) == [(Span(0, 20), 3), (Span(50, 60), 1)]


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.integers(3, 6))
def test_value_ticks_are_few_and_enclose_the_values(low: float, span: float, wanted: int) -> None:
    """Every value lies between the first and the last tick."""
    ticks = series.value_ticks(low, low + span, wanted)
    step = ticks[1] - ticks[0]
    assert ticks[0] <= low + step * 1e-3
    assert ticks[-1] >= low + span - step * 1e-3
    assert 2 <= len(ticks) <= 2 * wanted + 1


@given(st.integers(0, 2 * 10**9), st.integers(900, 4 * 10**8), st.integers(2, 16))
def test_time_ticks_lie_in_the_run_and_have_room(start: int, length_s: int, room: int) -> None:
    """From a quarter of an hour to a dozen years."""
    ticks = series.time_ticks(start, start + length_s, room)
    assert len(ticks) <= room + 2
    assert all(start <= tick.time <= start + length_s for tick in ticks)
    assert [tick.time for tick in ticks] == sorted({tick.time for tick in ticks})
