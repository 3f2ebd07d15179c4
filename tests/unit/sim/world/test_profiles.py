# SPDX-License-Identifier: Apache-2.0
"""The standard load profiles arrive with the right units, days and hours."""

import subprocess
import sys
from calendar import timegm
from datetime import date

import pytest

from sim.world.profiles import HOME, PV_HOME, SHOP, SLOTS_PER_DAY, easter, holidays, slot_shares

CET = 3600
_ONE = 10**12


def _day(profile: str, year: int, month: int, day: int) -> list[int]:
    return slot_shares(profile, timegm((year, month, day, 0, 0, 0)) - CET, SLOTS_PER_DAY, CET)


@pytest.mark.parametrize("profile", [HOME, SHOP, PV_HOME])
@pytest.mark.parametrize("year", [2024, 2025])
def test_a_year_is_one_year_of_consumption(profile: str, year: int) -> None:
    """The shares of a calendar year add up to 1 within 1 %, so annual kWh stay annual kWh."""
    start, end = timegm((year, 1, 1, 0, 0, 0)), timegm((year + 1, 1, 1, 0, 0, 0))
    shares = slot_shares(profile, start - CET, (end - start) // 900, CET)
    assert sum(shares) == pytest.approx(_ONE, rel=0.01)
    assert min(shares) > 0


def test_a_home_uses_most_in_the_evening_and_least_at_night() -> None:
    """A working day in January, local time: the peak lies between 17 and 21 h, the trough between 1 and 5 h."""
    shares = _day(HOME, 2025, 1, 15)
    assert 17 * 4 <= shares.index(max(shares)) < 21 * 4
    assert 1 * 4 <= shares.index(min(shares)) < 5 * 4


def test_a_shop_rests_on_sundays_and_holidays() -> None:
    """Wednesday 1 May 2024 looks like the Sunday after it, not like the Wednesday."""
    assert _day(SHOP, 2024, 5, 1) == _day(SHOP, 2024, 5, 5)
    assert sum(_day(SHOP, 2024, 5, 1)) < sum(_day(SHOP, 2024, 5, 8)) * 0.7


def test_a_home_with_pv_of_its_own_draws_little_at_noon_in_summer() -> None:
    """P25 is what is left after self-consumption, so it must not be used where the roof is modelled too."""
    noon, evening = 13 * 4, 21 * 4
    sunny, plain = _day(PV_HOME, 2025, 7, 9), _day(HOME, 2025, 7, 9)
    assert sunny[noon] < sunny[evening] / 3
    assert plain[noon] > plain[evening] / 2


def test_local_time_shifts_the_profile() -> None:
    """The same instants at an offset one hour larger show the profile one hour later in its day."""
    start = timegm((2025, 1, 15, 0, 0, 0))
    assert slot_shares(HOME, start, 8, 2 * CET) == slot_shares(HOME, start + CET, 8, CET)


@pytest.mark.parametrize(
    ("year", "month", "day"),
    [(1999, 4, 4), (2024, 3, 31), (2025, 4, 20), (2038, 4, 25), (2285, 3, 22)],
)
def test_easter_falls_on_its_day(year: int, month: int, day: int) -> None:
    """The earliest and latest dates included."""
    assert easter(year) == date(year, month, day)


def test_nine_days_are_free_everywhere() -> None:
    """Those every German state keeps, among them the four that move with Easter."""
    assert [day.strftime("%m-%d") for day in holidays(2025)] == [
        "01-01", "04-18", "04-21", "05-01", "05-29", "06-09", "10-03", "12-25", "12-26",
    ]  # fmt: skip


def test_pandas_is_not_loaded_before_a_profile_is_asked_for() -> None:
    """A run on the user's own CSV does not pay for what it does not use."""
    code = (
        "import sys; sys.path[:0] = %r; import sim.world.loads, sim.world.panels, sim.world.measured;"
        "sys.exit('pandas' in sys.modules or 'numpy' in sys.modules)" % (sys.path,)
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
