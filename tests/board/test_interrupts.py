# SPDX-License-Identifier: Apache-2.0
"""A terminal's user gets a board back, whatever it runs."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sim.board.board import Board
from tests.board.virtual import file, running, told, until


class Terminal:
    """A terminal program without a person; the line is raw already."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self.shown = b""

    def type(self, keys: bytes) -> None:
        """Send."""
        os.write(self._file, keys)

    def shows(self, text: bytes) -> bool:
        """Whether it has appeared by now."""
        try:
            self.shown += os.read(self._file, 65536)
        except BlockingIOError:
            pass
        return text in self.shown

    def close(self) -> None:
        """Unplug the cable."""
        os.close(self._file)


@contextmanager
def terminal(board: Board) -> Generator[Terminal]:
    """Open, then closed."""
    opened = Terminal(board.path)
    try:
        yield opened
    finally:
        opened.close()


@pytest.mark.parametrize(
    "loop",
    [
        "while True: pass",
        "import time\nwhile True: time.sleep(1000)",
        "import time\nwhile True: time.sleep_ms(1000)",
        "import sys\nsys.stdin.read(1)",
        "import asyncio\nasync def rest():\n    await asyncio.sleep(1000)\nasyncio.run(rest())",
    ],
    ids=["work", "sleep", "sleep_ms", "input", "asyncio"],
)
def test_ctrl_c_ends_what_never_ends(tmp_path: Path, loop: str) -> None:
    """With KeyboardInterrupt, and the interpreter lives on with what it knew."""
    file(tmp_path, "main.py").write_text("kept = 7\nprint('begun')\n%s\n" % loop)
    with running(tmp_path) as board, terminal(board) as user:
        until(lambda: user.shows(b"begun"))
        while not user.shows(b">>> "):
            user.type(b"\x03")
            until(lambda: user.shows(b"KeyboardInterrupt"))
            until(lambda: user.shows(b">>> "))
        user.type(b"kept + 1\r")
        until(lambda: user.shows(b"8\r\n>>> "))


def test_a_program_may_catch_it(tmp_path: Path) -> None:
    """As any exception."""
    main = "print('begun')\ntry:\n    while True: pass\nexcept KeyboardInterrupt: print('caught')\n"
    file(tmp_path, "main.py").write_text(main)
    with running(tmp_path) as board, terminal(board) as user:
        until(lambda: user.shows(b"begun"))
        user.type(b"\x03")
        until(lambda: user.shows(b"caught\r\n"))


def test_mpremote_gets_a_board_that_runs_for_ever(tmp_path: Path) -> None:
    """It sends Ctrl-C first."""
    file(tmp_path, "main.py").write_text("while True: pass\n")
    with running(tmp_path) as board:
        assert told(board, "eval", "1") == "1\n"


def test_a_person_types_and_is_answered(tmp_path: Path) -> None:
    """Values are shown, blocks go on until an empty line, Ctrl-D starts anew, with main.py."""
    file(tmp_path, "main.py").write_text("print('main')\n")
    with running(tmp_path, name="Meter") as board, terminal(board) as user:
        until(lambda: user.shows(b"Meter with ESP32\r\n"))
        until(lambda: user.shows(b">>> "))
        user.type(b"for n in range(2):\r    n * 3\r\r")
        until(lambda: user.shows(b"0\r\n3\r\n>>> "))
        user.type(b"'a\x7fb'\r")
        until(lambda: user.shows(b"'b'\r\n>>> "))
        user.type(b"\x05a = 1\rprint(a + 1)\r\x04")
        until(lambda: user.shows(b"\r\n2\r\n>>> "))
        user.shown = b""
        user.type(b"\x04")
        until(lambda: user.shows(b"MPY: soft reboot\r\nmain\r\n"))


def test_a_board_that_nobody_listens_to_goes_on(tmp_path: Path) -> None:
    """What it prints is lost when there is no more room, and it works on."""
    main = "for n in range(4000): print('x' * 60)\nopen('done', 'w').close()\n"
    file(tmp_path, "main.py").write_text(main)
    with running(tmp_path):
        until(lambda: file(tmp_path, "done").exists())
