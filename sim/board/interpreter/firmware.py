# SPDX-License-Identifier: Apache-2.0
"""The modules that a board has in its firmware and the VM does not: where they lie, and how much heap they take here.

A board has them in its flash. Here they are imported, and a board's heap is larger by that much, so that what is left
is what a board leaves.
"""

import tempfile
from functools import cache
from pathlib import Path

from sim.board.flash import Flash
from sim.board.resets import Fuse
from sim.vm.bytecode import guest_modules, kept_modules
from sim.vm.clock import ScaledClock
from sim.vm.image import engine, load
from sim.vm.services import Service

from .files import Device, Files, discard
from .guest import BoardGuest

MODULES = Path(__file__).resolve().parent.parent / "rom"
START = "import sys\nsys.path[:]=['','/.rom','/lib']\nimport _board\n"
RUN = START + "_board.run(globals())"
MEASURE = START + (
    "_board.load()\n_board.gc.collect()\n_board.call('measured', _board.gc.mem_alloc())"
)
AMPLE_BYTES = 256 * 1024


@cache
def folders() -> list[Path]:
    """Where they lie, compiled."""
    return [kept_modules(MODULES), guest_modules()]


@cache
def rom_bytes() -> int:
    """Heap that is in use before a board's first line runs. Takes a start of the VM."""
    found: list[int] = []

    def measured(count_bytes: int) -> None:
        found.append(count_bytes)

    machine = engine()
    with tempfile.TemporaryDirectory() as folder:
        flash = Flash(Path(folder), 8, Fuse())
        nothing = Device(lambda most: b"", discard)
        files = Files(flash, folders(), nothing, nothing)
        services: dict[str, Service] = {"measured": measured}
        clock = ScaledClock()
        guest = BoardGuest(
            machine, load(machine), MEASURE, AMPLE_BYTES, files, bool, services, clock, clock.now_ns
        )
        guest.run()
    return found[0]
