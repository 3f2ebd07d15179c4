# SPDX-License-Identifier: Apache-2.0
"""Whatever becomes of stdout and stderr, writing to them never raises."""

from io import StringIO
from pathlib import Path

from sim.streams import put


def test_what_arrived_has_nothing_to_say() -> None:
    """The text is there and flushed."""
    stream = StringIO()
    assert put(stream, "text") == ""
    assert stream.getvalue() == "text"


def test_a_stream_that_takes_nothing_says_why() -> None:
    """None was given, closed, full, or of an encoding that lacks a letter."""
    closed = StringIO()
    closed.close()
    assert put(None, "text") == "is closed"
    assert "closed" in put(closed, "text")
    with Path("/dev/full").open("w", encoding="ascii") as full:
        assert put(full, "text") == "No space left on device"
        assert put(full, "lost in silence") == ""
    with Path("/dev/null").open("w", encoding="ascii") as ascii_only:
        assert "ascii" in put(ascii_only, "\u03bc")
