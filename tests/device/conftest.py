# SPDX-License-Identifier: Apache-2.0
"""A board at a serial device, flashed and provisioned by the tools.

    pytest tests/device -p no:randomly -n 0 --port /dev/ttyUSB0 --board NAME

Without --port it is a virtual one, on which everything is done from the start.
"""

import json
import subprocess
import sys
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import pytest

from host.cli import main
from tests.broker.service import ROOT, founded
from tools.console import Console

HEAP_KIB = 400  # the code lies on the heap where a board has it in flash
SSID, PASSWORD = "home", "correct horse"
OWNER = "aa" * 8


def pytest_addoption(parser: pytest.Parser) -> None:
    """Which board, and what it measures."""
    parser.addoption("--port", help="serial device of a board; without, a virtual one is started")
    parser.addoption("--board", default="circuitsetup-6ch", help="its folder in boards/")
    parser.addoption("--load", type=int, default=1000, help="W that each of its phases draws now")


@dataclass
class Device:
    """A board that may be spoken to."""

    port: str
    board: str
    load_w: int
    virtual: bool

    def console(self) -> Console:
        """Its prompt, freshly started, with the firmware's folder on the path."""
        console = Console(self.port)
        console.fresh()
        return console


def tool(name: str, *arguments: str, said: str = "") -> str:
    """What a tool of tools/ prints; it succeeded."""
    command = [sys.executable, str(ROOT / "tools" / name), *arguments]
    done = subprocess.run(
        command, input=said, capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def device(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Generator[Device]:
    """The board under test, with this firmware on it."""
    options: Any = request.config.option
    if not hasattr(options, "board"):
        pytest.skip("has a run and an order of its own: pytest tests/device -p no:randomly -n 0")
    port: str = options.port or ""
    board: str = options.board
    load_w: int = options.load
    if port:
        tool("flash.py", "--port", port, "--board", board, "--no-reset")
        yield Device(port, board, load_w, virtual=False)
        return
    flash = tmp_path_factory.mktemp("board")
    asked = ["--board", board, "--heap", str(HEAP_KIB), "--flash", str(flash)]
    asked += ["--load", str(load_w), "--ssid", SSID, "--key", PASSWORD]
    command = [sys.executable, str(ROOT / "tools" / "virtual_board.py"), *asked]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdin is not None
    try:
        port = child.stdout.readline().strip()
        tool("flash.py", "--port", port, "--board", board, "--no-reset")
        yield Device(port, board, load_w, virtual=True)
    finally:
        child.terminate()
        child.wait(60)
        child.stdin.close()
        child.stdout.close()


@pytest.fixture(scope="session")
def provisioned(device: Device, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Enrolled in a network of this machine, by the commands that an installer has."""
    folder = tmp_path_factory.mktemp("town") / "town"
    host = founded(folder)
    broker = ["broker-config", str(folder / "broker"), "--host", "localhost"]
    assert main([*broker, "--network", host.network.hex()]) == 0
    keys = folder / "keys-of-the-board"
    tool("provision.py", "--port", device.port, "key", "--out", str(keys))
    pair = ["--public-key", str(keys / "tls.pub"), "--trading-key", str(keys / "trading.pub")]
    assert main(["enrol", str(folder), *pair, "--roles", "meter", "--owner", OWNER]) == 0
    (register,) = (folder / "broker" / "devices").glob("*/register.cbor")
    tool("provision.py", "--port", device.port, "install", str(register.parent))
    meter = json.loads((ROOT / "boards" / device.board / "board.json").read_text())["meters"][0]
    settings = {
        "slots": 4,
        "usual_day_wh": 150,
        "meter": meter["name"],
        "broker": {"host": "localhost"},
        "access": {"ssid": SSID},
    }
    file = folder / "settings.json"
    file.write_text(json.dumps(settings))
    tool("provision.py", "--port", device.port, "settings", str(file))
    tool("provision.py", "--port", device.port, "password", said=PASSWORD + "\n")
    shown = tool("provision.py", "--port", device.port, "show")
    assert "missing" not in shown
    assert PASSWORD not in shown


@pytest.fixture
def console(device: Device) -> Generator[Console]:
    """At the board's prompt."""
    with device.console() as opened:
        yield opened
