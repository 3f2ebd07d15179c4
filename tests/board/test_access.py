# SPDX-License-Identifier: Apache-2.0
"""Wi-Fi, Ethernet and PPP come up on a board through the one interface, and the program is the same (claim C10)."""

import json
from pathlib import Path
from typing import Any

import pytest

from sim.board.networks import Networks
from sim.board.wires import Wires
from tests.board.virtual import mpremote, running, told
from tools import image

ROOT = Path(__file__).parents[2]
HEAP_BYTES = 160 * 1024
PROGRAM = """
import asyncio, json
from wattpact.esp32.access.chosen import access_of
with open("/board.json") as file:
    fields = json.load(file)["access"]
access = access_of(fields, {"ssid": "home", "apn": "internet"}, "any network", asyncio.sleep_ms)
asyncio.run(access.up())
print(access.is_up())
access.down()
print(access.is_up())
"""
ANSWERS = {
    b"AT+CPIN?\r": b"+CPIN: READY\r\n\r\nOK\r\n",
    b"AT+CEREG?\r": b"+CEREG: 0,1\r\n\r\nOK\r\n",
    b"ATD*99#\r": b"CONNECT 115200\r\n",
}


class Modem:
    """As a SIM7600 with a SIM that is registered answers; what it was told is in `heard`."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self._begun = b""

    def hear(self, content: bytes) -> bytes:
        """Line by line."""
        *lines, self._begun = (self._begun + content).split(b"\r")
        self.heard += lines
        return b"".join(ANSWERS.get(line + b"\r", b"OK\r\n") for line in lines)


def described(name: str) -> dict[str, Any]:
    return json.loads((ROOT / "boards" / name / "board.json").read_text())


@pytest.mark.parametrize(
    ("name", "kind"),
    [("circuitsetup-6ch", "wifi"), ("wt32-eth01", "ethernet"), ("lilygo-t-sim7600", "ppp")],
)
def test_a_link_of_each_type_comes_up_and_goes_down(name: str, kind: str, tmp_path: Path) -> None:
    """By the board.json of a board that has it; where the network is away it says so."""
    access = described(name)["access"]
    assert access["kind"] == kind
    wires, modem = Wires(), Modem()
    if kind == "ppp":
        wires.solder_uart(access["tx"], access["rx"], modem, None)
    image.make(name, tmp_path / "vfs")
    networks = Networks(ssid="home", key="any network")
    with running(tmp_path, heap_bytes=HEAP_BYTES, wires=wires, networks=networks) as board:
        assert told(board, "exec", PROGRAM).split() == ["True", "False"]
        if (
            kind == "wifi"
        ):  # Ethernet waits half a minute for a cable, of PPP it is the modem that says so
            networks.cut()
            assert "LinkError" in mpremote(board, "exec", PROGRAM).stdout
    assert (b"ATD*99#" in modem.heard) == (kind == "ppp")
