# SPDX-License-Identifier: Apache-2.0
"""BDEW's standard load profiles of 2025 as whole numbers; the only module that meets demandlib and pandas.

They are imported by the first call, because a run on the user's own CSV needs neither and they take half a second.
Source: BDEW, Standardlastprofile Strom, 2025, as carried by demandlib 0.2.2 (MIT).
"""

from datetime import date, timedelta
from importlib import import_module
from typing import Any

from wattpact.units import DAY_S, civil

SLOT_S = 900
SLOTS_PER_DAY = DAY_S // SLOT_S

HOME = "H25"
SHOP = "G25"
PV_HOME = "P25"  # what a home with its own PV still draws: self-consumption is already taken off

# demandlib gives kW for a customer of 1 GWh a year: a quarter of an hour of 1 kW is 2.5e-7 of that.
_SHARE_PER_KW = 250_000


def easter(year: int) -> date:
    """Easter Sunday, Gregorian (the anonymous computus, Meeus, Astronomical Algorithms, chapter 8)."""
    golden = year % 19
    century, of_century = divmod(year, 100)
    leap, century_rest = divmod(century, 4)
    moon = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leap - moon + 15) % 30
    four, rest = divmod(of_century, 4)
    weekday = (32 + 2 * century_rest + 2 * four - epact - rest) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def holidays(year: int) -> list[date]:
    """Public holidays of all German states; a profile treats them as Sundays."""
    sunday = easter(year)
    moving = [sunday + timedelta(days=days) for days in (-2, 1, 39, 50)]
    fixed = [date(year, month, day) for month, day in ((1, 1), (5, 1), (10, 3), (12, 25), (12, 26))]
    return sorted(moving + fixed)


def slot_shares(profile: str, start: int, slots: int, utc_offset_s: int) -> list[int]:
    """Each slot's part of a year's consumption in 1e-12, from Unix time `start`, by local time at a fixed offset.

    Rounding to 1e-12 of a year (about 3e-8 of a slot) swallows what floating point leaves open between machines.
    """
    pandas: Any = import_module("pandas")
    bdew: Any = import_module("demandlib.bdew")
    local = start + utc_offset_s
    index: Any = pandas.date_range(
        pandas.Timestamp(local, unit="s"), periods=slots, freq=f"{SLOT_S}s"
    )
    years = range(civil(local)[0], civil(local + slots * SLOT_S)[0] + 1)
    free = [day for year in years for day in holidays(year)]
    power: Any = getattr(bdew, profile)(index, holidays=free)
    return [round(kilowatt * _SHARE_PER_KW) for kilowatt in power.tolist()]
