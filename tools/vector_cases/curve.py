# SPDX-License-Identifier: Apache-2.0
"""P-256 the slow and plain way, for making vectors: affine points, None for infinity, no code of the product."""

P = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
GENERATOR = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)

Affine = tuple[int, int]
Point = Affine | None


def b32(value: int) -> bytes:
    """As it stands in keys and signatures."""
    return value.to_bytes(32, "big")


def lift(x: int) -> Point:
    """The point with this x and an even y, if there is one: p = 3 mod 4, so a square root is a power."""
    square = (x * x * x - 3 * x + B) % P
    y = pow(square, (P + 1) // 4, P)
    if y * y % P != square:
        return None
    return x % P, P - y if y & 1 else y


def first_point(start: int, step: int = 1) -> Affine:
    """The first point whose x is `start`, `start + step` and so on."""
    x = start
    while True:
        point = lift(x)
        if point is not None:
            return point
        x += step


def add(one: Point, two: Point) -> Point:
    """The group law, every case of it."""
    if one is None or two is None:
        return two if one is None else one
    if one[0] == two[0]:
        if (one[1] + two[1]) % P == 0:
            return None
        slope = 3 * (one[0] * one[0] - 1) * pow(2 * one[1], -1, P) % P
    else:
        slope = (two[1] - one[1]) * pow(two[0] - one[0], -1, P) % P
    x = (slope * slope - one[0] - two[0]) % P
    return x, (slope * (one[0] - x) - one[1]) % P


def times(scalar: int, point: Point) -> Point:
    """scalar x point by doubling and adding."""
    total: Point = None
    scalar %= N
    while scalar:
        if scalar & 1:
            total = add(total, point)
        point = add(point, point)
        scalar >>= 1
    return total


def finite(point: Point) -> Affine:
    """The point, where it cannot be infinity."""
    if point is None:
        raise ValueError("infinity")
    return point
