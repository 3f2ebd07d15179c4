# SPDX-License-Identifier: Apache-2.0
"""One region's light: the past and the run are one sequence."""

from calendar import timegm

import pytest

from sim.world.sky import CENTRAL_EUROPE, HISTORY_SLOTS, Sky

CET = 3600
START = timegm((2025, 6, 10, 0, 0, 0)) - CET


def test_slot_0_of_the_run_comes_thirty_days_after_the_first() -> None:
    """Lists cover past and run, by local time."""
    sky = Sky(1, "r", CENTRAL_EUROPE, START, 96, CET)
    assert len(sky.lights) == len(sky.months) == HISTORY_SLOTS + 96
    assert sky.slot_of_day(HISTORY_SLOTS) == 0
    assert sky.slot_of_day(HISTORY_SLOTS + 95) == 95
    assert (sky.months[0], sky.months[HISTORY_SLOTS]) == (5, 6)


def test_clear_days_know_noon_and_the_seasons() -> None:
    """Twelve months, light in the middle of the day and none at midnight, more slots of it in June than in December."""
    sky = Sky(1, "r", CENTRAL_EUROPE, START, 96, CET)
    lit = [sum(light is not None for light in month.middle) for month in sky.clear_days]
    assert len(lit) == 12
    assert lit[5] > 60
    assert 30 < lit[11] < 36
    for month in sky.clear_days:
        assert month.early[0] is None
        assert month.late[49] is not None


def test_a_start_inside_a_slot_is_refused() -> None:
    """The grid is the ledger's."""
    with pytest.raises(ValueError, match="slot boundary"):
        Sky(1, "r", CENTRAL_EUROPE, START + 60, 96, CET)
