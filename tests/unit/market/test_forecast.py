# SPDX-License-Identifier: Apache-2.0
"""What a rooftop will have over: the usual day, scaled by the last hour, with a margin and a bound."""

import pytest

from tests.unit.market.given import DAY_S, HOUR_S, NOW, SLOT_S
from wattpact.market.forecast import FADE_S, Forecast

CLEAR = [0] * 24 + [1000] * 48 + [0] * 24  # 06:00 to 18:00


def forecast(margin_ppm: int = 1_000_000, slot_wh_max: int = 5000) -> Forecast:
    """A rooftop that is configured for 1000 Wh a slot by day."""
    return Forecast(CLEAR, SLOT_S, 0, margin_ppm, slot_wh_max)


def hour_of(rooftop: Forecast, wh: int, end: int = NOW) -> None:
    """Four slots before `end`, each with `wh`."""
    for slot in range(end - HOUR_S, end, SLOT_S):
        rooftop.record(slot, wh)


def test_a_new_rooftop_offers_its_configured_clear_day() -> None:
    """Nothing at night, and only the margin of it by day."""
    assert forecast().expected(NOW) == 1000
    assert forecast(margin_ppm=900_000).expected(NOW) == 900
    assert forecast().expected(NOW + 12 * HOUR_S) == 0


def test_a_cloudy_hour_lowers_the_next_and_not_tomorrow() -> None:
    """Half the usual yield: half now, three quarters half-way through the fading, all of it afterwards."""
    rooftop = forecast()
    hour_of(rooftop, 500)
    assert rooftop.expected(NOW) == 500
    assert rooftop.expected(NOW + FADE_S // 2) == 750
    assert rooftop.expected(NOW + FADE_S) == 1000
    assert rooftop.expected(NOW + DAY_S + HOUR_S) == 1000


def test_a_better_hour_raises_the_next_within_limits() -> None:
    """At most twice the usual, at most what the panels can yield; a dead hour leaves a tenth."""
    for wh, wanted in ((1500, 1500), (4000, 2000), (0, 100)):
        rooftop = forecast()
        hour_of(rooftop, wh)
        assert rooftop.expected(NOW) == wanted
    small = forecast(slot_wh_max=1200)
    hour_of(small, 1500)
    assert small.expected(NOW) == 1200


def test_the_usual_day_is_learnt() -> None:
    """After a week of 400 Wh a slot the clear day is no longer what is usual."""
    rooftop = forecast()
    for day in range(7, 0, -1):
        for slot in range(NOW - day * DAY_S - HOUR_S, NOW - day * DAY_S + 4 * HOUR_S, SLOT_S):
            rooftop.record(slot, 400)
    assert rooftop.expected(NOW) == 400
    hour_of(rooftop, 200)
    assert rooftop.expected(NOW) == 200


def test_the_first_hour_after_night_is_not_compared_with_nothing() -> None:
    """Where nothing is usual, whatever came says nothing."""
    rooftop = forecast()
    dawn = NOW - 2 * HOUR_S
    hour_of(rooftop, 3, dawn)
    assert rooftop.expected(dawn) == 1000


def test_readings_may_come_in_any_order_and_twice() -> None:
    """The last hour is the last hour of slots, not the last four calls."""
    ordered = forecast()
    hour_of(ordered, 500)
    mixed = forecast()
    for slot in (NOW - SLOT_S, NOW - HOUR_S, NOW - 5 * SLOT_S, NOW - 2 * SLOT_S, NOW - 3 * SLOT_S):
        mixed.record(slot, 9)
        mixed.record(slot, 9 if slot < NOW - HOUR_S else 500)
    assert mixed.expected(NOW) == ordered.expected(NOW) == 500


@pytest.mark.parametrize("margin_ppm", [0, 1_000_001])
def test_a_margin_is_a_share(margin_ppm: int) -> None:
    """More than the forecast is never offered."""
    with pytest.raises(ValueError, match="margin_ppm"):
        forecast(margin_ppm)
