# SPDX-License-Identifier: Apache-2.0
"""Where the sun stands and what reaches a tilted plane: closed formulas, no tables, no C mathematics.

Position: the Astronomical Almanac's approximation, as in Michalsky, Solar Energy 40 (1988) 227-235; within 0.01 degrees
from 1950 to 2050, without refraction.
Clear sky: Haurwitz, Journal of Meteorology 2 (1945) 154-166 and 3 (1946) 123-124, constants as in SAND2012-2389.
Direct and diffuse part: Erbs, Klein, Duffie, Solar Energy 28 (1982) 293-302.
Tilted plane: isotropic sky and ground (Liu, Jordan, Solar Energy 7 (1963) 53-74).
"""

from typing import NamedTuple

from wattpact.units import DAY_S

from .exact import cosine, exponential, radians, sine

SOLAR_CONSTANT_W_M2 = 1367.0
GROUND_ALBEDO = 0.2
_J2000 = 946_728_000  # noon UTC of 1 January 2000
# Below 3 degrees of elevation the direct part divides two vanishing figures: all light counts as diffuse there.
_DIRECT_UP_MIN = 0.0523
_CLEARNESS_UP_MIN = 0.065


class Site(NamedTuple):
    """A place on Earth in degrees, north and east positive."""

    latitude: float
    longitude: float


class Sun(NamedTuple):
    """Direction to the sun as a unit vector, and its irradiance outside the atmosphere in W/m2."""

    east: float
    north: float
    up: float
    outside_w_m2: float


class Light(NamedTuple):
    """What reaches the ground: the sun's direction, the beam across it, the sky's and all light on the level, W/m2."""

    east: float
    north: float
    up: float
    beam_w_m2: float
    diffuse_w_m2: float
    level_w_m2: float


def sun_at(site: Site, time: int) -> Sun:
    """The sun over `site` at Unix time `time`."""
    day = (time - _J2000) / DAY_S
    anomaly = _turned(357.528, 0.9856003, day)
    around = radians(1.915 * sine(anomaly) + 0.020 * sine(2 * anomaly))
    longitude = _turned(280.460, 0.9856474, day) + around
    tilt = radians(23.439 - 0.0000004 * day)
    # The sun's direction among the stars, then turned by how far the Earth has turned under them.
    spring, summer, pole = (
        cosine(longitude),
        cosine(tilt) * sine(longitude),
        sine(tilt) * sine(longitude),
    )
    turn = _turned(280.46062 + site.longitude, 360.9856473663, day)
    sin_t, cos_t = sine(turn), cosine(turn)
    meridian, west = spring * cos_t + summer * sin_t, spring * sin_t - summer * cos_t
    sin_l, cos_l = sine(radians(site.latitude)), cosine(radians(site.latitude))
    distance = 1.00014 - 0.01671 * cosine(anomaly) - 0.00014 * cosine(2 * anomaly)
    return Sun(
        east=-west,
        north=cos_l * pole - sin_l * meridian,
        up=sin_l * pole + cos_l * meridian,
        outside_w_m2=SOLAR_CONSTANT_W_M2 / (distance * distance),
    )


def _turned(at_first: float, per_day: float, day: float) -> float:
    """An angle that grows evenly, in radians; the arguments in degrees, `day` since noon of 1 January 2000."""
    return radians((at_first + per_day * day) % 360.0)


def clear_level_w_m2(up: float) -> float:
    """Light on level ground under a clear sky (Haurwitz); `up` is the sine of the sun's elevation."""
    if up <= 0:
        return 0.0
    return 1098.0 * up * exponential(-0.059 / up)


def diffuse_share(clearness: float) -> float:
    """Part of the level light that comes from the whole sky (Erbs); `clearness` 0 dark .. 1 no atmosphere."""
    if clearness <= 0.22:
        return 1.0 - 0.09 * clearness
    if clearness > 0.8:
        return 0.165
    return 0.9511 + clearness * (
        -0.1604 + clearness * (4.388 + clearness * (-16.638 + clearness * 12.336))
    )


def light_of(sun: Sun, cloud: float) -> Light | None:
    """The light under clouds that let the share `cloud` of a clear sky's through; None at night."""
    level = clear_level_w_m2(sun.up) * cloud
    if level <= 0:
        return None
    clearness = level / (sun.outside_w_m2 * max(sun.up, _CLEARNESS_UP_MIN))
    diffuse = level * diffuse_share(clearness)
    beam = 0.0
    if sun.up < _DIRECT_UP_MIN:
        diffuse = level
    else:
        beam = (level - diffuse) / sun.up
    return Light(sun.east, sun.north, sun.up, beam, diffuse, level)


class Plane:
    """A surface tilted by `tilt_deg` from level (0..90), facing `azimuth_deg` clockwise from north."""

    def __init__(self, tilt_deg: float, azimuth_deg: float) -> None:
        tilt, azimuth = radians(tilt_deg), radians(azimuth_deg)
        self._east = sine(tilt) * sine(azimuth)
        self._north = sine(tilt) * cosine(azimuth)
        self._up = cosine(tilt)
        self._sky = (1.0 + self._up) / 2.0
        self._ground = GROUND_ALBEDO * (1.0 - self._up) / 2.0

    def w_m2(self, light: Light) -> float:
        """W/m2 on the plane: beam, sky and ground."""
        east, north, up, beam, diffuse, level = light
        facing = self._east * east + self._north * north + self._up * up
        total = diffuse * self._sky + level * self._ground
        return total + beam * facing if facing > 0 else total
