# SPDX-License-Identifier: Apache-2.0
"""The light over one region, computed once for all its panels: thirty days of past, the run, and cloudless model days.

Past and run are one sequence, so a plant's history comes from the same weather as its future.
"""

from calendar import timegm
from typing import NamedTuple

from wattpact.units import PPM, civil

from .profiles import SLOT_S, SLOTS_PER_DAY
from .sun import Light, Site, light_of, sun_at
from .weather import clouds

HISTORY_DAYS = 30
HISTORY_SLOTS = HISTORY_DAYS * SLOTS_PER_DAY
CENTRAL_EUROPE = Site(latitude=50.0, longitude=10.0)


class ClearDays(NamedTuple):
    """A month's cloudless light per slot of the local day, on its 1st, 15th and 28th; None is night."""

    early: list[Light | None]
    middle: list[Light | None]
    late: list[Light | None]


class Sky:
    """Region `region` at `site` for `slots` quarter hours from `start` (Unix s) at a fixed offset from UTC.

    ValueError if `start` or the offset is not on a slot boundary.
    """

    def __init__(
        self, seed: int, region: str, site: Site, start: int, slots: int, utc_offset_s: int
    ) -> None:
        if start % SLOT_S or utc_offset_s % SLOT_S:
            raise ValueError("start and offset must lie on a slot boundary")
        self.site = site
        self.start = start
        self.slots = slots
        self.utc_offset_s = utc_offset_s
        self.first = start - HISTORY_SLOTS * SLOT_S
        shares = clouds(seed, region, self.first, HISTORY_SLOTS + slots, utc_offset_s)
        # Slot 0 of the run has index HISTORY_SLOTS in both lists.
        self.lights = [
            light_of(sun_at(site, self.first + index * SLOT_S + SLOT_S // 2), share / PPM)
            for index, share in enumerate(shares)
        ]
        self.months = [
            civil(self.first + utc_offset_s + index * SLOT_S)[1] for index in range(len(shares))
        ]
        year = civil(start + utc_offset_s)[0]
        self.clear_days = [
            ClearDays(*(self._clear_day(year, month, day) for day in (1, 15, 28)))
            for month in range(1, 13)
        ]

    def slot_of_day(self, index: int) -> int:
        """Which slot of the local day `index` of the lists above is, 0..95."""
        return ((self.first + self.utc_offset_s) // SLOT_S + index) % SLOTS_PER_DAY

    def _clear_day(self, year: int, month: int, day: int) -> list[Light | None]:
        midnight = timegm((year, month, day, 0, 0, 0)) - self.utc_offset_s
        return [
            light_of(sun_at(self.site, midnight + slot * SLOT_S + SLOT_S // 2), 1.0)
            for slot in range(SLOTS_PER_DAY)
        ]
