# SPDX-License-Identifier: Apache-2.0
"""The modulus p that leaves its result in the integer it was taken of: no copies, and a third less time.

MicroPython takes it that integers never change, and with this one they do: the left side of `expression % modulus`
must be a sum, difference or product that nothing else refers to.

The layout is promised to no one. Before it gives a modulus, `open_modulus` looks whether it is that of a 32-bit port
of MicroPython 1.27, reading only. An integer that does not suit gets MicroPython's own `%`. Nothing is shared between
calls and an integer that nothing else refers to is one thread's own, so there is no lock to take.
"""
# An annotation of `int` would make viper convert the object, so its type stands in a comment:
# pyright: reportTypeCommentUsage=false

import sys

import micropython
import uctypes

from .field import P
from .viper import fold

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .viper import ptr16, ptr32, uint


def open_modulus() -> "Modulus":
    """ValueError, which says why, unless integers are laid out as this file needs it."""
    modulus = Modulus(_type_word())
    _try(modulus)
    return modulus


def _type_word() -> int:
    """The first word of every integer object. ValueError where the others are not what they should be."""
    if sys.maxsize != 0x7FFFFFFF:
        raise ValueError("in place: not a 32-bit port")
    integers = (P * P, 32), (-(P * P), 32), (P * 5, 17), (-(P * 5), 17)
    words = [_words(value) for value, _size in integers]
    for (value, size), (kind, flags, used, _place) in zip(integers, words):
        if kind != words[0][0] or flags & 3 != (value < 0) or flags >> 2 < size or used != size:
            raise ValueError("in place: integers are laid out in another way")
    for (value, size), (_kind, _flags, _used, place) in zip(integers, words):
        expected = abs(value).to_bytes(2 * size, "little")
        if place & 0x80000001 or bytes(uctypes.bytearray_at(place, 2 * size)) != expected:
            raise ValueError("in place: digits of integers are kept in another way")
    return words[0][0]


def _words(value: int) -> "list[int]":
    """An integer object: its type; 1 if negative, 2 if the digits are not its own, and 4 for each digit there is room
    for; digits of 16 bits in use; their address.
    """
    address = id(value)
    if address > 0x7FFFFFFF:
        raise ValueError("in place: an address above 2 GB")
    words = uctypes.bytearray_at(address & 0x7FFFFFFF, 16)
    return [int.from_bytes(words[at : at + 4], "little") for at in (0, 4, 8, 12)]


def _try(modulus: "Modulus") -> None:
    for value in (P * P, -(P * P), (P << 257) + 1, -(P << 257) - 1, P * 5, 5, -5):
        rest = (value + 0) % modulus
        if rest % P != value % P or not 0 <= rest < 1 << 256:
            raise ValueError("in place: a result is wrong")


class Modulus:
    """As viper.Modulus, but the result is the integer itself if it has room for 32 digits; made by `open_modulus`."""

    def __init__(self, type_word: int) -> None:
        # Kept in the object because a viper function that uses globals sets up a handler for exceptions first.
        self._fold: "Callable[..., None]" = fold
        self._id = id
        self._type_word = type_word

    @micropython.viper
    def __rmod__(self, value):  # type: (int) -> int
        """`value` % p for -(2**517) < value < 2**517."""
        # id() puts the address in a small integer, which has no room for the highest bit; that one is not set.
        address = (uint(self._id(value)) << 1) >> 1
        if address & 3:
            return self._divided(value)  # a small integer: its value is all there is
        integer = ptr32(address)
        flags = integer[1]
        size = integer[2]
        if flags < 4 * 32 or flags & 2 or size > 33 or integer[0] != int(self._type_word):
            return self._divided(value)
        place = integer[3]
        digits = ptr16(place)
        while size < 32:
            digits[size] = 0
            size += 1
        self._fold(place, place, size)
        size = 16
        while size and not digits[size - 1]:
            size -= 1
        integer[2] = size
        if flags & 1:
            integer[1] = flags ^ 1
            return self._negated(value)
        return value

    def _divided(self, value: int) -> int:
        """In MicroPython's own way."""
        return value % P

    def _negated(self, value: int) -> int:
        """-`value` for 0 <= value < 2**256."""
        return P - value if value <= P else P + P - value
