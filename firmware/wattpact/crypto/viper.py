# SPDX-License-Identifier: Apache-2.0
"""The loops of P-256 that are worth machine code, in one file that MicroPython compiles for the board's processor.

All of it reads and writes buffers that it was given, and integers come and go by to_bytes and from_bytes: nothing
here depends on how MicroPython keeps an integer. Importing this file fails with ImportError on CPython, SyntaxError on
a MicroPython without the emitter, ValueError if it was compiled for another processor. Viper checks no bounds: sizes
are the caller's promise and stand at each function.
"""
# An annotation of `int` would make viper convert the object, so its type stands in a comment:
# pyright: reportTypeCommentUsage=false

import micropython

from ..compat import const
from .field import P

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    # A word that viper uses as an address, of any buffer: it is indexed as a bytearray is, and nothing is checked.
    ptr8 = bytearray
    ptr16 = bytearray
    ptr32 = bytearray
    uint = int

_ROW = const(20)  # digits of 16 bits that each of Lehmer's numbers has room for
_GUARD = const(
    2
)  # zeros below a remainder, so that its two top digits always have a third below them

# Words of `state`, what Lehmer's algorithm knows between two passes.
_BIG = const(0)  # where the greater remainder begins
_SMALL = const(1)
_LAST = const(2)  # the highest digit of a remainder that may be other than zero
_LENGTH = const(3)  # digits in use of the factors
_NEGATIVE = const(4)  # 1 if the factor of the smaller remainder is negative
_TURNED = const(5)  # 1 after an odd number of steps in this pass
_A = const(6)


class Modulus:
    """The p that `expression % modulus` is taken of. The result is congruent and in 0..2**256 - 1, perhaps above p.

    One buffer serves all calls. No other thread runs between its filling and its reading: a port with a global lock
    passes it on between bytecodes, and this is machine code. On a port without one (RP2) each thread needs its own.
    """

    def __init__(self) -> None:
        """ValueError if MicroPython has come to refuse what its documentation calls provisional."""
        # Kept in the object because a viper function that uses globals sets up a handler for exceptions first.
        self._fold: "Callable[..., None]" = fold
        self._out = bytearray(32)
        try:
            rest = -2 % self
        except OverflowError:
            rest = 0
        if rest != P - 2:
            raise ValueError("to_bytes of a negative integer is not in two's complement")

    @micropython.viper
    def __rmod__(self, value):  # type: (int) -> int
        """`value` % p for -(2**517) < value < 2**517."""
        out = self._out
        self._fold(value.to_bytes(66, "little"), out, 33)
        return value.from_bytes(out, "little")


# SP 800-186: 2**256 = 2**224 - 2**192 - 2**96 + 1 mod p. So word k of 32 bits, from the top one down to word 8, is
# added to words k - 1 and k - 8 and taken from words k - 2 and k - 5; by then it has got its share of those above it,
# and 32 additions do what the standard's table needs 55 for. A word is two digits of 16 bits, low and high, in signed
# numbers of 32 bits: they grow to some 20 and are carried only at the end.
@micropython.viper
def fold(source: ptr16, out: ptr16, size: int):
    """Write 32 bytes congruent mod p to `source`, little-endian both; they may be the same memory.

    `source` has `size` digits of 16 bits: 32 without a sign, or 33 in two's complement and within +-2**517.
    """
    top = 0
    if size > 32:
        top = (source[32] ^ 0x8000) - 0x8000
    low15 = source[30] + top
    low14 = source[28] + source[30]
    low13 = source[26] + low14 - low15
    low12 = source[24] + low13 - low14
    low11 = source[22] + low12 - low13 - top
    low10 = source[20] + low11 - low12 - low15
    low9 = source[18] + low10 - low11 - low14
    low8 = source[16] + low9 - low10 - low13 + top
    high15 = source[31]
    high14 = source[29] + high15
    high13 = source[27] + high14 - high15
    high12 = source[25] + high13 - high14
    high11 = source[23] + high12 - high13
    high10 = source[21] + high11 - high12 - high15
    high9 = source[19] + high10 - high11 - high14
    high8 = source[17] + high9 - high10 - high13
    # How often p must be taken away shows in the top digit: as often as the word 8 that would be carried there is
    # folded again. But for a carry from below, once in ten thousand calls; the second turn mends that.
    top = source[15] + high8 - high9 - high12 + high15
    times = top >> 16
    low8 += times
    while True:
        carry = source[0] + low8
        out[0] = carry
        carry = (carry >> 16) + source[1] + high8
        out[1] = carry
        carry = (carry >> 16) + source[2] + low9
        out[2] = carry
        carry = (carry >> 16) + source[3] + high9
        out[3] = carry
        carry = (carry >> 16) + source[4] + low10
        out[4] = carry
        carry = (carry >> 16) + source[5] + high10
        out[5] = carry
        carry = (carry >> 16) + source[6] + low11 - low8
        out[6] = carry
        carry = (carry >> 16) + source[7] + high11 - high8
        out[7] = carry
        carry = (carry >> 16) + source[8] + low12 - low9
        out[8] = carry
        carry = (carry >> 16) + source[9] + high12 - high9
        out[9] = carry
        carry = (carry >> 16) + source[10] + low13 - low10
        out[10] = carry
        carry = (carry >> 16) + source[11] + high13 - high10
        out[11] = carry
        carry = (carry >> 16) + source[12] + low14 - low8 - low11
        out[12] = carry
        carry = (carry >> 16) + source[13] + high14 - high8 - high11
        out[13] = carry
        carry = (carry >> 16) + source[14] + low15 + low8 - low9 - low12
        out[14] = carry
        carry = (carry >> 16) + top
        out[15] = carry
        times = (carry >> 16) - times
        if not times:
            return
        source = out
        top = source[15] + (times << 16)
        low8 = times
        low9 = low10 = low11 = low12 = low13 = low14 = low15 = 0
        high8 = high9 = high10 = high11 = high12 = high13 = high14 = 0


def inverse(value: int, modulus: int) -> int:
    """1/value mod a prime 2**255 < modulus < 2**256. Needs value % modulus != 0."""
    numbers = bytearray(8 * _ROW)
    place = 2 * _GUARD
    numbers[place : place + 32] = modulus.to_bytes(32, "little")
    place = 2 * (_ROW + _GUARD)
    numbers[place : place + 32] = (value % modulus).to_bytes(32, "little")
    numbers[6 * _ROW] = 1
    state = bytearray(40)
    state[4 * _SMALL] = _ROW
    state[4 * _LAST] = _GUARD + 15
    state[4 * _LENGTH] = 1
    found = 1
    while found == 1:
        found = _quotients(numbers, state)
        if found:
            _combine(numbers, state)
        else:
            found = _divide(numbers, state)
    factor = _number(numbers, state[4 * _SMALL] + 2 * _ROW)
    return modulus - factor if state[4 * _NEGATIVE] else factor


def _number(numbers: bytearray, digit: int) -> int:
    return int.from_bytes(numbers[2 * digit : 2 * digit + 32], "little")


def _divide(numbers: bytearray, state: bytearray) -> int:
    """One step of Euclid in MicroPython's own integers, whatever the quotient: 2 if small was the last remainder."""
    big, small = state[4 * _BIG], state[4 * _SMALL]
    quotient, rest = divmod(_number(numbers, big + _GUARD), _number(numbers, small + _GUARD))
    if not rest:
        return 2
    place = 2 * (big + _GUARD)
    numbers[place : place + 32] = rest.to_bytes(32, "little")
    factor = _number(numbers, big + 2 * _ROW) + quotient * _number(numbers, small + 2 * _ROW)
    place = 2 * (big + 2 * _ROW)
    numbers[place : place + 32] = factor.to_bytes(32, "little")
    state[4 * _BIG], state[4 * _SMALL] = small, big
    state[4 * _LENGTH] = 16
    state[4 * _NEGATIVE] ^= 1
    return 1


# Lehmer's way through Euclid's algorithm: the top 30 bits of both remainders tell the next quotients, some nine of
# them, and one pass over all digits takes these steps at once:
#     big, small = a * big - b * small, d * small - c * big    each the other way round after an odd number of steps
# `numbers` has, a row each, big, small, and what value was multiplied by to get big and to get small, mod modulus: the
# sizes of these factors, for one is negative and the other is not.
@micropython.viper
def _quotients(numbers: ptr16, state: ptr32) -> int:
    """Find a, b, c, d below 2**15: 1, or 2 if they make small the last remainder; 0 if there are none."""
    big = state[_BIG]
    small = state[_SMALL]
    last = state[_LAST]
    while not numbers[big + last] | numbers[small + last]:
        last -= 1
    state[_LAST] = last
    x = numbers[big + last] | numbers[small + last]
    shift = 0
    while not x & 0x8000:
        x <<= 1
        shift += 1
    x = numbers[big + last] << (14 + shift)
    x += ((numbers[big + last - 1] << shift) >> 2) + (numbers[big + last - 2] >> (18 - shift))
    y = numbers[small + last] << (14 + shift)
    y += ((numbers[small + last - 1] << shift) >> 2) + (numbers[small + last - 2] >> (18 - shift))
    rest = x
    if x < y:
        x = y
        y = rest
        state[_BIG] = small
        state[_SMALL] = big
        state[_NEGATIVE] ^= 1
    if not y:
        return 0
    whole = 16 * last - shift < 47  # x and y are the whole remainders, times a power of two
    found = 1
    turned = 0
    a = d = 1
    b = c = 0
    while True:
        quotient = 1
        rest = x - y
        if rest >= y:
            quotient = x // y
            rest = x - quotient * y
        if whole and not rest:
            found = 2
            break
        if quotient > 32767:
            break
        next_d = b + quotient * d
        # Collins' condition: however the remainders go on below x and y, this is their quotient.
        if next_d > 32767 or (not whole and (rest < next_d or y - rest < next_d + d)):
            break
        b = a + quotient * c
        a = c
        c = b
        b = d
        d = next_d
        x = y
        y = rest
        turned ^= 1
    if found == 1 and not b:
        # Not one step is certain. Take one that is rather too small; the next pass then sorts the two remainders.
        d = x // (y + 1)
        if not d or d > 32767:
            return 0
        a = 0
        b = c = turned = 1
    state[_TURNED] = turned
    state[_A] = a
    state[_A + 1] = b
    state[_A + 2] = c
    state[_A + 3] = d
    return found


@micropython.viper
def _combine(numbers: ptr16, state: ptr32):
    """Take the steps that `_quotients` found."""
    a = state[_A]
    b = state[_A + 1]
    c = state[_A + 2]
    d = state[_A + 3]
    if state[_TURNED]:
        a = 0 - a
        d = 0 - d
        state[_NEGATIVE] ^= 1
    else:
        b = 0 - b
        c = 0 - c
    big = state[_BIG] + _GUARD
    small = state[_SMALL] + _GUARD
    end = big + state[_LAST] - 1
    carry = 0
    other = 0
    while big < end:
        x = numbers[big]
        y = numbers[small]
        carry += a * x + b * y
        other += c * x + d * y
        numbers[big] = carry
        numbers[small] = other
        carry >>= 16
        other >>= 16
        big += 1
        small += 1
    # The factors have opposite signs, so their sizes add up: to less than 2**32, without a sign.
    a = state[_A]
    b = state[_A + 1]
    c = state[_A + 2]
    d = state[_A + 3]
    big = state[_BIG] + 2 * _ROW
    small = state[_SMALL] + 2 * _ROW
    end = big + state[_LENGTH]
    ucarry = uint(0)
    uother = uint(0)
    while big < end:
        x = numbers[big]
        y = numbers[small]
        ucarry += a * x + b * y
        uother += c * x + d * y
        numbers[big] = int(ucarry)
        numbers[small] = int(uother)
        ucarry >>= 16
        uother >>= 16
        big += 1
        small += 1
    if ucarry or uother:
        numbers[big] = int(ucarry)
        numbers[small] = int(uother)
        state[_LENGTH] += 1


@micropython.viper
def gather(out: ptr8, bits: ptr8, teeth: int, stride: int):
    """out[i], of `stride` bytes: the bits i, i + stride, .. of `teeth` * `stride` in `bits`, the last one highest.

    `bits` is little-endian, teeth <= 8.
    """
    start = 0
    while start < stride:
        digit = 0
        place = start + teeth * stride
        while place >= stride:
            place -= stride
            digit = (digit << 1) | ((bits[place >> 3] >> (place & 7)) & 1)
        out[start] = digit
        start += 1
