# SPDX-License-Identifier: Apache-2.0
"""The curve P-256 (FIPS 186-5, SP 800-186) in plain integers; nothing here knows what a signature is.

Scalars are written with digits +1 and -1 only, so a multiplication is the same sequence of doublings and
additions whatever the scalar: 52 columns of a 5-tooth comb, one doubling and one addition each. Integers of
varying length still leak through time; a key worth a laboratory belongs in a secure element.
"""

from ..compat import const

TYPE_CHECKING = False
if TYPE_CHECKING:
    Affine = tuple[int, int]
    Jacobian = tuple[int, int, int]

P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
_GX = 0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296
_GY = 0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5

_TEETH = const(5)
_COLUMNS = const(52)  # _TEETH * _COLUMNS = 260 digits, the first multiple of 5 that holds 256 bits
_TABLE = const(16)  # points in a comb: the signs of all teeth but the top one


def inverse(value: int, modulus: int) -> int:
    """1/value mod a prime `modulus`, by extended Euclid: `pow(value, -1, modulus)` is silently 0 on MicroPython.

    Needs value % modulus != 0.
    """
    high, low = modulus, value % modulus
    before, after = 0, 1
    while low > 1:
        quotient, rest = divmod(high, low)
        high, low = low, rest
        before, after = after, before - quotient * after
    return after % modulus


def decode_point(public_key: bytes) -> "Affine | None":
    """(x, y) of an uncompressed point of 65 bytes, or None if it is anything else or not on the curve."""
    if len(public_key) != 65 or public_key[0] != 4:
        return None
    x = int.from_bytes(public_key[1:33], "big")
    y = int.from_bytes(public_key[33:], "big")
    if x >= P or y >= P or (y * y - (x * x - 3) * x - _B) % P:
        return None
    return x, y


def encode_point(point: "Affine") -> bytes:
    """Uncompressed, 65 bytes."""
    return b"\x04" + point[0].to_bytes(32, "big") + point[1].to_bytes(32, "big")


def on_curve(public_key: bytes) -> bool:
    """Whether the 65 bytes are a public key. Infinity has no such encoding, and every point has order n."""
    return decode_point(public_key) is not None


def multiply_base(scalar: int, blind: int) -> "Affine":
    """scalar x G for 0 < scalar < n. `blind`, 0 < blind < p, hides the coordinates; it does not change the result."""
    point = _sum([(_base_comb(), scalar)], blind)
    z_inverse = inverse(point[2], P)
    square = z_inverse * z_inverse % P
    return point[0] * square % P, point[1] * square * z_inverse % P


def double_multiply_x(base_scalar: int, scalar: int, point: "Affine") -> "int | None":
    """x of base_scalar x G + scalar x point, or None at infinity; 0 <= base_scalar < n, 0 < scalar < n."""
    terms = [(_comb(point), scalar)]
    if base_scalar:
        terms.append((_base_comb(), base_scalar))
    x, _y, z = _sum(terms, 1)
    if z == 0:
        return None
    return x * inverse(z * z % P, P) % P


def _sum(terms: "list[tuple[list[Affine], int]]", blind: int) -> "Jacobian":
    """Sum of scalar x point over (comb of the point, scalar), one column of every comb at a time."""
    recoded = [(comb, _signs(scalar), 0 if scalar & 1 else 1) for comb, scalar in terms]
    x, y, z = 1, 1, 0
    for column in range(_COLUMNS - 1, -1, -1):
        x, y, z = _double(x, y, z)
        for comb, signs, flip in recoded:
            index = 0
            for tooth in range(_TEETH - 1, -1, -1):
                index = index + index + (signs >> (tooth * _COLUMNS + column) & 1)
            # The table is for a top tooth of +1; at -1 the entry of the opposite signs is negated.
            top = index >> (_TEETH - 1)
            entry_x, entry_y = comb[(index ^ (top - 1)) & (_TABLE - 1)]
            negate = (1 - top) ^ flip
            x, y, z = _add(x, y, z, entry_x, (entry_y, P - entry_y)[negate], blind)
    return x, y, z


def _signs(scalar: int) -> int:
    """Bit i set where digit i of the odd one of (scalar, n - scalar) is +1, clear where it is -1."""
    odd = (N - scalar, scalar)[scalar & 1]
    return (odd + (1 << (_TEETH * _COLUMNS)) - 1) >> 1


def _comb(point: "Affine") -> "list[Affine]":
    """16 sums of 2**208 Q with plus or minus 2**(52 t) Q for t = 0..3; bit t of the index says plus.

    No addition here can meet equal or opposite points: the multiples differ and are far below n.
    """
    x, y, z = point[0], point[1], 1
    teeth = [(x, y, z)]
    for _tooth in range(1, _TEETH):
        for _column in range(_COLUMNS):
            x, y, z = _double(x, y, z)
        teeth.append((x, y, z))
    spread = _affine(teeth)
    sums = [(spread[_TEETH - 1][0], spread[_TEETH - 1][1], 1)]
    for tooth in range(_TEETH - 2, -1, -1):
        tooth_x, tooth_y = spread[tooth]
        halves: "list[Jacobian]" = []
        for x, y, z in sums:
            halves.append(_add(x, y, z, tooth_x, P - tooth_y, 1))
            halves.append(_add(x, y, z, tooth_x, tooth_y, 1))
        sums = halves
    return _affine(sums)


def _affine(points: "list[Jacobian]") -> "list[Affine]":
    """The same points with Z = 1, for the price of one inversion; none may be infinity."""
    products: "list[int]" = []
    product = 1
    for _x, _y, z in points:
        products.append(product)
        product = product * z % P
    rest = inverse(product, P)
    result: "list[Affine]" = []
    for index in range(len(points) - 1, -1, -1):
        x, y, z = points[index]
        z_inverse = rest * products[index] % P
        rest = rest * z % P
        square = z_inverse * z_inverse % P
        result.append((x * square % P, y * square * z_inverse % P))
    result.reverse()
    return result


def _double(x: int, y: int, z: int) -> "Jacobian":
    """2 x (x, y, z) for a = -3; infinity (z = 0) stays infinity, and no point of odd order has y = 0."""
    delta = z * z % P
    gamma = y * y % P
    beta = x * gamma % P
    alpha = 3 * (x - delta) * (x + delta) % P
    double_x = (alpha * alpha - 8 * beta) % P
    return double_x, (alpha * (4 * beta - double_x) - 8 * gamma * gamma) % P, 2 * y * z % P


def _add(x: int, y: int, z: int, other_x: int, other_y: int, blind: int) -> "Jacobian":
    """(x, y, z) + (other_x, other_y), complete. A sum that starts at infinity is given Z = blind."""
    if z == 0:
        square = blind * blind % P
        return other_x * square % P, other_y * square * blind % P, blind
    square = z * z % P
    width = (other_x * square - x) % P
    height = (other_y * square * z - y) % P
    if width == 0:
        return _double(x, y, z) if height == 0 else (1, 1, 0)
    width_2 = width * width % P
    width_3 = width * width_2 % P
    shift = x * width_2 % P
    sum_x = (height * height - width_3 - 2 * shift) % P
    return sum_x, (height * (shift - sum_x) - y * width_3) % P, z * width % P


_base: "list[list[Affine]]" = []


def _base_comb() -> "list[Affine]":
    """The comb of G, built at first use and kept: 16 points."""
    if not _base:
        _base.append(_comb((_GX, _GY)))
    return _base[0]
