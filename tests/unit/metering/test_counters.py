# SPDX-License-Identifier: Apache-2.0
"""Registers advance by what devices counted and by nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattpact.metering.counters import (
    BACK,
    CLEARED,
    FLOAT,
    JUMPED,
    LOST,
    WHOLE,
    Counters,
    Counting,
    Held,
)
from wattpact.metering.measurement import COUNTER_LOST, Measurement, Phase

WH = 1_000_000
SPAN = 10_000_000 * WH


def measured(import_uwh: int, export_uwh: int | None = 0, flags: int = 0) -> Measurement:
    return Measurement(import_uwh, export_uwh, [Phase(230_000, 0, 0)], 50_000, None, flags)


def counters(kind: int = WHOLE, step_uwh: int = WH, span_uwh: int = 0) -> Counters:
    return Counters(Counting(kind, step_uwh, span_uwh), rated_w=10_000)


def test_the_first_value_is_taken_over_and_then_only_advances_count() -> None:
    """Register and display agree."""
    both = counters()
    assert both.take(measured(500 * WH, 20 * WH), 1000) == ""
    assert both.take(measured(503 * WH, 21 * WH), 1010) == ""
    assert (both.imported.uwh, both.exported.uwh, both.epoch) == (503 * WH, 21 * WH, 0)


def test_a_counter_that_went_back_is_read_again_twice_and_then_begins_an_epoch() -> None:
    """What it holds by then is never taken for energy."""
    both = counters()
    both.take(measured(500 * WH), 1000)
    for now in (1010, 1020):
        with pytest.raises(Held, match=BACK):
            both.take(measured(3 * WH), now)
    assert both.take(measured(3 * WH), 1030) == BACK
    assert (both.imported.uwh, both.epoch) == (500 * WH, 1)
    assert both.take(measured(5 * WH), 1040) == ""
    assert both.imported.uwh == 502 * WH


def test_one_wrong_value_in_between_changes_nothing() -> None:
    """Back or forth: the next right one goes on from the last right one."""
    both = counters()
    both.take(measured(500 * WH), 1000)
    for wrong, now in ((0, 1010), (900 * WH, 1030)):
        with pytest.raises(Held):
            both.take(measured(wrong), now)
        assert both.take(measured(501 * WH), now + 10) == ""
    assert (both.imported.uwh, both.epoch) == (501 * WH, 0)


def test_a_jump_beyond_the_rated_power_is_no_energy() -> None:
    """As when a meter is told to show MWh, or another one takes its place."""
    both = counters()
    both.take(measured(500 * WH), 1000)
    for now in (1010, 1011):
        with pytest.raises(Held, match=JUMPED):
            both.take(measured(500_000 * WH), now)
    assert both.take(measured(500_000 * WH), 1012) == JUMPED
    assert both.imported.uwh == 500 * WH


def test_rated_power_for_the_time_that_passed_is_believed() -> None:
    """20 % more, too, and a step; not another step."""
    limit = 10_000 * 12 // 10 * 3602 // 3600
    assert counters_after(limit * WH, 3600) == ""
    with pytest.raises(Held):
        counters_after((limit + 3) * WH, 3600)


def counters_after(advance_uwh: int, passed_s: int) -> str:
    both = counters()
    both.take(measured(0), 1000)
    return both.take(measured(advance_uwh), 1000 + passed_s)


def test_a_known_span_rolls_over_without_a_break() -> None:
    """The PZEM's display ends at 9999.99 kWh."""
    both = counters(span_uwh=SPAN)
    both.take(measured(SPAN - 2 * WH), 1000)
    assert both.take(measured(3 * WH), 1010) == ""
    assert (both.imported.uwh, both.epoch) == (SPAN + 3 * WH, 0)


def test_without_a_known_span_and_from_the_middle_of_one_it_is_no_rollover() -> None:
    """A reset is not mistaken for one."""
    for last_uwh, span_uwh in ((SPAN - WH, 0), (SPAN // 2, SPAN)):
        both = counters(span_uwh=span_uwh)
        both.take(measured(last_uwh), 1000)
        with pytest.raises(Held, match=BACK):
            both.take(measured(WH), 1010)


def test_a_float_that_lost_its_last_step_counts_on_when_it_is_there_again() -> None:
    """Nothing counts twice, and no epoch begins."""
    both = counters(FLOAT, 10 * WH)
    both.take(measured(1000 * WH), 1000)
    assert both.take(measured(993 * WH), 1010) == ""
    assert both.take(measured(999 * WH), 1020) == ""
    assert both.imported.uwh == 1000 * WH
    assert both.take(measured(1004 * WH), 1030) == ""
    assert (both.imported.uwh, both.epoch) == (1004 * WH, 0)


def test_a_floats_step_grows_with_its_value() -> None:
    """0.98 Wh at 10 MWh, 7.8 Wh at 100 MWh."""
    counting = Counting(FLOAT, 1)
    assert counting.step_at(10_000 * 1000 * WH) == 976_563
    assert counting.step_at(100_000 * 1000 * WH) == 7_812_501
    assert Counting(FLOAT, 10 * WH).step_at(1000 * WH) == 10 * WH


def test_what_is_cleared_when_read_adds_up_and_begins_with_nothing() -> None:
    """The first value is of an unknown time."""
    both = counters(CLEARED, 3_125)
    both.take(measured(70 * WH, 3 * WH), 1000)
    both.take(measured(2 * WH, 0), 1010)
    both.take(measured(3 * WH, WH), 1020)
    assert (both.imported.uwh, both.exported.uwh) == (5 * WH, WH)


def test_a_cleared_value_that_cannot_be_is_given_up_at_once() -> None:
    """It cannot be read again. The other direction's is not touched by that."""
    both = counters(CLEARED, 3_125)
    both.take(measured(0), 1000)
    assert both.take(measured(900 * WH, WH), 1010) == JUMPED
    assert (both.imported.uwh, both.exported.uwh, both.epoch) == (0, WH, 1)


def test_a_device_that_says_so_begins_an_epoch_and_keeps_what_it_counted() -> None:
    """A chip that lost its settings for a moment."""
    both = counters(CLEARED, 3_125)
    both.take(measured(0), 1000)
    assert both.take(measured(WH, 0, COUNTER_LOST), 1010) == LOST
    assert (both.imported.uwh, both.epoch) == (WH, 1)


def test_a_device_without_a_second_counter_has_a_register_that_stands_still() -> None:
    """None is not 0."""
    both = counters()
    both.take(measured(500 * WH, None), 1000)
    both.take(measured(501 * WH, None), 1010)
    assert (both.exported.uwh, both.exported.last_uwh) == (0, -1)


def test_a_clock_that_went_back_leaves_energy_of_a_quarter_of_an_hour() -> None:
    """Nobody knows how long it was; a jump is still one."""
    both = counters()
    both.take(measured(500 * WH), 100_000)
    assert both.take(measured(2_500 * WH), 50_000) == ""
    with pytest.raises(Held):
        both.take(measured(9_000 * WH), 49_000)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 60)), min_size=1), st.integers(0, 3))
def test_a_register_never_goes_back_and_ends_where_the_counter_did(
    steps: list[tuple[int, int]], kind: int
) -> None:
    """Whatever a counter within its rating does, in each kind of counting."""
    kind = min(kind, FLOAT)
    both = counters(kind, WH, span_uwh=100 * WH if kind == WHOLE else 0)
    now, total, seen = 1000, 0, 0
    both.take(measured(0), now)
    for drawn_wh, passed_s in steps:
        wh = min(drawn_wh, passed_s * 2, 9)  # 9: less than a tenth of the span at once
        now += passed_s
        total += wh
        shown = {CLEARED: wh, WHOLE: total % 100, FLOAT: total}[kind]
        assert both.take(measured(shown * WH), now) == ""
        assert seen <= both.imported.uwh
        seen = both.imported.uwh
    assert seen == total * WH


def test_a_cleared_counter_that_nobody_read_until_it_may_have_run_over_is_lost() -> None:
    """187 Wh at 10 kW are 67 s: what it says then is counted, and that it may be too little is said."""
    both = counters(CLEARED, 3_125, span_uwh=187_500_000)
    assert both.take(measured(0), 1000) == ""
    assert both.take(measured(5 * WH), 1067) == ""
    assert both.take(measured(5 * WH), 1135) == LOST
    assert (both.imported.uwh, both.epoch) == (10 * WH, 1)
