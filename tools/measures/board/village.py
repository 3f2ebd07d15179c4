# SPDX-License-Identifier: Apache-2.0
"""A summer morning in a village of eight plants and three homes, one of which runs on the VM.

What its node must have lived through when it is over, the ledger tells: contracts that it signed, ends of delivery,
awards. One for which its heap is too small ends early, or has less of them than the same node on CPython.
"""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sim.fleet import Fleet
from sim.scenario import build
from sim.settings import read
from sim.vm.bytecode import compile_module, guest_modules, rom_of
from tools import image
from wattpact.esp32.flash_store import FlashStore
from wattpact.node.buying import CERTIFICATE_PREFIX
from wattpact.node.meter import CHECKPOINT_KEY
from wattpact.units import HOUR_S

from .home import Code, VmHome
from .outside import STORE_BYTES

SEED = 2
ARGUMENTS = "--meters 3 --plants 8 --prosumers 0.34 --days 1 --seed %d --out" % SEED
MORNING_S = (
    11 * HOUR_S
)  # from midnight: contracts begin at five, two hours after their end they are settled
BOARD = "virtual"  # its image has no machine code
NODE = Path(__file__).parents[1] / "guest" / "program.py"


class Village(Fleet):
    """`vm` is the home on the VM: the first one that is a prosumer's, or is none."""

    def __init__(self, code: Code, heap_bytes: int, prosumer: bool, folder: Path) -> None:
        """`folder` is a new one."""
        settings = read([*ARGUMENTS.split(), str(folder / "out")])
        scenario = build(settings)
        super().__init__(settings, scenario, folder / "chain.db")
        index = [home.roof is not None for home in scenario.homes].index(prosumer)
        written = folder / "node"
        written.mkdir()
        self.vm = VmHome(
            self.founding.homes[index],
            self.founding,
            scenario,
            settings.seed,
            self._clock,
            self._network,
            code,
            heap_bytes,
            written,
        )
        self.twin = self.homes[index]
        """The same node on CPython: it is left out, and says what the other one should have done."""
        self.homes = [home for home in self.homes if home is not self.twin]

    def run(self) -> None:
        """The morning. Raises why the node ended, if it did."""
        self.founding.over_at = self.founding.begin + MORNING_S
        self._clock.at_ms(self._clock.now_ms, self.vm.start)
        try:
            super().run()
        finally:
            self.vm.stop()


@dataclass(frozen=True)
class Life:
    """What one node did in its morning."""

    recorded: int
    """Contracts of both signatures on the chain."""
    ended: int
    """Of them, with its own trade end, and settled."""
    certificates: int
    """Kept in its store."""
    checkpoint: bool
    """It keeps one, of which it checked the quorum."""
    faults: int
    """Times that its core broke down, as with no memory left, and was made anew."""
    ready_bytes: int
    """Alive when it was built."""


def as_files(folder: Path) -> Code:
    """The image of a board and the program of this measure, as .mpy files in the new folder `folder`."""
    image.make(BOARD, folder)
    compile_module(NODE, folder / NODE.name)
    return Code({"/board": folder, "/modules": guest_modules()})


def in_rom(folder: Path) -> Code:
    """The same files, and asyncio, which a board has frozen, as a ROMFS."""
    as_files(folder)
    shutil.copytree(guest_modules(), folder, dirs_exist_ok=True)
    return Code({}, rom_of(folder))


def live(code: Code, heap_bytes: int, prosumer: bool) -> Life:
    """A morning in a heap of that size. VmError or ConnectionError if the node does not live through it."""
    with tempfile.TemporaryDirectory() as name:
        village = Village(code, heap_bytes, prosumer, Path(name))
        try:
            village.run()
            kid = village.vm.kid
            deals = [deal for deal in village.ledger.contracts() if deal.terms.meter == kid]
        finally:
            village.close()
    vm = village.vm
    keys = [key for key, _kept in FlashStore(vm.flash, STORE_BYTES).items()]
    return Life(
        recorded=len(deals),
        ended=len([deal for deal in deals if deal.closing is not None and deal.closing.award]),
        certificates=len([key for key in keys if key[:1] == CERTIFICATE_PREFIX]),
        checkpoint=CHECKPOINT_KEY in keys,
        faults=len([code for code, _text in vm.notes if code == "fault"]),
        ready_bytes=vm.ready_bytes,
    )
