# SPDX-License-Identifier: Apache-2.0
"""Progress is for the impatient: silent on short runs, one line on a terminal, few lines in a log."""

import io

from sim.progress import Progress
from tests.sim.sample import SLOT_S, START


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class Closed(io.StringIO):
    """A pipe whose reader has gone."""

    def write(self, text: str, /) -> int:
        raise BrokenPipeError(text)


class Run:
    """Slots that take `slot_s` of real time each, on clocks that a test sets."""

    def __init__(self, stream: io.StringIO, slots: int, slot_s: float) -> None:
        self.now_s = 1_000.0
        self.progress = Progress(stream, 60, slots, lambda: self.now_s, lambda: self.now_s / 2)
        for done in range(1, slots + 1):
            self.now_s += slot_s
            self.progress.slot(done, START + done * SLOT_S, done * 3)


def test_a_short_run_says_nothing() -> None:
    """Three seconds are no reason to talk."""
    for stream in (io.StringIO(), Terminal()):
        Run(stream, 192, 0.015).progress.close()
        assert stream.getvalue() == ""


def test_a_log_gets_a_plain_line_every_ten_seconds() -> None:
    """After 3, 13, 23 ... seconds, whole lines without control characters."""
    stream = io.StringIO()
    Run(stream, 192, 0.25).progress.close()
    lines = stream.getvalue().splitlines()
    assert len(lines) == 5
    assert lines[0] == "  6 %  2025-06-21 03:00  36 contracts  480 meter-slots/CPU s  0:45 left"
    assert "\r" not in stream.getvalue()


def test_a_terminal_has_one_line_that_is_cleared_at_the_end() -> None:
    """It renews itself in place, never more than five times a second, and leaves no trace."""
    stream = Terminal()
    Run(stream, 1_000, 0.01).progress.close()
    text = stream.getvalue()
    assert "\n" not in text
    assert 30 <= text.count("\r") <= 37
    assert text.endswith("\r\x1b[K")
    assert max(map(len, text.split("\r\x1b[K"))) < 80


def test_a_reader_that_goes_away_does_not_end_the_run() -> None:
    """`2>&1 | head` is no reason to lose a simulation."""
    Run(Closed(), 192, 1.0).progress.close()
