# SPDX-License-Identifier: Apache-2.0
"""What a home will use, slot by slot: the mean of the same slot of the day over the last 7 days, else a configured day.

    DayMean(profile, slot_s, utc_offset_s)   .record(slot, wh)   .expected(slot) -> Wh

`profile` is the configured day, one Wh for each slot of the local day (96 for slots of 15 min). Only valid readings are
recorded: a slot without one falls back on the other days, then on the profile. 7 values of 4 bytes a slot: 2.7 kB.
"""

from array import array

from ..compat import const
from ..units import DAY_S, SLOT_WH_MAX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Sequence

DAYS = const(7)
ABSENT = const(0xFFFFFFFF)  # no value: SLOT_WH_MAX is far below


class DayMean:
    """The last 7 days of one figure per slot, by slot of the local day."""

    def __init__(self, profile: "Sequence[int]", slot_s: int, utc_offset_s: int) -> None:
        """Raises ValueError unless the profile has one sensible Wh for each slot of a day."""
        if DAY_S % slot_s or len(profile) != DAY_S // slot_s:
            raise ValueError("the profile must have one value for each slot of a day")
        if min(profile) < 0 or max(profile) > SLOT_WH_MAX:
            raise ValueError("a value of the profile is out of range")
        self.profile = array("I", profile)
        self._slot_s = slot_s
        self._utc_offset_s = utc_offset_s
        self._values = array("I", [ABSENT] * (DAYS * len(profile)))
        self._latest = array(
            "I", [0] * len(profile)
        )  # the last day recorded in each slot of the day

    def place(self, slot: int) -> "tuple[int, int]":
        """(local day, index of the slot in it) of a slot's start."""
        local = slot + self._utc_offset_s
        return local // DAY_S, local % DAY_S // self._slot_s

    def record(self, slot: int, wh: int) -> None:
        """A valid reading of the slot that starts at `slot`, in any order; a repeated one replaces the first."""
        day, index = self.place(slot)
        latest = self._latest[index]
        if day <= latest - DAYS:
            return
        base = index * DAYS
        if day > latest:
            for missed in range(max(latest + 1, day - DAYS + 1), day):
                self._values[base + missed % DAYS] = ABSENT
            self._latest[index] = day
        self._values[base + day % DAYS] = wh

    def expected(self, slot: int) -> int:
        """Mean Wh of this slot on the 7 days before, rounded down; the profile's if none of them is known."""
        day, index = self.place(slot)
        latest = self._latest[index]
        base = index * DAYS
        total = count = 0
        for before in range(max(day - DAYS, latest - DAYS + 1), min(day, latest + 1)):
            wh = self._values[base + before % DAYS]
            if wh != ABSENT:
                total += wh
                count += 1
        return total // count if count else self.profile[index]
