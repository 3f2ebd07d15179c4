# SPDX-License-Identifier: Apache-2.0
"""What one PV panel generates: sun on its plane, the region's clouds, its own noise, and nothing during an outage.

Wh are whole; what is left over goes to the next slot. Losses (inverter, temperature, dirt, wiring) are one constant
performance ratio, and output never exceeds the rating.
"""

from array import array
from typing import NamedTuple

from wattpact.units import HOUR_S

from .outages import down_slots
from .profiles import SLOT_S, SLOTS_PER_DAY
from .seeds import child
from .service import ClearYields, Interval, clear_window, low_slots, preset_wh
from .sky import HISTORY_DAYS, HISTORY_SLOTS, Sky
from .sun import Light, Plane

PERFORMANCE = 0.80
_STANDARD_W_M2 = 1000.0  # the light at which a panel yields its rating
_UWH = 1_000_000
_NOISE_PERMILLE = 40


class Panel(NamedTuple):
    """A panel as built: rated W, tilt from level and azimuth clockwise from north in degrees."""

    name: str
    rated_w: int
    tilt_deg: int
    azimuth_deg: int


def rooftop(seed: int, name: str) -> Panel:
    """A home's roof: 3 to 10 kW, tilted 20 to 45 degrees, facing anything between east and west, mostly south."""
    rng = child(seed, "rooftop", name)
    rated_w = 3_000 + 100 * rng.randrange(71)
    tilt = 20 + rng.randrange(26)
    azimuth = 90 + rng.randrange(91) + rng.randrange(91)
    return Panel(name, rated_w, tilt, azimuth)


def field(seed: int, name: str, rated_w: int) -> Panel:
    """A plant's panel of `rated_w` on open ground: tilted 25 to 35 degrees, within 15 degrees of south."""
    rng = child(seed, "field", name)
    tilt = 25 + rng.randrange(11)
    azimuth = 165 + rng.randrange(31)
    return Panel(name, rated_w, tilt, azimuth)


class PanelModel:
    """One panel of plant `plant` under `sky`, in the run and in the thirty days before it."""

    def __init__(self, seed: int, plant: str, panel: Panel, sky: Sky) -> None:
        self.name = panel.name
        self.rated_w = panel.rated_w
        self.preset_wh = preset_wh(panel.rated_w)
        self._sky = sky
        self._plane = Plane(panel.tilt_deg, panel.azimuth_deg)
        self._clear = [
            ClearYields(*([self._clear_wh(light) for light in day] for day in month))
            for month in sky.clear_days
        ]
        self.service = [clear_window(month, self.preset_wh) for month in self._clear]
        self._down = down_slots(seed, plant, panel.name, HISTORY_SLOTS + sky.slots)
        self._wh = self._generate(seed, plant)

    def generated_wh(self, index: int) -> int:
        """Wh generated in slot `index` of the run; negative ones reach 30 days into the past (IndexError)."""
        if index < -HISTORY_SLOTS:
            raise IndexError("before the panel's past")
        return self._wh[HISTORY_SLOTS + index]

    def down(self, index: int) -> bool:
        """Whether the panel is dead in slot `index` of the run."""
        return bool(self._down[HISTORY_SLOTS + index])

    def low(self, index: int) -> bool:
        """Whether what the panel generates in slot `index` of the run is low supply."""
        return self.low_at(index, self.generated_wh(index))

    def low_at(self, index: int, supply_wh: int) -> bool:
        """Whether `supply_wh`, for example what a home had left to export, would be low supply in slot `index`."""
        from_s, to_s = self.service[self._sky.months[HISTORY_SLOTS + index] - 1]
        second = self._sky.slot_of_day(HISTORY_SLOTS + index) * SLOT_S
        return from_s <= second < to_s and supply_wh < self.preset_wh

    def past(self, days: int) -> list[Interval]:
        """Low-supply intervals [start, duration] in s of the last `days` (1..30) before the run, oldest first."""
        if not 1 <= days <= HISTORY_DAYS:
            raise ValueError("days must be 1..%d" % HISTORY_DAYS)
        return low_slots(
            self._sky.start + index * SLOT_S
            for index in range(-days * SLOTS_PER_DAY, 0)
            if self.low(index)
        )

    def clear_day(self, month: int) -> list[int]:
        """Cloudless Wh per slot of the local day in the middle of `month` (1..12): what an operator sets up."""
        return list(self._clear[month - 1].middle)

    def _clear_wh(self, light: Light | None) -> int:
        if light is None:
            return 0
        share = min(self._plane.w_m2(light) * PERFORMANCE / _STANDARD_W_M2, 1.0)
        return int(self.rated_w * share * SLOT_S / HOUR_S)

    def _generate(self, seed: int, plant: str) -> "array[int]":
        bits = child(seed, "panel", plant, self.name).getrandbits
        uwh_at_rating = self.rated_w * _UWH * SLOT_S // HOUR_S
        scale = uwh_at_rating * PERFORMANCE / (_STANDARD_W_M2 * 1000)
        counted = array("i")
        left = 0
        for light, down in zip(self._sky.lights, self._down):
            if light is None:
                counted.append(0)
                continue
            noise = 1000 - _NOISE_PERMILLE + (bits(16) * (2 * _NOISE_PERMILLE + 1) >> 16)
            if down:
                counted.append(0)
                continue
            energy_uwh = min(int(self._plane.w_m2(light) * noise * scale), uwh_at_rating)
            energy_wh, left = divmod(energy_uwh + left, _UWH)
            counted.append(energy_wh)
        return counted
