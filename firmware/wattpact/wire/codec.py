# SPDX-License-Identifier: Apache-2.0
"""Deterministic CBOR (RFC 8949 4.2.1), the subset every signed byte is written in: one value, one encoding.

Integers of -2**64 to 2**64 - 1, byte strings, printable ASCII text, arrays, maps with keys 0..23, true and false.
`decode` accepts exactly what `encode` writes, so encoding what was decoded gives the same bytes, and what it
allocates is bounded by the input it was given. The one exception: `encode` writes None as null, because the
ledger hashes a deleted key that way; `decode` refuses it, so no message can carry it.
"""

from ..compat import const
from ..errors import WireError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SIZE_MAX = const(4096)
ITEMS_MAX = const(256)
DEPTH_MAX = const(6)  # arrays and maps inside each other
KEYS = const(24)

_WRITE_DEPTH_MAX = const(
    16
)  # state is deeper than a message; a list that holds itself must still end
_LEAST = (24, 0x100, 0x10000, 0x100000000)


def encode(value: "Any") -> bytes:
    """The one encoding of `value`; tuples are written as arrays. ValueError if it has none."""
    out = bytearray()
    _write(out, (value,), _WRITE_DEPTH_MAX)
    return bytes(out)


def _write(out: bytearray, values: "Any", depth: int) -> None:
    """Append each value; `depth` more levels may open below."""
    for value in values:
        kind = type(value)  # pyright: ignore[reportUnknownVariableType]  # compared, never used as a type
        if kind is int:
            if 0 <= value < 24:
                out.append(value)
            elif value >= 0:
                _write_head(out, 0x00, value)
            else:
                _write_head(out, 0x20, -1 - value)
        elif kind is bytes:
            _write_head(out, 0x40, len(value))
            out += value
        elif kind is list or kind is tuple:
            if depth == 0:
                raise ValueError("nested too deeply")
            _write_head(out, 0x80, len(value))
            _write(out, value, depth - 1)
        elif kind is dict:
            if depth == 0:
                raise ValueError("nested too deeply")
            _write_head(out, 0xA0, len(value))
            _write(out, _in_order(value), depth - 1)
        elif kind is str:
            raw = value.encode()
            if raw and not (min(raw) >= 0x20 and max(raw) <= 0x7E):
                raise ValueError("text is not printable ASCII")
            _write_head(out, 0x60, len(raw))
            out += raw
        elif value is True:
            out.append(0xF5)
        elif value is False:
            out.append(0xF4)
        elif value is None:
            out.append(0xF6)
        else:
            raise ValueError("cannot encode " + kind.__name__)


def _in_order(fields: "dict[int, Any]") -> "list[Any]":
    """[key, value, ...] with keys ascending: a dict's own order means nothing on MicroPython."""
    for key in fields:
        if type(key) is not int or not 0 <= key < KEYS:
            raise ValueError("map key is not an integer of 0..23")
    flat: "list[Any]" = []
    for key in sorted(fields):
        flat.append(key)
        flat.append(fields[key])
    return flat


def _write_head(out: bytearray, major: int, count: int) -> None:
    """Major type (in its place) and argument in the fewest bytes."""
    if count < 24:
        out.append(major | count)
    elif count < 0x100:
        out.append(major | 24)
        out.append(count)
    elif count < 0x10000:
        out.append(major | 25)
        out.append(count >> 8)
        out.append(count & 0xFF)
    elif count < 0x100000000:
        out.append(major | 26)
        out += count.to_bytes(4, "big")
    elif count < 0x10000000000000000:
        out.append(major | 27)
        out += count.to_bytes(8, "big")
    else:
        raise ValueError("integer out of range")


def decode(encoded: bytes, size_max: int = SIZE_MAX, items_max: int = ITEMS_MAX) -> "Any":
    """The value of a whole byte string; arrays come as lists, maps as dicts.

    WireError for anything `encode` does not write, longer than `size_max` bytes, nested deeper than DEPTH_MAX, or
    with more than `items_max` values in one array. Only stored state is read with wider limits than the defaults.
    """
    if len(encoded) > size_max:
        raise WireError("too long")
    values: "list[Any]" = []
    try:
        end = _read(encoded, 0, 1, values, None, DEPTH_MAX, items_max)
    except IndexError:
        raise WireError("truncated")
    if end != len(encoded):
        raise WireError("bytes after the value")
    return values[0]


def decode_first(encoded: bytes, pairs: int) -> "dict[int, Any]":
    """The first `pairs` pairs of a map, for a look at what it claims; whatever follows is not read.

    WireError as of `decode`, or if there are fewer.
    """
    head = encoded[0] if encoded else 0
    if not 0xA0 + pairs <= head <= 0xB7 or len(encoded) > SIZE_MAX:
        raise WireError("not a map of %d pairs" % pairs)
    fields: "dict[int, Any]" = {}
    try:
        _read(encoded, 1, pairs, [], fields, DEPTH_MAX - 1, ITEMS_MAX)
    except IndexError:
        raise WireError("truncated")
    return fields


def _read(
    encoded: bytes,
    at: int,
    count: int,
    items: "list[Any]",
    fields: "dict[int, Any] | None",
    depth: int,
    items_max: int,
) -> int:
    """Read `count` values from index `at` on into `fields`, under their keys, or else into `items`; the index after.

    One call per array or map, none per value: every node and every replica decodes everything. IndexError
    where the input ends too soon.
    """
    size = len(encoded)
    key = last = -1
    value: "Any" = None
    for _ in range(count):
        if fields is not None:
            key = encoded[at]
            at += 1
            if not last < key < KEYS:
                raise WireError("map key")
            last = key
        head = encoded[at]
        at += 1
        number = head & 31
        if number > 23:
            if number > 27:
                raise WireError("indefinite or reserved length")
            width = number - 24
            after = at + (1 << width)
            if after > size:
                raise WireError("truncated")
            number = encoded[at] if width == 0 else int.from_bytes(encoded[at:after], "big")
            if number < _LEAST[width]:
                raise WireError("not the shortest form")
            at = after
        major = head >> 5
        if major == 0:
            value = number
        elif 2 <= major <= 3:
            after = at + number
            if after > size:
                raise WireError("truncated")
            value = encoded[at:after]
            at = after
            if major == 3:
                value = _text(value)
        elif 4 <= major <= 5:
            # Every value takes a byte at least: a count the input cannot hold is refused before it costs anything.
            if depth == 0 or number > size - at or number > (items_max if major == 4 else KEYS):
                raise WireError("nested too deeply or too many values")
            if major == 4:
                value = []
                at = _read(encoded, at, number, value, None, depth - 1, items_max)
            else:
                value = {}
                at = _read(encoded, at, number, items, value, depth - 1, items_max)
        elif 0xF4 <= head <= 0xF5:
            value = head == 0xF5
        elif major == 1:
            value = -1 - number
        else:
            raise WireError("tag, float, null or simple value")
        if fields is None:
            items.append(value)
        else:
            fields[key] = value
    return at


def _text(raw: bytes) -> str:
    """Printable ASCII only: interpreters differ in what else they take for UTF-8."""
    if raw and not (min(raw) >= 0x20 and max(raw) <= 0x7E):
        raise WireError("text is not printable ASCII")
    return raw.decode()
