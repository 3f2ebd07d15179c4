# SPDX-License-Identifier: Apache-2.0
"""One way to print a value on both interpreters: bytes as hex, maps by ascending key."""

from binascii import hexlify

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def shown(value: "Any") -> str:
    """Text of integers, bytes, texts, flags, None and lists, tuples and maps of them. ValueError for anything else.

    A tuple and a list look alike on purpose: the wire knows only arrays.
    """
    if value is None or type(value) in (bool, int, str):
        return repr(value)
    if type(value) is bytes:
        return "h'" + hexlify(value).decode() + "'"
    if type(value) in (list, tuple):
        return "[" + ", ".join([shown(item) for item in value]) + "]"
    if type(value) is dict:
        pairs = [shown(key) + ": " + shown(value[key]) for key in sorted(value)]
        return "{" + ", ".join(pairs) + "}"
    raise ValueError("cannot show a " + type(value).__name__)
