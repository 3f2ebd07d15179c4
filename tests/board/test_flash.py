# SPDX-License-Identifier: Apache-2.0
"""tools/flash.py on the virtual board: a power cut at any byte leaves the image before or the new one, never parts."""

import os
import pty
import random
from pathlib import Path

import pytest

from sim.board.board import Board
from tests.board.virtual import file, running, until
from tools import console
from tools.console import Console, ConsoleError
from tools.flash import flash

ROOT = Path(__file__).parents[2]
CUTS = 4
NEVER = 1 << 40
SIZE = 3_000
# What the trial in tools/flash.py imports, and a board.json; main.py tells which image each part is of.
NAMES = ("wattpact/contract/purchase.py", "wattpact/node/meter.py", "wattpact/esp32/start.py")
PACKAGES = ("wattpact", "wattpact/contract", "wattpact/node", "wattpact/esp32")
MAIN = (
    "from wattpact.contract.purchase import IS as a\nfrom wattpact.node.meter import IS as b\n"
    "from wattpact.esp32.start import IS as c\nwith open('/said', 'w') as f: f.write('%d%d%d' % (a, b, c))\n"
)


def image_of(version: int) -> dict[str, bytes]:
    """A small image with the names that count."""
    content = b"IS = %d\n" % version + b"#\n" * (SIZE // 2)
    parts = {name: content for name in NAMES}  # noqa: C420 - fromkeys has the type of NAMES for its keys
    packages = {name + "/__init__.py": b"" for name in PACKAGES}
    boot = (ROOT / "firmware" / "boot.py").read_bytes()
    return {**parts, **packages, "boot.py": boot, "main.py": MAIN.encode(), "board.json": b"{}"}


def flashed(board: Board, version: int) -> None:
    with Console(board.path) as opened:
        flash(opened, image_of(version))


def started(board: Board, folder: Path) -> str:
    """What main.py says after a power cut."""
    said = file(folder, "said")
    said.unlink(missing_ok=True)
    board.cut_power()
    until(lambda: said.exists() and said.read_text())
    return said.read_text()


def test_a_power_cut_while_it_is_flashed_leaves_an_image_that_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And flashing again ends with the new one, whatever was left."""
    draw = random.Random(5)
    whole = sum(map(len, image_of(1).values()))
    with running(tmp_path) as board:
        flashed(board, 1)
        assert started(board, tmp_path) == "111"
        version = 1
        for number in range(CUTS):
            # Every other time near the end, where boot.py, main.py and the name of the image in use are written.
            board.fuse.cut_after(
                draw.randrange(whole) if number % 2 else whole - 200 + 160 * number
            )
            with monkeypatch.context() as hurry:
                hurry.setattr(console, "READ_S", 1)
                try:
                    flashed(board, version + 1)
                except ConsoleError:
                    pass
            board.fuse.cut_after(NEVER)
            assert started(board, tmp_path) in (str(version) * 3, str(version + 1) * 3)
            version += 1
            flashed(board, version)
            assert started(board, tmp_path) == str(version) * 3


def test_a_line_on_which_nobody_answers_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also at a pseudo-terminal, where a read would wait for ever."""
    monkeypatch.setattr(console, "READ_S", 1)
    monkeypatch.setattr(console, "ENTRIES", 1)
    outer, inner = pty.openpty()
    try:
        with pytest.raises(ConsoleError, match="no MicroPython answers"):
            Console(os.ttyname(inner))
    finally:
        os.close(outer)
        os.close(inner)
