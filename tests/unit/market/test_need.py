# SPDX-License-Identifier: Apache-2.0
"""The mean of the same slot over the last 7 days, and what stands in for it."""

import pytest

from tests.unit.market.given import DAY_S, HOUR_S, NOW, SLOT_S
from wattpact.market.need import DayMean

PROFILE = list(range(1000, 1096))


def test_a_new_meter_needs_what_its_configured_day_says() -> None:
    """By slot of the local day, not of the UTC day."""
    assert DayMean(PROFILE, SLOT_S, 0).expected(NOW) == 1000 + 8 * 4
    assert DayMean(PROFILE, SLOT_S, 8 * HOUR_S).expected(NOW) == 1000 + 16 * 4
    assert DayMean(PROFILE, SLOT_S, 20 * HOUR_S).expected(NOW) == 1000 + 4 * 4


def test_the_need_is_the_mean_of_the_same_slot_on_the_7_days_before() -> None:
    """Rounded down; an eighth day is forgotten; other slots do not enter."""
    need = DayMean(PROFILE, SLOT_S, 0)
    for day in range(8, 0, -1):
        need.record(NOW - day * DAY_S, 10_000 if day == 8 else day)
        need.record(NOW - day * DAY_S + SLOT_S, 7_000)
    assert need.expected(NOW) == (1 + 2 + 3 + 4 + 5 + 6 + 7) // 7
    assert need.expected(NOW + DAY_S) == (1 + 2 + 3 + 4 + 5 + 6) // 6
    assert need.expected(NOW + 7 * DAY_S) == 1032


def test_a_day_without_a_valid_reading_does_not_count() -> None:
    """The mean is over the days there are, and never over a value that has become too old meanwhile."""
    need = DayMean(PROFILE, SLOT_S, 0)
    need.record(NOW - 9 * DAY_S, 900)
    need.record(NOW - 6 * DAY_S, 100)
    need.record(NOW - DAY_S, 200)
    assert need.expected(NOW) == 150
    need.record(NOW + 300 * DAY_S, 40)
    assert need.expected(NOW + 301 * DAY_S) == 40


def test_a_reading_that_comes_again_or_late_takes_its_place() -> None:
    """Repeating replaces; a late one still counts within the week; a very late one is ignored."""
    need = DayMean(PROFILE, SLOT_S, 0)
    need.record(NOW - DAY_S, 100)
    need.record(NOW - DAY_S, 200)
    need.record(NOW - 3 * DAY_S, 400)
    need.record(NOW - 8 * DAY_S, 9_999)
    assert need.expected(NOW) == 300


def test_slots_of_another_length_have_their_own_day() -> None:
    """24 values for slots of an hour."""
    assert DayMean(list(range(24)), HOUR_S, 0).expected(NOW) == 8


@pytest.mark.parametrize(
    ("profile", "slot_s"),
    [(PROFILE[1:], SLOT_S), (PROFILE, HOUR_S), ([1] * 13, 7000), ([-1] * 96, SLOT_S)],
    ids=["a value short", "another slot", "no whole slots a day", "negative"],
)
def test_a_profile_that_is_no_day_is_refused(profile: list[int], slot_s: int) -> None:
    """Configuration is checked once, where it enters."""
    with pytest.raises(ValueError, match="profile"):
        DayMean(profile, slot_s, 0)
