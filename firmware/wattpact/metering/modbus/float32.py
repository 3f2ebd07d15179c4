# SPDX-License-Identifier: Apache-2.0
"""float32 (IEEE 754) to integers by integer arithmetic: a board's own floats have 32 bits and would round twice."""

from ...compat import const
from ...errors import BusError

_FRACTION_BITS = const(23)
_BIAS = const(150)  # 127 + 23: the value is a whole significand times 2 ** (exponent - 150)


def scaled(bits: int, scale: int) -> int:
    """The nearest integer to `scale` times the float whose bits these are; halves go away from zero.

    0 <= bits < 2**32. BusError if it is no number: the meter has no such value, or it is no float.
    """
    exponent = bits >> _FRACTION_BITS & 0xFF
    significand = bits & ((1 << _FRACTION_BITS) - 1)
    if exponent == 0xFF:
        raise BusError("not a number: %08X" % bits)
    if exponent:
        significand |= 1 << _FRACTION_BITS
    else:
        exponent = 1
    product = significand * scale
    shift = exponent - _BIAS
    if shift >= 0:
        product <<= shift
    else:
        product = ((product >> (-shift - 1)) + 1) >> 1
    return -product if bits >> 31 else product
