# SPDX-License-Identifier: Apache-2.0
"""A running virtual board for a test, and the unmodified mpremote as its user."""

import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sim.board.board import Board

LIMIT_S = 120
STEP_S = 0.02


@contextmanager
def running(folder: Path, **options: Any) -> Generator[Board]:
    """Switched on, and off at the end; what made it fail is raised there."""
    board = Board(folder, **options)
    board.start()
    try:
        yield board
    finally:
        board.stop()


def mpremote(board: Board, *words: str) -> "subprocess.CompletedProcess[str]":
    """`mpremote connect PTY words...`, whatever its exit status."""
    command = [sys.executable, "-m", "mpremote", "connect", board.path, *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=LIMIT_S)


def told(board: Board, *words: str) -> str:
    """What it printed; it succeeded."""
    done = mpremote(board, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def until(is_so: Callable[[], object]) -> None:
    """Wait for it, however slow the machine is."""
    end = time.monotonic() + LIMIT_S
    while not is_so():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(STEP_S)


def file(folder: Path, name: str) -> Path:
    """Where a file of the board's flash lies, in a folder that exists."""
    path = folder / "vfs" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
