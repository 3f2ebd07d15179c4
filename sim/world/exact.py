# SPDX-License-Identifier: Apache-2.0
"""Sine, cosine and exponential from additions, products and quotients only.

IEEE 754 fixes the result of these operations to the last bit but leaves `sin` and `exp` to each C library, and one
bit near a rounding edge would be another Wh, another signature and another app hash. Accurate to 1e-12, far more than
the sun models need.
"""

PI = 3.141592653589793
_FULL_TURN = 2 * PI
_SINE_TERMS = (3.0, 5.0, 7.0, 9.0, 11.0, 13.0, 15.0, 17.0, 19.0)
_EXPONENT_TERMS = (8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0)
_HALVINGS = 10
_EXPONENT_MIN = -60.0


def radians(degrees: float) -> float:
    """Degrees as radians."""
    return degrees * PI / 180.0


def sine(angle: float) -> float:
    """Taylor series after folding `angle` (radians) into a quarter turn either side of zero."""
    angle -= _FULL_TURN * round(angle / _FULL_TURN)
    if angle > PI / 2:
        angle = PI - angle
    elif angle < -PI / 2:
        angle = -PI - angle
    square = angle * angle
    total = term = angle
    for order in _SINE_TERMS:
        term = -term * square / (order * (order - 1.0))
        total += term
    return total


def cosine(angle: float) -> float:
    """The sine a quarter turn on; radians."""
    return sine(angle + PI / 2)


def exponential(power: float) -> float:
    """e to a `power` <= 0; below -60 it is 0, which is nothing to any use here."""
    if power < _EXPONENT_MIN:
        return 0.0
    small = power / (1 << _HALVINGS)
    total = 1.0
    for order in _EXPONENT_TERMS:
        total = 1.0 + total * small / order
    for _ in range(_HALVINGS):
        total *= total
    return total
