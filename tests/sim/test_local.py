# SPDX-License-Identifier: Apache-2.0
"""The report shows times by the community's clocks."""

from dataclasses import replace

from sim.report import render
from sim.report.local import at_local_time, zone

from .sample import sample


def test_every_time_moves_by_the_offset_and_nothing_else_does() -> None:
    """Moved there and back, the results are the same."""
    results = sample()
    ahead = replace(results, run=replace(results.run, utc_offset_s=3600))
    moved = at_local_time(ahead)
    assert moved.slots[0].time == results.slots[0].time + 3600
    back = at_local_time(replace(moved, run=replace(moved.run, utc_offset_s=-3600)))
    assert replace(back, run=results.run) == results


def test_the_page_names_the_zone_and_the_local_day() -> None:
    """A run from local midnight begins on the day that was asked for."""
    results = sample()
    page = render(replace(results, run=replace(results.run, utc_offset_s=19_800)))
    assert "Times are UTC+5:30." in page
    assert "Times are UTC." in render(results)


def test_times_in_explanations_move_too() -> None:
    """A card's text agrees with its heading; what only looks like a time stays as it is."""
    results = sample()
    lines = ["2025-06-11 23:30 UTC, 4 slots", "panel 2025-99-99 10:00 UTC"]
    results.decisions = [replace(results.decisions[0], lines=lines)]
    moved = at_local_time(replace(results, run=replace(results.run, utc_offset_s=3600)))
    first, second = moved.decisions[0].lines
    assert first.replace("\u202f", " ") == "12 Jun 00:30, 4 slots"
    assert second == lines[1]


def test_zones_are_written_as_people_write_them() -> None:
    """Whole hours without minutes."""
    assert [zone(offset) for offset in (0, 3600, 19_800)] == ["UTC", "UTC+1", "UTC+5:30"]
