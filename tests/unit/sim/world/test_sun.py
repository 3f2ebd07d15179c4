# SPDX-License-Identifier: Apache-2.0
"""The sun stands where it stands, and light splits and tilts as the sources say."""

from calendar import timegm
from itertools import pairwise
from math import asin, atan2, degrees

import pytest

from sim.world.sun import (
    Plane,
    Site,
    clear_level_w_m2,
    diffuse_share,
    light_of,
    sun_at,
)

SITE = Site(latitude=50.0, longitude=10.0)


def _elevation(site: Site, *utc: int) -> float:
    return degrees(asin(sun_at(site, timegm((*utc, 0))).up))


@pytest.mark.parametrize(
    ("month", "day", "elevation"), [(3, 20, 40.04), (6, 21, 63.44), (9, 22, 40.11), (12, 21, 16.56)]
)
def test_the_noon_sun_is_as_high_as_the_season_says(month: int, day: int, elevation: float) -> None:
    """90 degrees less the latitude, plus or less 23.4 at the solstices; noon at 10 E is about 11:20 UTC."""
    assert _elevation(SITE, 2025, month, day, 11, 20) == pytest.approx(elevation, abs=0.05)


def test_the_noon_sun_stands_in_the_south_and_the_morning_sun_in_the_east() -> None:
    """Azimuth within a degree of south at solar noon; before it east, after it west."""
    noon = sun_at(SITE, timegm((2025, 6, 21, 11, 22, 0)))
    assert abs(degrees(atan2(noon.east, -noon.north))) < 1.0
    assert sun_at(SITE, timegm((2025, 6, 21, 5, 0, 0))).east > 0.8
    assert sun_at(SITE, timegm((2025, 6, 21, 17, 0, 0))).east < -0.8


def test_the_southern_hemisphere_has_its_noon_sun_in_the_north() -> None:
    """Nothing in the geometry is about Europe."""
    noon = sun_at(Site(-34.0, 18.5), timegm((2025, 6, 21, 10, 48, 0)))
    assert noon.north > 0.8
    assert degrees(asin(noon.up)) == pytest.approx(32.6, abs=0.1)


def test_the_year_turns_without_a_jump() -> None:
    """The sun at midnight of 31 December and a quarter of an hour later differ by no more than that."""
    before = sun_at(SITE, timegm((2024, 12, 31, 23, 59, 0)))
    after = sun_at(SITE, timegm((2025, 1, 1, 0, 14, 0)))
    for old, new in zip(before[:3], after[:3]):
        assert old == pytest.approx(new, abs=0.07)


def test_the_direction_has_length_one() -> None:
    """East, north and up belong together."""
    sun = sun_at(SITE, timegm((2025, 5, 4, 7, 30, 0)))
    assert sun.east**2 + sun.north**2 + sun.up**2 == pytest.approx(1.0, abs=1e-12)


def test_the_clear_sky_is_haurwitz() -> None:
    """1098 cos z exp(-0.059 / cos z): 1035 W/m2 under an overhead sun, nothing below the horizon."""
    assert clear_level_w_m2(1.0) == pytest.approx(1035.1, abs=0.1)
    assert clear_level_w_m2(0.5) == pytest.approx(487.9, abs=0.1)
    assert clear_level_w_m2(0.0) == 0.0
    assert clear_level_w_m2(-0.3) == 0.0


def test_the_diffuse_share_is_erbs() -> None:
    """Nearly all light is diffuse under thick cloud, a sixth under the clearest sky, and it never rises."""
    assert diffuse_share(0.0) == 1.0
    assert diffuse_share(0.2) == pytest.approx(0.982)
    assert diffuse_share(0.5) == pytest.approx(0.6592, abs=1e-3)
    assert diffuse_share(0.9) == 0.165
    shares = [diffuse_share(step / 100) for step in range(101)]
    assert all(later <= before + 0.01 for before, later in pairwise(shares))


def test_night_has_no_light() -> None:
    """None, not a small figure."""
    assert light_of(sun_at(SITE, timegm((2025, 6, 21, 23, 20, 0))), 1.0) is None


def test_level_light_is_beam_and_sky_together() -> None:
    """What is split adds up again; a level plane sees exactly it."""
    light = light_of(sun_at(SITE, timegm((2025, 6, 21, 9, 0, 0))), 0.8)
    assert light is not None
    assert light.beam_w_m2 * light.up + light.diffuse_w_m2 == pytest.approx(light.level_w_m2)
    assert Plane(0, 180).w_m2(light) == pytest.approx(light.level_w_m2)


def test_a_plane_gains_by_facing_the_sun_and_keeps_the_sky_when_it_does_not() -> None:
    """At noon in December south beats level beats north, and north is not dark."""
    light = light_of(sun_at(SITE, timegm((2025, 12, 21, 11, 20, 0))), 1.0)
    assert light is not None
    south, level, north = (
        Plane(tilt, azimuth).w_m2(light) for tilt, azimuth in ((60, 180), (0, 0), (60, 0))
    )
    assert south > 2 * level
    assert level > north > 0


def test_the_lowest_sun_gives_no_beam() -> None:
    """Under three degrees all light is diffuse, so that no division by nearly nothing makes a flash at sunset."""
    light = light_of(sun_at(SITE, timegm((2025, 3, 20, 5, 40, 0))), 1.0)
    assert light is not None
    assert light.up < 0.0523
    assert light.beam_w_m2 == 0.0
    assert light.diffuse_w_m2 == light.level_w_m2
