# SPDX-License-Identifier: Apache-2.0
"""A plant's record of low supply only grows: whatever is done to it covers what it said before."""

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.market.given import ALWAYS, DAY_S, HOUR_S, NOW, SLOT_S
from wattpact.market.low_supply import HISTORY_S, coarsen, in_service, join, recent

records = st.lists(st.tuples(st.integers(0, 300), st.integers(1, 20)), max_size=15)


def seconds(low: list[tuple[int, int]]) -> set[int]:
    """Every second that is low."""
    return {second for start, length_s in low for second in range(start, start + length_s)}


@given(records)
def test_joining_says_the_same_in_the_fewest_intervals(low: list[tuple[int, int]]) -> None:
    """Ascending, apart from each other, the same seconds."""
    joined = join(low)
    assert seconds(joined) == seconds(low)
    ends = [start + length_s for start, length_s in joined]
    assert all(end < start for end, (start, _length_s) in zip(ends, joined[1:], strict=False))


@given(records, st.integers(1, 10))
def test_coarsening_never_says_less(low: list[tuple[int, int]], most: int) -> None:
    """No more intervals than asked for, all that was low still is, and a short list stays as it is."""
    joined = join(low)
    coarse = coarsen(joined, most)
    assert len(coarse) <= most
    assert seconds(coarse) >= seconds(joined)
    assert len(joined) > most or coarse == joined


def test_the_shortest_gaps_are_closed_first() -> None:
    """The least untruth: 5 s of gap rather than 50."""
    assert coarsen([(0, 10), (60, 10), (75, 10)], 2) == [(0, 10), (60, 25)]


def test_what_ended_more_than_30_days_ago_is_history() -> None:
    """The ledger does not ask for it any more, and no score counts it."""
    ended = (NOW - HISTORY_S - 10, 10)
    still = (NOW - HISTORY_S - 10, 11)
    assert recent([ended, still], NOW) == [still]


def test_a_slot_is_in_service_if_all_of_it_is() -> None:
    """By the window of the local day's month."""
    windows = [(6 * HOUR_S, 18 * HOUR_S)] * 12
    midnight = NOW - NOW % DAY_S
    assert in_service(windows, 0, midnight + 6 * HOUR_S, SLOT_S)
    assert in_service(windows, 0, midnight + 18 * HOUR_S - SLOT_S, SLOT_S)
    assert not in_service(windows, 0, midnight + 6 * HOUR_S - 1, SLOT_S)
    assert not in_service(windows, 0, midnight + 18 * HOUR_S - SLOT_S + 1, SLOT_S)
    assert in_service(windows, 8 * HOUR_S, midnight - 2 * HOUR_S, SLOT_S)
    june_only = [ALWAYS[0] if month == 5 else (0, 0) for month in range(12)]
    assert in_service(june_only, 0, NOW, SLOT_S)
    assert not in_service(june_only, 0, NOW + 31 * DAY_S, SLOT_S)
