# SPDX-License-Identifier: Apache-2.0
"""Units and bounds of every quantity that crosses a module. All are integers.

Energy Wh, power W, price micro-currency per kWh, money nano-currency (price x Wh is exact), CO2 ug
(Wh x mg/kWh is exact), shares and scores ppm, time Unix seconds UTC, intervals half-open [start, end).
Bounds stay below 2**53, so a figure survives JSON and JavaScript unchanged; only the lifetime sums of CO2 may pass it.
"""

from .compat import const

PPM = const(1000000)
DAY_S = const(86400)
HOUR_S = const(3600)
TIME_MAX = const(1 << 36)
SLOT_WH_MAX = const(10000000)  # 40 MW for a quarter of an hour: no panel and no home is larger
TOTAL_WH_MAX = const(1 << 50)  # a register or a lifetime sum
PRICE_MAX = const(100000000)  # 100 currency units per kWh
UG_MAX = const((1 << 53) - 1)
UG_SUM_MAX = const(1 << 62)
MG_PER_KWH_MAX = const(2000000)
POWER_W_MAX = const(40000000)
MARGIN_PPM = const(1100000)  # a panel may yield 1.1 x its rating (EnergyTag capacity margin)


def panel_slot_wh_max(rated_w: int, slot_s: int) -> int:
    """Most Wh a panel of `rated_w` can be believed to yield in one slot."""
    return rated_w * slot_s * MARGIN_PPM // (HOUR_S * PPM)


def money_nano(price: int, energy_wh: int) -> int:
    """Exact: micro-currency/kWh x Wh = nano-currency."""
    return price * energy_wh


def reduction_ug(energy_wh: int, grid_mg_per_kwh: int, device_mg_per_kwh: int) -> int:
    """CO2 not emitted because the energy came from a device and not from the grid: Wh x mg/kWh = ug."""
    return energy_wh * (grid_mg_per_kwh - device_mg_per_kwh)


def civil(time: int) -> "tuple[int, int, int]":
    """(year, month, day) of a Unix time, UTC, proleptic Gregorian; months and days count from 1.

    Counts days from 1 March of year 0, so that the leap day is the last of its year.
    """
    days = time // DAY_S + 719468
    era = days // 146097
    day_of_era = days - era * 146097
    year_of_era = (
        day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096
    ) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * day_of_year + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9
    year = year_of_era + era * 400 + (1 if month <= 2 else 0)
    return year, month, day_of_year - (153 * shifted + 2) // 5 + 1
