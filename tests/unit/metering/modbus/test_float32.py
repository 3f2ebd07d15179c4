# SPDX-License-Identifier: Apache-2.0
"""float32 to integers, against the arithmetic of fractions."""

from fractions import Fraction
from struct import pack, unpack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattpact.errors import BusError
from wattpact.metering.modbus.float32 import scaled


def bits(value: float) -> int:
    return int.from_bytes(pack(">f", value), "big")


@pytest.mark.parametrize(
    ("value", "scale", "integer"),
    [
        (230.2, 1000, 230_200),
        (-196.3, 1000, -196_300),
        (49.98, 1000, 49_980),
        (478.492, 10**9, 478_492_004_395),  # the float is 478.49200439453125
        (0.0, 1000, 0),
        (-0.0, 1000, 0),
        (0.0005, 1000, 1),  # a little more than half
        (-0.5, 1, -1),
        (16_777_216.0, 1, 16_777_216),
        (1e-45, 10**9, 0),
    ],
)
def test_values_of_meters_become_the_nearest_integer(
    value: float, scale: int, integer: int
) -> None:
    """In units of a thousandth, or of a uWh."""
    assert scaled(bits(value), scale) == integer


@pytest.mark.parametrize("pattern", [0x7F800000, 0xFF800000, 0x7FC00000, 0x7FFFFFFF])
def test_what_is_no_number_is_the_meters_fault(pattern: int) -> None:
    """Infinite, or not a number."""
    with pytest.raises(BusError, match="not a number: %08X" % pattern):
        scaled(pattern, 1000)


@given(st.integers(0, 0xFFFFFFFF), st.sampled_from([1, 10, 1000, 10**9]))
def test_every_float_is_rounded_exactly_once(pattern: int, scale: int) -> None:
    """Half away from zero, for any bits that are a number."""
    if pattern >> 23 & 0xFF == 0xFF:
        pattern ^= 1 << 30
    exact = Fraction(unpack(">f", pattern.to_bytes(4, "big"))[0]) * scale
    nearest = int(abs(exact) + Fraction(1, 2))
    assert scaled(pattern, scale) == (-nearest if exact < 0 else nearest)
