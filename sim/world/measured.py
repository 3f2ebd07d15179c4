# SPDX-License-Identifier: Apache-2.0
"""Homes and panels that come from the user's own CSV, with the questions a modelled one answers.

A file says nothing of ratings or clear days, so a panel's rating is the power of its best slot, its clear day the best
it gave at each time of day in that month, and its past whatever the file holds before the run.
"""

from array import array

from wattpact.market.low_supply import in_service
from wattpact.units import DAY_S, HOUR_S, civil

from .csv_input import Series
from .loads import Home
from .profiles import SLOT_S, SLOTS_PER_DAY
from .service import Interval, clear_window, low_slots, preset_wh

MEASURED = "CSV"
_YEAR_S = 365 * DAY_S


def measured_home(series: Series, column: int, start: int, slots: int, utc_offset_s: int) -> Home:
    """The home of `column` in the run's `slots` from `start`; both must lie in the file (ValueError)."""
    wh = _run_part(series, column, start, slots)
    sums, counts = [0] * SLOTS_PER_DAY, [0] * SLOTS_PER_DAY
    for index, energy_wh in enumerate(wh[: 7 * SLOTS_PER_DAY]):
        slot = _slot_of_day(start + index * SLOT_S, utc_offset_s)
        sums[slot] += energy_wh
        counts[slot] += 1
    usual_day = [total // max(count, 1) for total, count in zip(sums, counts)]
    annual_wh = sum(series.columns[column]) * _YEAR_S // (series.slots * SLOT_S)
    return Home(MEASURED, annual_wh, usual_day, wh)


class MeasuredPanel:
    """The panel of `column`, in the run that starts at `start` (Unix s) and before it."""

    def __init__(
        self, series: Series, column: int, start: int, slots: int, utc_offset_s: int
    ) -> None:
        _run_part(series, column, start, slots)
        self.name = series.names[column]
        self._wh = series.columns[column]
        self._first = (series.start - start) // SLOT_S
        self._start = start
        self._utc_offset_s = utc_offset_s
        self.rated_w = max(1, max(self._wh) * HOUR_S // SLOT_S)
        self.preset_wh = preset_wh(self.rated_w)
        best = self._best_days()
        self._clear = best
        self.service = [clear_window([day], self.preset_wh) for day in best]

    def generated_wh(self, index: int) -> int:
        """Wh in slot `index` of the run; negative ones reach back as far as the file does (IndexError)."""
        if index < self._first:
            raise IndexError("before the file's first slot")
        return self._wh[index - self._first]

    def low(self, index: int) -> bool:
        """Whether what the panel gave in slot `index` of the run is low supply."""
        return self.low_at(index, self.generated_wh(index))

    def low_at(self, index: int, supply_wh: int) -> bool:
        """Whether `supply_wh` would be low supply in slot `index` of the run."""
        time = self._start + index * SLOT_S
        serves = in_service(self.service, self._utc_offset_s, time, SLOT_S)
        return serves and supply_wh < self.preset_wh

    def past(self, days: int) -> list[Interval]:
        """Low-supply intervals [start, duration] in s of the last `days` before the run, as far as the file goes."""
        first = max(self._first, -days * SLOTS_PER_DAY)
        return low_slots(
            self._start + index * SLOT_S for index in range(first, 0) if self.low(index)
        )

    def clear_day(self, month: int) -> list[int]:
        """Wh per slot of the local day at its best in `month` (1..12), or of all months if the file lacks it."""
        return list(self._clear[month - 1])

    def _best_days(self) -> list[list[int]]:
        best = [[0] * SLOTS_PER_DAY for _ in range(12)]
        seen: set[int] = set()
        for index, energy_wh in enumerate(self._wh):
            time = self._start + (self._first + index) * SLOT_S
            month = civil(time + self._utc_offset_s)[1] - 1
            slot = _slot_of_day(time, self._utc_offset_s)
            seen.add(month)
            best[month][slot] = max(best[month][slot], energy_wh)
        overall = [max(day[slot] for day in best) for slot in range(SLOTS_PER_DAY)]
        return [best[month] if month in seen else overall for month in range(12)]


def _run_part(series: Series, column: int, start: int, slots: int) -> "array[int]":
    first, rest = divmod(start - series.start, SLOT_S)
    if rest or first < 0 or first + slots > series.slots or slots < 1:
        raise ValueError("the run does not lie in the file")
    return series.columns[column][first : first + slots]


def _slot_of_day(time: int, utc_offset_s: int) -> int:
    return (time + utc_offset_s) % DAY_S // SLOT_S
