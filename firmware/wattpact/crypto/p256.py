# SPDX-License-Identifier: Apache-2.0
"""Points of P-256 (FIPS 186-5, SP 800-186) and sums of many of them; nothing here knows what a signature is.

Three forms, each where it is cheapest: affine (x, y) in tables and for pairs that share one inversion; Jacobian, with
x = X/Z**2 and y = Y/Z**3, for runs of doublings; XYZZ, with ZZ = Z**2 and ZZZ = Z**3 kept apart, where most steps are
additions (the formulas are those of the Explicit-Formulas Database, hyperelliptic.org/EFD). Reducing costs twice a
multiplication here, so there is one `% p` for each sum of products. field.py says what p may be; one of them writes
into the number on its left, so that number is always a new one.
"""

from . import field
from .field import P, inverse_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .field import Modulus

    Affine = tuple[int, int]
    Jacobian = tuple[int, int, int]
    Xyzz = tuple[int, int, int, int]
    Column = list[Affine]

B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
_WINDOW = 5  # bits of a digit of `odd_digits`
_ODD = 1 << (_WINDOW - 2)  # odd multiples such a digit can name: 1, 3 ... 15


def decode_point(public_key: bytes) -> "Affine | None":
    """(x, y) of an uncompressed point of 65 bytes, or None if it is anything else or not on the curve."""
    if len(public_key) != 65 or public_key[0] != 4:
        return None
    x = int.from_bytes(public_key[1:33], "big")
    y = int.from_bytes(public_key[33:], "big")
    if x >= P or y >= P or (y * y - (x * x - 3) * x - B) % P:
        return None
    return x, y


def encode_point(point: "Affine") -> bytes:
    """Uncompressed, 65 bytes."""
    return b"\x04" + point[0].to_bytes(32, "big") + point[1].to_bytes(32, "big")


def on_curve(public_key: bytes) -> bool:
    """Whether the 65 bytes are a public key. Infinity has no such encoding, and every point has order n."""
    return decode_point(public_key) is not None


def double(x: int, y: int, z: int, times: int, p: "Modulus") -> "Jacobian":
    """2**times x (x, y, z) for a = -3: 8 products, 7 reductions each. No point of odd order has y = 0."""
    for _time in range(times):
        twice = y + y
        square = z * z % p
        z = twice * z % p
        half = twice * y % p
        beta = x * (half + half) % p  # 4 x y**2
        slope = 3 * (x - square) * (x + square) % p
        x = (slope * slope - beta - beta) % p
        y = (slope * (beta - x) - (half + half) * half) % p
    return x, y, z


def add(x: int, y: int, z: int, other: "Affine", p: "Modulus") -> "Jacobian":
    """(x, y, z) + other: 11 products, 10 reductions. z = 0 is infinity.

    Complete if p is the prime. With a faster modulus an equal or opposite `other` may go unnoticed, and then z is 0
    mod p from there on.
    """
    if not z:
        return other[0], other[1], 1
    square = z * z % p
    width = (other[0] * square - x) % p
    height = (other[1] * (z * square % p) - y) % p
    if not width and not height:
        return double(x, y, z, 1, p)
    width_2 = width * width % p
    width_3 = width * width_2 % p
    shift = x * width_2 % p
    x = (height * height - width_3 - shift - shift) % p
    return x, (height * (shift - x) - y * width_3) % p, z * width % p


def add_affine(one: "Affine", other: "Affine", inverse_width: int, p: "Modulus") -> "Affine":
    """one + other, given 1/(x of other - x of one): 3 products."""
    x, y = one
    slope = (other[1] - y) * inverse_width % p
    sum_x = (slope * slope - x - other[0]) % p
    return sum_x, (slope * (x - sum_x) - y) % p


def affine(points: "list[Jacobian]") -> "list[Affine]":
    """The same points with Z = 1; none may be infinity."""
    p = field.modulus
    result: "list[Affine]" = []
    for (x, y, _z), inverse_z in zip(points, inverse_all([z for _x, _y, z in points])):
        square = inverse_z * inverse_z % p
        result.append((x * square % p, y * (square * inverse_z % p) % p))
    return result


def sum_columns(columns: "Iterator[Column]", blind: int) -> "Xyzz":
    """The sum of all points, each column weighing half of the one before, and the last one 1. The first has a point.

    A doubling is 9 products and 8 reductions, an addition 10 and 9. `blind`, 0 < blind < p, is the first point's Z.
    Nothing is asked of the values on the way: where equal or opposite points meet, ZZ is 0 mod p and stays so, and the
    sum is not known.
    """
    p = field.modulus
    zz = blind * blind % p
    zzz = zz * blind % p
    top = next(columns)
    x = top[0][0] * zz % p
    y = top[0][1] * zzz % p
    column = top[1:]
    while True:
        for other_x, other_y in column:
            h = (other_x * zz - x) % p
            r = (other_y * zzz - y) % p
            v = h * h % p
            h = h * v % p
            s = x * v % p
            x = (r * r - h - s - s) % p
            y = (r * (s - x) - y * h) % p
            zz = zz * v % p
            zzz = zzz * h % p
        column = next(columns, None)
        if column is None:
            return x, y, zz, zzz
        u = y + y
        v = u * u % p
        w = u * v % p
        s = x * v % p
        m = 3 * (x - zz) * (x + zz) % p
        x = (m * m - s - s) % p
        y = (m * (s - x) - w * y) % p
        zz = v * zz % p
        zzz = w * zzz % p


def odd_digits(scalar: int) -> "list[int]":
    """Digit i weighs 2**i and is 0 or odd, -15..15, one of every six at most (w-NAF, w = 5); 0 < scalar < 2**256.

    How long it takes depends on the scalar: for public ones.
    """
    bits = scalar.to_bytes(35, "little")
    digits = [0] * 257
    carry = 0
    at = 0
    while at < 257:
        window = (bits[at >> 3] | bits[(at >> 3) + 1] << 8) >> (at & 7)
        if (window & 1) == carry:
            at += 1
            continue
        digit = (window & 31) + carry
        carry = digit >> 4
        digits[at] = digit - (carry << 5)
        at += _WINDOW
    return digits


def odd_multiples(x: int, y: int) -> "list[Affine]":
    """1, 3 ... 15 times (x, y). Both summands of a step share their Z (Meloni 2007): 7 products each."""
    p = field.modulus
    z = y + y
    square = z * z % p
    cube = z * square % p
    odd_x = x * square % p
    odd_y = y * cube % p
    slope = 3 * (x - 1) * (x + 1) % p
    twice_x = (slope * slope - odd_x - odd_x) % p
    twice_y = (slope * (odd_x - twice_x) - odd_y) % p
    multiples: "list[Jacobian]" = [(x, y, 1)]
    for _multiple in range(1, _ODD):
        width = odd_x - twice_x
        height = odd_y - twice_y
        square = width * width % p
        twice_x = twice_x * square % p
        shift = odd_x * square % p
        odd_x = (height * height - twice_x - shift) % p
        twice_y = twice_y * (shift - twice_x) % p
        odd_y = (height * (twice_x - odd_x) - twice_y) % p
        z = z * width % p
        multiples.append((odd_x, odd_y, z))
    return affine(multiples)


def sum_with_multiple(
    columns: "Iterator[Column]", rows: int, scalar: int, point: "Affine", p: "Modulus"
) -> "Jacobian":
    """scalar x point, without a table of the point, and the sum of the last `rows` columns, weighed as above.

    Complete if p is the prime, else as `add`. 0 < scalar < n; takes a time that depends on the scalar.
    """
    digits = odd_digits(scalar)
    multiples = odd_multiples(point[0], point[1])
    x, y, z = 1, 1, 0
    doublings = 0
    for weight in range(len(digits) - 1, -1, -1):
        if z:
            doublings += 1
        digit = digits[weight]
        column = next(columns) if weight < rows else ()
        if not digit and not column:
            continue
        x, y, z = double(x, y, z, doublings, p)
        doublings = 0
        if digit:
            odd_x, odd_y = multiples[abs(digit) >> 1]
            x, y, z = add(x, y, z, (odd_x, odd_y if digit > 0 else P - odd_y), p)
        for other in column:
            x, y, z = add(x, y, z, other, p)
    return double(x, y, z, doublings, p)
