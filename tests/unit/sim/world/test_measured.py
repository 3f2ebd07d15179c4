# SPDX-License-Identifier: Apache-2.0
"""Homes and panels from a file answer like modelled ones."""

from array import array
from calendar import timegm

import pytest

from sim.world.csv_input import Series
from sim.world.measured import MEASURED, MeasuredPanel, measured_home

CET = 3600
MIDNIGHT = timegm((2025, 6, 10, 0, 0, 0)) - CET
DAY = [0] * 32 + [100] * 4 + [1000] * 24 + [100] * 4 + [0] * 32


def _series(*days: list[int]) -> Series:
    return Series("pv.csv", MIDNIGHT, ["roof"], [array("i", [wh for day in days for wh in day])])


def test_a_home_draws_what_the_file_says() -> None:
    """From the run's start, which may lie inside the file; a year is estimated from all of it."""
    series = _series([1] * 96, [2] * 96, [3] * 96)
    home = measured_home(series, 0, MIDNIGHT + 86400, 192, CET)
    assert home.profile == MEASURED
    assert (home.load_wh(0), home.load_wh(191)) == (2, 3)
    assert home.usual_day == [2] * 96
    assert home.annual_wh == 2 * 96 * 365


def test_the_usual_day_is_by_local_time() -> None:
    """A run that starts at local noon still has midnight first in its usual day."""
    series = _series(list(range(96)), list(range(96)))
    assert measured_home(series, 0, MIDNIGHT + 43200, 96, CET).usual_day == list(range(96))


def test_a_run_outside_the_file_is_refused() -> None:
    """Before it, beyond it, off its grid, or empty."""
    series = _series(DAY)
    for start, slots in ((MIDNIGHT - 900, 4), (MIDNIGHT, 97), (MIDNIGHT + 1, 4), (MIDNIGHT, 0)):
        with pytest.raises(ValueError, match="file"):
            measured_home(series, 0, start, slots, CET)
        with pytest.raises(ValueError, match="file"):
            MeasuredPanel(series, 0, start, slots, CET)


def test_a_panel_is_rated_by_its_best_slot() -> None:
    """1000 Wh in a quarter of an hour are 4 kW; a panel that never gave anything is rated 1 W, not 0."""
    panel = MeasuredPanel(_series(DAY), 0, MIDNIGHT, 96, CET)
    assert (panel.name, panel.rated_w, panel.preset_wh) == ("roof", 4000, 20)
    assert panel.clear_day(6) == panel.clear_day(1) == DAY
    assert panel.service == [(32 * 900, 64 * 900)] * 12
    assert MeasuredPanel(_series([0] * 96), 0, MIDNIGHT, 96, CET).rated_w == 1


def test_low_supply_and_the_past_come_from_the_file() -> None:
    """An hour without sun on the day before is the past; night is not; before the file there is nothing."""
    dead = DAY[:40] + [19] * 4 + DAY[44:]
    panel = MeasuredPanel(_series(dead, DAY), 0, MIDNIGHT + 86400, 96, CET)
    assert panel.past(30) == [(MIDNIGHT + 40 * 900, 3600)]
    assert not any(panel.low(slot) for slot in range(96))
    assert panel.low_at(40, 19)
    assert not panel.low_at(40, 20)
    assert not panel.low_at(0, 0)
    assert panel.generated_wh(-96) == 0
    with pytest.raises(IndexError):
        panel.generated_wh(-97)


def test_another_month_has_its_own_best_day() -> None:
    """June's file says nothing of July until it holds some of it."""
    series = Series(
        "pv.csv", timegm((2025, 6, 30, 0, 0, 0)) - CET, ["roof"], [array("i", DAY + [7] * 96)]
    )
    panel = MeasuredPanel(series, 0, series.start, 192, CET)
    assert panel.clear_day(6) == DAY
    assert panel.clear_day(7) == [7] * 96
    assert panel.clear_day(8) == [max(7, energy_wh) for energy_wh in DAY]
