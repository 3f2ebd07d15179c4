# SPDX-License-Identifier: Apache-2.0
"""`python -m host plant`: a plant's node on a PC."""

import argparse
import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from ..clock import SystemClock
from ..errors import PlantError
from ..gateway.line import Address
from ..output import standard_output
from ..service.serve import say
from . import folder
from .memory import PlantMemory
from .running import PlantRun

if TYPE_CHECKING:
    from ..broker.commands import Commands

DONE = 0
PLANT = """
Runs a plant's node: it offers what its panels should yield, answers proposals, and reports what they did yield, all
signed with the plant's key. Yields come from meters on a serial line (Modbus RTU) or from a CSV file that grows.

Begin with --new, which makes the keys. `enrol` takes tls.csr and trading.pub and gives tls.crt, ca.crt, genesis.cbor
and register.cbor; put these into DIR. Then write plant.json; without it, the command shows one that suits the plant.
"""
PLANT_EXAMPLE = """
plant.json:
  {"price_micro": 180000,
   "panels": {"00112233aabbccdd": {"csv": "yield.csv", "column": "east"},
              "00112233aabbccee": {"modbus": "/dev/ttyUSB0", "meter": "sdm120", "address": 1}}}

examples:
  python -m host plant sunfield --new
  python -m host plant sunfield --mqtt mqtts://broker.example.org
"""


def add(commands: "Commands") -> None:
    """Put it beside the other commands."""
    command = commands.add_parser(
        "plant",
        help="run a plant's node on this machine",
        description=PLANT,
        epilog=PLANT_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("folder", metavar="DIR", help="the plant's folder")
    what = command.add_mutually_exclusive_group(required=True)
    what.add_argument("--new", action="store_true", help="make keys and requests in DIR")
    what.add_argument("--mqtt", metavar="URL", help="the broker: mqtts://name[:8883]")
    command.set_defaults(run=_plant)


def _plant(options: argparse.Namespace) -> int:
    if not options.folder:
        raise PlantError("DIR: no folder was named")
    path = Path(options.folder)
    return _new(path) if options.new else _trade(path, Address.parse(options.mqtt))


def _new(path: Path) -> int:
    kid = folder.make(path)
    with standard_output() as stream:
        stream.write("%s: keys of the plant %s\n" % (path, kid))
        stream.write(
            "next    have %s and trading.pub enrolled with the role plant\n" % (path / "tls.csr")
        )
    return DONE


def _trade(path: Path, address: Address) -> int:
    credentials = folder.load(path)
    clock = SystemClock()
    memory = PlantMemory(path / "memory.db")
    try:
        run = PlantRun(credentials, path / "plant.json", memory, address, clock, say)
        asyncio.run(_until_stopped(run))
    finally:
        memory.close()
    return DONE


async def _until_stopped(run: PlantRun) -> None:
    """SIGTERM and Ctrl-C end it in order; what was kept is kept."""
    working = asyncio.ensure_future(run.run())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, working.cancel)
    try:
        await working
    except asyncio.CancelledError:
        say("stopped")
