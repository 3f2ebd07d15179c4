# SPDX-License-Identifier: Apache-2.0
"""Kinds of field value: exact types and bounds, and an error that names the field."""

from typing import Any

import pytest

from wattpact.errors import WireError
from wattpact.wire.kinds import Array, Blob, Flag, Point, Raw, Row, Text, UInt

PAIR = Row(("first", UInt(9)), ("second", Raw(2)))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (UInt(9, 3), 3),
        (UInt(9, 3), 9),
        (Raw(0, 8), b""),
        (Raw(0, 8), bytes(8)),
        (Point(), b"\x04" + bytes(64)),
        (Blob(3), b"abc"),
        (Text(3), "abc"),
        (Flag(), False),
        (Array(UInt(9), 3), []),
        (Array(UInt(9), 3, 1), [1, 2, 3]),
        (PAIR, (1, b"ab")),
    ],
)
def test_a_value_within_bounds_comes_back_as_it_is(kind: "Any", value: object) -> None:
    """The bounds belong to it."""
    assert kind.check(value, "field") == value


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (UInt(9, 3), 2),
        (UInt(9, 3), 10),
        (UInt(9), True),
        (UInt(9), "1"),
        (UInt(9), None),
        (Raw(8), bytes(7)),
        (Raw(8), "12345678"),
        (Raw(8), bytearray(8)),
        (Point(), b"\x05" + bytes(64)),
        (Point(), b"\x04" + bytes(63)),
        (Point(), "\x04" + "x" * 64),
        (Blob(3), b"abcd"),
        (Blob(3), "abc"),
        (Text(3), "abcd"),
        (Text(3), b"abc"),
        (Flag(), 0),
        (Flag(), None),
        (Array(UInt(9), 3), [1, 2, 3, 4]),
        (Array(UInt(9), 3, 1), []),
        (Array(UInt(9), 3), b"\x01"),
        (Array(UInt(9), 3), {0: 1}),
        (PAIR, [1]),
        (PAIR, [1, b"ab", 0]),
        (PAIR, {0: 1, 1: b"ab"}),
    ],
)
def test_another_value_is_refused_under_the_fields_name(kind: "Any", value: object) -> None:
    """The log of a node says which field a peer got wrong."""
    with pytest.raises(WireError, match="field"):
        kind.check(value, "field")


def test_rows_and_arrays_take_one_shape_whatever_they_were_given() -> None:
    """A list that was decoded and a tuple that was built are the same row."""
    assert PAIR.check([1, b"ab"], "field") == (1, b"ab")
    assert Array(PAIR, 2).check(((1, b"ab"),), "field") == [(1, b"ab")]


def test_a_fault_inside_a_row_names_the_place() -> None:
    """The outer name would not help."""
    with pytest.raises(WireError, match="second"):
        PAIR.check([1, b"abc"], "field")
