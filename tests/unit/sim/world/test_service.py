# SPDX-License-Identifier: Apache-2.0
"""Night is no failure, and slots make intervals."""

import pytest

from sim.world.service import clear_window, common_service, low_slots, preset_wh


def test_the_preset_is_two_percent_of_the_rating() -> None:
    """50 kW yield 12.5 kWh in a slot at most, so 250 Wh; never 0, which nothing could be below."""
    assert preset_wh(50_000) == 250
    assert preset_wh(1) == 1


def test_the_window_is_when_every_model_day_yields_five_times_the_preset() -> None:
    """From the latest first slot to the earliest last one."""
    early = [0, 50, 49, 60, 0, 0]
    late = [0, 0, 70, 70, 70, 0]
    assert clear_window([early, late], 10) == (1800, 3600)
    assert clear_window([early], 10) == (900, 3600)


@pytest.mark.parametrize("days", [[[49, 49]], [[50, 0], [0, 50]], [[50, 0], [0, 0]]])
def test_a_window_that_never_opens_is_empty(days: list[list[int]]) -> None:
    """Too dark, or the model days have no slot in common."""
    assert clear_window(days, 10) == (0, 0)


def test_a_plant_is_in_service_when_all_its_panels_are() -> None:
    """An east and a west roof share the middle of the day; where they share nothing the window is empty."""
    east, west = [(25200, 54000), (28800, 36000)], [(36000, 68400), (36000, 50400)]
    assert common_service([east, west]) == [(36000, 54000), (0, 0)]
    assert common_service([east]) == east


def test_neighbouring_slots_merge_and_repeats_count_once() -> None:
    """Any order in, sorted intervals that do not touch out."""
    assert low_slots([2700, 900, 1800, 900, 5400]) == [(900, 2700), (5400, 900)]
    assert low_slots([]) == []
