# SPDX-License-Identifier: Apache-2.0
"""The flash image, provisioned, on the virtual board: main.py finds network and time and runs the node."""

import hashlib
import json
import os
import tty
from pathlib import Path

from sim.board.board import Board
from sim.board.flash import BLOCK_BYTES
from sim.board.networks import Networks
from sim.board.wiring import House, wired
from tests.board.virtual import until
from tests.trade.world import World
from tools import image
from tools.virtual_board import described

HEAP_BYTES = 384 * 1024  # the code lies on the heap, where a frozen image would have it in flash
SETTINGS = {
    "slots": 4,
    "usual_day_wh": 150,
    "broker": {"host": "127.0.0.1", "port": 1, "tls": False},
    "access": {"ssid": "home"},
}


def provision(folder: Path) -> None:
    """What flashing and provisioning leave on the chip."""
    flash = folder / "vfs"
    image.make("virtual", flash)
    world = World()
    world.register("home")
    (flash / "node").mkdir()
    (flash / "node" / "genesis.cbor").write_bytes(world.genesis)
    (flash / "node" / "register.cbor").write_bytes(world.registers["home"])
    (flash / "node" / "settings.json").write_text(json.dumps(SETTINGS))
    secret = hashlib.sha256(b"home").hexdigest()
    kept = {"wattpact/trading/b": secret, "wattpact/access/b": b"correct horse".hex()}
    (folder / "nvs.json").write_text(json.dumps(kept))


def test_a_provisioned_board_boots_into_its_node_and_reads_its_meter(tmp_path: Path) -> None:
    """From main.py on the flash to registers of the modelled chip in the store; a broker that is away stops nothing."""
    provision(tmp_path)
    row = described("virtual")
    board = Board(
        tmp_path,
        name=row["name"],
        heap_bytes=HEAP_BYTES,
        flash_blocks=row["files_kib"] * 1024 // BLOCK_BYTES,
        wires=wired(row, House(1_000, row["nominal_v"], row["line_hz"])),
        networks=Networks(ssid="home", key="correct horse"),
    )
    console = os.open(board.path, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
    tty.setraw(console)
    heard = bytearray()

    def told(words: bytes) -> bool:
        try:
            heard.extend(os.read(console, 4096))
        except BlockingIOError:
            pass
        return words in heard

    board.start()
    try:
        until(lambda: told(b"boot 1 on virtual"))
        until(lambda: told(b"network: up"))
        until(lambda: told(b"link: connection lost"))
        until(lambda: b"mmains" in (tmp_path / "vfs" / "state" / "journal.1").read_bytes())
    finally:
        board.stop()
        os.close(console)
    assert b"Traceback" not in heard
    assert b"correct horse" not in heard
