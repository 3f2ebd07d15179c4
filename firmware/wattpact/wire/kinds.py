# SPDX-License-Identifier: Apache-2.0
"""Kinds of field value: each checks what the codec decoded and returns it in the shape the program uses.

A kind bounds everything: no field of a message is unbounded. Anything else is a WireError that names the field.
"""

from ..errors import WireError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class UInt:
    """0 <= n <= most."""

    def __init__(self, most: int, least: int = 0) -> None:
        self.most = most
        self.least = least

    def check(self, value: "Any", name: str) -> int:
        if type(value) is not int or not self.least <= value <= self.most:
            raise WireError(name)
        return value


class Raw:
    """A byte string of one of the given lengths."""

    def __init__(self, *lengths: int) -> None:
        self.lengths = lengths

    def check(self, value: "Any", name: str) -> bytes:
        if type(value) is not bytes or len(value) not in self.lengths:
            raise WireError(name)
        return value


class Point:
    """An uncompressed point of 65 bytes; whether it lies on the curve is the ledger's question (R20)."""

    def check(self, value: "Any", name: str) -> bytes:
        if type(value) is not bytes or len(value) != 65 or value[0] != 4:
            raise WireError(name)
        return value


class Blob:
    """A byte string of at most `most` bytes, an envelope inside an envelope."""

    def __init__(self, most: int) -> None:
        self.most = most

    def check(self, value: "Any", name: str) -> bytes:
        if type(value) is not bytes or len(value) > self.most:
            raise WireError(name)
        return value


class Text:
    """Printable ASCII of at most `most` characters."""

    def __init__(self, most: int) -> None:
        self.most = most

    def check(self, value: "Any", name: str) -> str:
        if type(value) is not str or len(value) > self.most:
            raise WireError(name)
        return value


class Flag:
    """True or false."""

    def check(self, value: "Any", name: str) -> bool:
        if type(value) is not bool:
            raise WireError(name)
        return value


class Array:
    """`least` to `most` values of one kind."""

    def __init__(self, kind: "Any", most: int, least: int = 0) -> None:
        self.kind = kind
        self.most = most
        self.least = least

    def check(self, value: "Any", name: str) -> "list[Any]":
        if type(value) not in (list, tuple) or not self.least <= len(value) <= self.most:
            raise WireError(name)
        kind = self.kind
        if type(kind) is not UInt:
            return [kind.check(item, name) for item in value]
        # Energies by the dozen: a call for each would cost more than the test.
        least, most = kind.least, kind.most
        for item in value:
            if type(item) is not int or not least <= item <= most:
                raise WireError(name)
        return list(value)


class Row:
    """A fixed sequence of values, each of its own kind; names say what the places mean."""

    def __init__(self, *places: "tuple[str, Any]") -> None:
        self.places = places

    def check(self, value: "Any", name: str) -> "tuple[Any, ...]":
        if type(value) not in (list, tuple) or len(value) != len(self.places):
            raise WireError(name)
        return tuple([kind.check(item, place) for item, (place, kind) in zip(value, self.places)])
