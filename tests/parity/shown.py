# SPDX-License-Identifier: Apache-2.0
"""What both interpreters share in a case: reading vectors, and one way to print a value (hex bytes, keys ascending)."""

import json
from binascii import hexlify

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def shown(value: "Any") -> str:
    """Text of integers, bytes, texts, flags, None and lists, tuples and maps of them. ValueError for anything else.

    A tuple and a list look alike on purpose: the wire knows only arrays.
    """
    kind: "type[object]" = value.__class__
    if value is None or kind in (bool, int, str):
        return repr(value)
    if kind is bytes:
        return "h'" + hexlify(value).decode() + "'"
    if kind in (list, tuple):
        return "[" + ", ".join([shown(item) for item in value]) + "]"
    if kind is dict:
        return (
            "{" + ", ".join([shown(key) + ": " + shown(value[key]) for key in sorted(value)]) + "}"
        )
    raise ValueError("cannot show a " + kind.__name__)


def vectors(name: str) -> "list[dict[str, Any]]":
    """The cases of tests/vectors/`name`.json; each has a `name`."""
    with open("tests/vectors/" + name + ".json") as file:
        return json.loads(file.read())["cases"]
