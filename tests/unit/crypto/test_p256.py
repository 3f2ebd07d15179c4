# SPDX-License-Identifier: Apache-2.0
"""Curve arithmetic against an independent library, and at the scalars where a comb meets itself."""

from importlib import import_module
from typing import Any

import pytest

from tests.vectors.reading import cases
from wattpact.crypto import p256
from wattpact.crypto.p256 import N, P

GENERATOR: Any = import_module("ecdsa").NIST256p.generator  # untyped
G: "tuple[int, int]" = (GENERATOR.x(), GENERATOR.y())


@pytest.mark.parametrize("case", cases("crypto/points.json"))
def test_a_point_is_a_key_or_is_refused(case: "dict[str, Any]") -> None:
    """Off the curve, on the twist, not reduced, compressed, infinity, of another length."""
    raw = bytes.fromhex(case["hex"])
    assert p256.on_curve(raw) is case["ok"]
    point = p256.decode_point(raw)
    assert (point is not None) is case["ok"]
    if point is not None:
        assert p256.encode_point(point) == raw


@pytest.mark.parametrize("modulus", [N, P])
@pytest.mark.parametrize("value", [1, 2, 3, 1 << 128, N >> 1, P - N, N - 2])
def test_a_number_times_its_inverse_is_one(value: int, modulus: int) -> None:
    """Also for values above the modulus and below zero."""
    assert p256.inverse(value, modulus) * value % modulus == 1
    assert p256.inverse(value + modulus, modulus) * value % modulus == 1
    assert p256.inverse(-value, modulus) * -value % modulus == 1


def test_small_and_great_multiples_of_g_are_right() -> None:
    """Every scalar of 1..64 and n - 64..n - 1, where doublings meet additions."""
    expected = GENERATOR
    for scalar in range(1, 65):
        affine = (expected.x(), expected.y())
        assert p256.multiply_base(scalar, 1) == affine
        assert p256.multiply_base(N - scalar, 1) == (affine[0], P - affine[1])
        expected = expected + GENERATOR


@pytest.mark.parametrize("tooth", [1, 51, 52, 53, 104, 156, 207, 208, 209, 255])
def test_scalars_at_the_teeth_of_the_comb_are_right(tooth: int) -> None:
    """Powers of two and their neighbours: a single tooth, all teeth but one, a borrow through all of them."""
    for scalar in ((1 << tooth) - 1, 1 << tooth, (1 << tooth) + 1):
        expected = GENERATOR * scalar
        assert p256.multiply_base(scalar % N, 1) == (expected.x(), expected.y())


@pytest.mark.parametrize("blind", [1, 2, P - 1, 0x123456789ABCDEF << 100])
def test_a_blind_changes_nothing(blind: int) -> None:
    """It hides the coordinates on the way and cancels out."""
    assert p256.multiply_base(0xABCDEF << 200, blind) == p256.multiply_base(0xABCDEF << 200, 1)


@pytest.mark.parametrize("base_scalar", [0, 1, 2, 77, N - 1])
@pytest.mark.parametrize("scalar", [1, 2, 77, N - 2, N - 1])
def test_a_sum_of_two_multiples_is_right_even_where_they_meet(
    base_scalar: int, scalar: int
) -> None:
    """With the same point on both sides: equal halves, opposite halves and a missing half."""
    total = (base_scalar + scalar) % N
    expected = (GENERATOR * total).x() if total else None
    assert p256.double_multiply_x(base_scalar, scalar, G) == expected
