# SPDX-License-Identifier: Apache-2.0
"""Points and sums of points, against an independent library and at every special place."""

import ast
import inspect
import random
from importlib import import_module
from itertools import pairwise
from typing import Any

import pytest

from tests.vectors.reading import cases
from wattpact.crypto import comb, field, p256
from wattpact.crypto.field import N, P

oracle: Any = import_module("ecdsa")  # untyped

GENERATOR: Any = oracle.NIST256p.generator
Affine = tuple[int, int]


def times(scalar: int) -> Affine:
    """scalar x G, as the independent library has it."""
    point = GENERATOR * (scalar % N)
    return point.x(), point.y()


G = times(1)


def affine(point: tuple[int, int, int]) -> Affine | None:
    """(x, y) of a Jacobian point; None at infinity."""
    x, y, z = point
    return (x * pow(z, -2, P) % P, y * pow(z, -3, P) % P) if z else None


def jacobian(point: Affine, z: int) -> tuple[int, int, int]:
    """The point with a Z of one's own."""
    return point[0] * z * z % P, point[1] * z**3 % P, z


@pytest.mark.parametrize("case", cases("crypto/points.json"))
def test_a_public_key_is_a_point_on_the_curve_in_its_one_encoding(case: "dict[str, Any]") -> None:
    """Everything else is none, and no error."""
    raw = bytes.fromhex(case["hex"])
    assert p256.on_curve(raw) is case["ok"]
    point = p256.decode_point(raw)
    assert (point is not None) is case["ok"]
    if point is not None:
        assert p256.encode_point(point) == raw


@pytest.mark.parametrize("count", [0, 1, 2, 5, 64])
def test_doubling_doubles_as_often_as_it_is_told(count: int) -> None:
    """Also not at all; infinity stays infinity."""
    assert affine(p256.double(*jacobian(times(7), 99), count, P)) == times(7 << count)
    assert p256.double(1, 1, 0, count, P)[2] == 0


@pytest.mark.parametrize("z", [1, 2, P - 1, 12345 << 200])
def test_adding_is_complete_with_the_prime(z: int) -> None:
    """Different, equal and opposite points, and infinity."""
    for one, two in ((5, 9), (5, 5), (N - 3, 3), (1, N - 2)):
        total = p256.add(*jacobian(times(one), z), times(two), P)
        assert affine(total) == (times(one + two) if (one + two) % N else None)
    assert affine(p256.add(1, 1, 0, times(4), P)) == times(4)


def test_points_are_brought_to_affine_form_together() -> None:
    """In their order, with one inversion."""
    points = [jacobian(times(scalar), scalar * 7919) for scalar in range(1, 20)]
    assert p256.affine(points) == [times(scalar) for scalar in range(1, 20)]


def test_two_points_are_added_with_the_inverse_of_their_width() -> None:
    """Whoever calls has inverted the difference of both x."""
    one, other = times(5), times(8)
    assert p256.add_affine(one, other, pow(other[0] - one[0], -1, P), P) == times(13)


@pytest.mark.parametrize("blind", [1, 2, P - 1, 0x123456789ABCDEF << 100])
def test_columns_add_up_by_powers_of_two_and_a_blind_changes_nothing(blind: int) -> None:
    """Columns of several points, of one, and empty ones below the top."""
    columns = [[times(2), times(7)], [times(5)], [], [times(3), times(11)], []]
    x, y, zz, zzz = p256.sum_columns(iter(columns), blind)
    total = 2 * (3 + 11 + 4 * 5 + 8 * 9)
    assert (x * pow(zz, -1, P) % P, y * pow(zzz, -1, P) % P) == times(total)
    assert zz**3 % P == zzz**2 % P


@pytest.mark.parametrize("other", [6, N - 6])
def test_a_sum_in_which_equal_or_opposite_points_meet_is_marked(other: int) -> None:
    """ZZ is 0 and stays 0, whatever comes after."""
    columns = [[times(3)], [times(other)], [times(1)], [times(9)]]  # 2 x 3 meets 6 or -6
    assert p256.sum_columns(iter(columns), 5)[2] == 0


@pytest.mark.parametrize(
    "scalar", [1, 2, 15, 16, 17, 31, 32, 33, 1 << 255, N - 1, N >> 1, (1 << 256) - 1]
)
def test_odd_digits_are_odd_few_and_add_up(scalar: int) -> None:
    """None above 15, and never two of five neighbours."""
    digits = p256.odd_digits(scalar)
    assert sum(digit << weight for weight, digit in enumerate(digits)) == scalar
    assert all(digit == 0 or (digit & 1 and abs(digit) < 16) for digit in digits)
    places = [weight for weight, digit in enumerate(digits) if digit]
    assert all(after - before >= 5 for before, after in pairwise(places))


def test_odd_multiples_are_those_that_digits_name() -> None:
    """1, 3 ... 15, of a point and of its opposite."""
    assert p256.odd_multiples(*times(77)) == [times(77 * odd) for odd in range(1, 16, 2)]
    assert p256.odd_multiples(*times(N - 1)) == [times(-odd) for odd in range(1, 16, 2)]


@pytest.mark.parametrize("scalar", [1, 2, 3, 77, N - 2, N - 1, 0xABCDEF << 200])
def test_a_sum_with_a_multiple_is_complete(scalar: int) -> None:
    """With columns of the same point: none, equal halves, opposite halves and anything else."""
    point = times(13)
    for weight in (0, 1, 2, 77, scalar, N - scalar):
        columns = [[times(13 * weight)]] if weight else []
        total = 13 * (weight + scalar) % N
        expected = times(total) if total else None
        result = p256.sum_with_multiple(iter(columns), len(columns), scalar, point, P)
        assert affine(result) == expected


def test_a_sum_with_a_multiple_equals_the_librarys_for_any_scalar() -> None:
    """Columns at several weights beside it, the last one weighing 1."""
    draw = random.Random(2)
    for _case in range(20):
        factors = [draw.randrange(1, N) for _column in range(draw.randrange(20))]
        scalar = draw.randrange(1, N)
        total = 5 * scalar + sum(factor << weight for weight, factor in enumerate(factors[::-1]))
        columns = iter([[times(factor)] for factor in factors])
        result = p256.sum_with_multiple(columns, len(factors), scalar, times(5), P)
        assert affine(result) == times(total)


@pytest.mark.parametrize("module", [p256, comb, field])
def test_what_is_reduced_is_always_a_new_number(module: Any) -> None:
    """A modulus may write into its left side: a sum, a difference or a product, never a name."""
    reductions = [
        node
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod)
        if isinstance(node.right, ast.Name) and node.right.id in ("p", "candidate")
    ]
    assert reductions or module is comb
    for node in reductions:
        assert isinstance(node.left, ast.BinOp), ast.unparse(node)
        assert isinstance(node.left.op, (ast.Add, ast.Sub, ast.Mult)), ast.unparse(node)
