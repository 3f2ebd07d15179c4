# SPDX-License-Identifier: Apache-2.0
"""tools/virtual_board.py runs the boards of boards/, with the chips that board.json names behind the pins it names."""

import json
import signal
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sim.board.board import Board
from sim.board.wiring import House, wired
from tests.board.virtual import LIMIT_S, file, running, told, until

ROOT = Path(__file__).parents[2]
BOARDS = sorted(path.parent.name for path in (ROOT / "boards").glob("*/board.json"))
# UART as board.json of boards/virtual has it, one Modbus request, its answer.
MODBUS = """
from machine import UART, Pin
import time
de = Pin(4, Pin.OUT, value=0)
u = UART(2, 9600, bits=8, parity=None, stop=1, tx=17, rx=16, timeout=500, timeout_char=10)
de(1)
u.write(bytes.fromhex("01040000000271cb"))
u.flush()
de(0)
answer = u.read(9)
import struct
print(round(struct.unpack(">f", answer[3:7])[0]))
"""
# SPI as it has it: unlock, write, read back; then the frequency in 0.01 Hz.
SPI = """
from machine import SPI, Pin
import time
cs = Pin(%d, Pin.OUT, value=1)
spi = SPI(2, baudrate=200000, polarity=1, phase=1, sck=Pin(%d), mosi=Pin(23), miso=Pin(19))
def move(frame):
    answer = bytearray(4)
    cs(0)
    spi.write_readinto(frame, answer)
    cs(1)
    return answer[2] << 8 | answer[3]
time.sleep_ms(100)
move(b"\\x00\\x7f\\x55\\xaa")
move(b"\\x00\\x00\\x00\\x01")
time.sleep_ms(500)
print(move(b"\\x80\\x00\\x00\\x00"), move(b"\\x80\\xf8\\x00\\x00"))
"""


def described(name: str) -> dict[str, object]:
    """Its board.json."""
    return json.loads((ROOT / "boards" / name / "board.json").read_text())


@contextmanager
def wired_board(folder: Path, row: dict[str, object]) -> Generator[Board]:
    """Running."""
    with running(folder, wires=wired(row, House(1000, 230, 50))) as board:
        yield board


@pytest.mark.parametrize("name", BOARDS)
def test_every_board_of_the_project_can_be_wired(name: str) -> None:
    """There is a model of each meter that a board.json names."""
    wired(described(name), House(1000, 230, 50))


def test_a_modbus_meter_answers_on_the_line(tmp_path: Path) -> None:
    """SDM630, phase 1 to neutral, in volts."""
    with wired_board(tmp_path, described("virtual")) as board:
        assert told(board, "exec", MODBUS) == "230\n"


def test_a_chip_answers_behind_its_select(tmp_path: Path) -> None:
    """ATM90E32: what was written stands there, and the mains have 50 Hz; on other pins there is nobody."""
    with wired_board(tmp_path, described("virtual")) as board:
        assert told(board, "exec", SPI % (5, 18)) == "1 5000\n"
        assert told(board, "exec", SPI % (6, 18)) == "65535 65535\n"


def test_a_copied_board_with_other_pins_works(tmp_path: Path) -> None:
    """A folder is all that a board is."""
    row = json.loads(json.dumps(described("virtual")))
    row["buses"]["chip"]["sck"] = 14
    row["meters"][0]["cs"] = 33
    with wired_board(tmp_path, row) as board:
        assert told(board, "exec", SPI % (33, 14)) == "1 5000\n"
        assert told(board, "exec", SPI % (5, 18)) == "65535 65535\n"


class Started:
    """The command, its terminal and its input."""

    def __init__(self, *words: str) -> None:
        command = [sys.executable, str(ROOT / "tools" / "virtual_board.py"), *words]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        assert self.process.stdout is not None
        self.path = self.process.stdout.readline().strip()

    def type(self, line: str) -> None:
        """One line."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def mpremote(self, *words: str) -> str:
        """What it printed."""
        command = [sys.executable, "-m", "mpremote", "connect", self.path, *words]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=LIMIT_S)
        return done.stdout

    def stop(self) -> int:
        """Its exit status."""
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=LIMIT_S)
        return self.process.returncode


@pytest.fixture(name="started")
def one_command(tmp_path: Path) -> Iterator[Started]:
    """With a flash that is kept, stopped if a test forgets."""
    started = Started("--board", "virtual", "--flash", str(tmp_path), "--heap", "80")
    yield started
    if started.process.poll() is None:
        started.stop()


def test_the_command_prints_its_terminal_first_and_ends_when_told(
    started: Started, tmp_path: Path
) -> None:
    """With 0, and what was written is in the folder."""
    started.mpremote("exec", "with open('x', 'w') as f: f.write('kept')")
    free = int(started.mpremote("exec", "import gc; gc.collect(); print(gc.mem_free())"))
    assert 70 * 1024 < free < 80 * 1024
    assert started.stop() == 0
    assert file(tmp_path, "x").read_text() == "kept"


def test_power_and_network_are_cut_by_typing(started: Started, tmp_path: Path) -> None:
    """A board whose power was cut runs main.py again."""
    main = "with open('starts', 'a') as f: f.write('x')\n"
    file(tmp_path, "main.py").write_text(main)
    starts = file(tmp_path, "starts")
    before = len(starts.read_text()) if starts.exists() else 0
    started.type("cut")
    until(lambda: starts.exists() and len(starts.read_text()) > before)
    up = "import network\nn = network.LAN(0)\nn.active(True)\nwhile not n.isconnected(): pass\n"
    started.mpremote("exec", up)
    started.type("down")
    started.mpremote("resume", "exec", "while n.isconnected(): pass")
    started.type("up")
    started.mpremote("resume", "exec", "while not n.isconnected(): pass")


def test_a_board_that_is_not_there_is_named_with_those_that_are() -> None:
    """And the command ends with 1."""
    command = [sys.executable, "tools/virtual_board.py", "--board", "none"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 1
    assert "circuitsetup-6ch" in done.stderr
