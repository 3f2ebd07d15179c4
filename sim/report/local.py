# SPDX-License-Identifier: Apache-2.0
"""A run as its community's clocks showed it: every time moved by the fixed offset, once, before anything is drawn.

Behind this module times are local and the drawing code knows no zone.
"""

import re
from dataclasses import replace
from datetime import datetime

from sim.figures import moment
from sim.results import Results

UTC_MOMENT = re.compile(r"\b([0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}) UTC")
"""As a meter's explanation writes a time."""


def at_local_time(results: Results) -> Results:
    """The same results with every time in local seconds."""
    by = results.run.utc_offset_s
    return replace(
        results,
        run=replace(results.run, started=results.run.started + by),
        slots=[replace(slot, time=slot.time + by) for slot in results.slots],
        prices=[
            replace(plant, points=[replace(point, time=point.time + by) for point in plant.points])
            for plant in results.prices
        ],
        grid_prices=[replace(point, time=point.time + by) for point in results.grid_prices],
        reliability=[
            replace(
                plant,
                scores=[replace(point, time=point.time + by) for point in plant.scores],
                self_reported=[
                    replace(span, start=span.start + by, end=span.end + by)
                    for span in plant.self_reported
                ],
                shortfalls=[
                    replace(span, start=span.start + by, end=span.end + by)
                    for span in plant.shortfalls
                ],
            )
            for plant in results.reliability
        ],
        decisions=[
            replace(
                each,
                time=each.time + by,
                lines=[
                    UTC_MOMENT.sub(lambda found: _moved(found[1], by), line) for line in each.lines
                ],
            )
            for each in results.decisions
        ],
        coins=[replace(point, time=point.time + by) for point in results.coins],
    )


def _moved(written: str, by: int) -> str:
    """A moment written in UTC as the clocks showed it."""
    try:
        return moment(int(datetime.fromisoformat(written + "+00:00").timestamp()) + by)
    except (ValueError, OverflowError):
        return written + " UTC"  # no time, but a name from somebody's file


def zone(utc_offset_s: int) -> str:
    """ "UTC", "UTC+1", "UTC+5:30"."""
    if not utc_offset_s:
        return "UTC"
    hours, seconds = divmod(utc_offset_s, 3600)
    return f"UTC+{hours}" + (f":{seconds // 60:02d}" if seconds else "")
