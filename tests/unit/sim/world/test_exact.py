# SPDX-License-Identifier: Apache-2.0
"""The portable functions are the mathematical ones to 1e-12."""

import math

import pytest

from sim.world.exact import cosine, exponential, radians, sine


@pytest.mark.parametrize("step", range(-40, 41))
def test_sine_and_cosine_agree_with_mathematics(step: int) -> None:
    """From minus to plus three turns, quarter turns included."""
    angle = step * math.pi * 3 / 40
    assert sine(angle) == pytest.approx(math.sin(angle), abs=1e-12)
    assert cosine(angle) == pytest.approx(math.cos(angle), abs=1e-12)


@pytest.mark.parametrize("power", [0.0, -1e-9, -0.06, -1.0, -7.5, -59.9, -61.0, -1e9])
def test_the_exponential_agrees_with_mathematics(power: float) -> None:
    """For the powers the sun models use: none is above 0."""
    assert exponential(power) == pytest.approx(math.exp(power), abs=1e-12)


def test_the_last_bit_is_fixed() -> None:
    """The exact floats, so that a platform that computes otherwise is noticed here and not in an app hash."""
    assert sine(1.0).hex() == "0x1.aed548f090ceep-1"
    assert cosine(radians(50.0)).hex() == "0x1.491b7523c161dp-1"
    assert exponential(-0.25).hex() == "0x1.8ebef9eac8301p-1"
