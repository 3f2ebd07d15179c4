# SPDX-License-Identifier: Apache-2.0
"""Clouds are the seed's, last for a while, and are thicker in winter."""

from calendar import timegm

from sim.world.weather import clouds

START = timegm((2025, 6, 1, 0, 0, 0))
CET = 3600


def _mean(month: int) -> float:
    start = timegm((2025, month, 1, 0, 0, 0))
    shares = [share for seed in range(40) for share in clouds(seed, "r", start, 28 * 96, 0)]
    return sum(shares) / len(shares) / 1e6


def test_the_seed_and_the_region_decide() -> None:
    """The same twice, another for another seed or region, and a longer run begins like a shorter one."""
    first = clouds(1, "north", START, 192, CET)
    assert clouds(1, "north", START, 192, CET) == first
    assert clouds(1, "north", START, 400, CET)[:192] == first
    assert clouds(2, "north", START, 192, CET) != first
    assert clouds(1, "south", START, 192, CET) != first


def test_a_share_is_between_nothing_and_a_clear_sky() -> None:
    """ppm, whole permille."""
    shares = clouds(3, "r", START, 5000, CET)
    assert all(0 <= share <= 1_000_000 and share % 1000 == 0 for share in shares)
    assert max(shares) > 950_000
    assert min(shares) < 300_000


def test_weather_lasts() -> None:
    """Neighbouring slots are alike: their correlation is over 0.7, a day apart it is far less."""
    shares = clouds(4, "r", START, 96 * 200, CET)
    mean = sum(shares) / len(shares)
    spread = sum((share - mean) ** 2 for share in shares)

    def alike(lag: int) -> float:
        return sum((a - mean) * (b - mean) for a, b in zip(shares, shares[lag:])) / spread

    assert alike(1) > 0.7
    assert alike(96) < 0.5


def test_winter_is_greyer_than_summer() -> None:
    """The mean share of a clear sky's light in December and July."""
    assert 0.4 < _mean(12) < 0.58
    assert 0.62 < _mean(7) < 0.8
