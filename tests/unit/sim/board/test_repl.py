# SPDX-License-Identifier: Apache-2.0
"""What is said on the line, byte by byte, without an interpreter."""

import pytest

from sim.board.terminal.prompt import goes_on
from sim.board.terminal.repl import WINDOW_BYTES, Ending, Job, Kind, Repl


class Unplugged(Exception):
    """There is no more input."""


class Wire:
    """Input that is known beforehand, and what is answered."""

    def __init__(self, keys: bytes, *, raw: bool = False) -> None:
        self._keys = list(keys)
        self.shown = b""
        self.repl = Repl(self._read_byte, self._write, "Banner\n")
        self.repl.raw = raw

    def _read_byte(self) -> int:
        if not self._keys:
            raise Unplugged
        return self._keys.pop(0)

    def _write(self, content: bytes) -> None:
        self.shown += content

    def jobs(self, ending: Ending = Ending.DONE, output: bytes = b"") -> list[Job]:
        """All that is run until the input or the session is over; each prints `output`."""
        found: list[Job] = []
        session = self.repl.jobs()
        try:
            found.append(next(session))
            while True:
                self.shown += output
                self.repl.output_ended()
                found.append(session.send(ending))
        except (StopIteration, Unplugged):
            return found


def test_raw_mode_frames_output_and_error() -> None:
    """OK, output, 04, error, 04, prompt."""
    wire = Wire(b"\x01print(1)\x04")
    [job] = wire.jobs(output=b"1\r\n")
    assert job == Job(Kind.STATEMENTS, "<stdin>", b"print(1)")
    assert wire.shown.endswith(b"raw REPL; CTRL-B to exit\r\n>OK1\r\n\x04\x04>")


def test_raw_paste_says_how_much_may_be_sent() -> None:
    """Window, one credit, another for each window that was read, 04 when all has come."""
    source = b"#" * WINDOW_BYTES + b"x"
    wire = Wire(b"\x05A\x01" + source + b"\x04", raw=True)
    [job] = wire.jobs()
    assert job.source == source
    assert wire.shown == b"raw REPL; CTRL-B to exit\r\n>R\x01\x80\x00\x01\x01\x04\x04\x04>"


def test_raw_paste_can_be_given_up() -> None:
    """With Ctrl-C: nothing runs."""
    wire = Wire(b"\x05A\x01print(1)\x03", raw=True)
    assert wire.jobs() == []
    assert wire.shown.endswith(b"\x01\x04\x04KeyboardInterrupt: \r\n\x04>")


def test_an_unknown_way_of_sending_is_refused() -> None:
    """So that a newer tool falls back."""
    wire = Wire(b"\x05Z\x01", raw=True)
    wire.jobs()
    assert wire.shown.endswith(b">R\x00>")


@pytest.mark.parametrize("raw", [True, False])
def test_ctrl_d_on_an_empty_line_asks_for_a_soft_reset(raw: bool) -> None:
    """And the mode stays as it was."""
    wire = Wire(b"\x04nothing of this is read", raw=raw)
    assert wire.jobs() == []
    assert wire.repl.raw is raw
    assert wire.shown.endswith(b"OK\r\n" if raw else b">>> \r\n")


def test_system_exit_asks_for_a_soft_reset() -> None:
    """As sys.exit() does on a board."""
    wire = Wire(b"exit()\x04more\x04", raw=True)
    assert len(wire.jobs(Ending.EXITED)) == 1


def test_ctrl_a_and_ctrl_b_change_the_mode() -> None:
    """There and back, with what each says first."""
    wire = Wire(b"\x01\x02")
    wire.jobs()
    assert wire.shown == (b"Banner\r\n>>> \r\nraw REPL; CTRL-B to exit\r\n>\r\nBanner\r\n>>> ")


def test_ctrl_c_clears_the_line() -> None:
    """In both modes; a statement that was begun is forgotten."""
    assert Wire(b"spoilt\x03x\x04", raw=True).jobs()[0].source == b"x"
    assert Wire(b"if 1:\r  y\r\x03x\r").jobs()[0].source == b"x"


def test_keys_of_a_terminal_are_no_text() -> None:
    """Arrows are swallowed, backspace takes one back."""
    assert Wire(b"a\x1b[Ab\x7fc\r").jobs()[0].source == b"ac"


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("x = 1", False),
        ("f(1,", True),
        ("x = [1, (2", True),
        ("if x:", True),
        ("if x:\n  y", True),
        ("if x:\n  y\n", False),
        ("@decorated", True),
        ("iffy = 1", False),
        ("'''text", True),
        ("'''text\nmore'''", False),
        ("'(' ", False),
        ("'\\'('", False),
        ("x = 1 + \\", True),
        ("class A: pass", True),
    ],
)
def test_a_statement_goes_on_as_on_a_board(text: str, more: bool) -> None:
    """Brackets, strings of three quotes, a backslash, and blocks until an empty line."""
    assert goes_on(text) is more
