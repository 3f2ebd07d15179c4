# SPDX-License-Identifier: Apache-2.0
"""The least heap in which a whole node lives through a morning of trade (board/village.py), and where it goes.

Two ways of having the code: .mpy files, which are copied onto the heap, and a ROMFS, which is executed in place.
"""

import ast
import tempfile
from collections.abc import Callable
from pathlib import Path

from sim.vm.faults import VmError
from sim.vm.machine import Machine
from tools import image
from tools.measures.board.home import Code
from tools.measures.board.village import Life, as_files, in_rom, live
from tools.measures.figures import Figures

STEP_BYTES = 4096
LOW_BYTES, AMPLE_BYTES = 64 << 10, 448 << 10
MOST_BYTES = {
    "files.meter": 280 << 10,
    "files.prosumer": 296 << 10,
    "rom.meter": 204 << 10,
    "rom.prosumer": 212 << 10,
}
"""What is promised until it is less: docs/memory.md."""
MODULES_SHOWN = 12
FORMS: "dict[str, Callable[[Path], Code]]" = {"files": as_files, "rom": in_rom}
# Prints what each module leaves on the heap, beside those it imports.
IMPORTS = """\
import gc
def take(names):
    gc.collect()
    before = gc.mem_alloc()
    for name in names:
        __import__(name)
        gc.collect()
        now = gc.mem_alloc()
        print(now - before, name)
        before = now
take(%r)
"""
ENTRIES = ("node/meter", "node/runtime", "link/mqtt", "esp32/flash_store", "crypto/signer")


def lives(code: Code, heap_bytes: int, prosumer: bool) -> "Life | None":
    """The life of a node that did everything there is to do and never broke down, or None."""
    try:
        life = live(code, heap_bytes, prosumer)
    except (VmError, ConnectionError):
        return None
    whole = life.certificates and life.checkpoint and not life.faults
    return life if whole else None


def least(code: Code, prosumer: bool) -> int:
    """A multiple of STEP_BYTES in which a node lives, and not in a step less. Believes that more never hurts."""
    low, high = LOW_BYTES // STEP_BYTES, AMPLE_BYTES // STEP_BYTES
    while low < high:
        middle = (low + high) // 2
        if lives(code, middle * STEP_BYTES, prosumer):
            high = middle
        else:
            low = middle + 1
    return low * STEP_BYTES


def by_module(code: Code) -> "list[tuple[int, str]]":
    """Bytes that each module leaves on the heap, the most first; each is imported after all that it imports."""
    names = [name[:-3].replace("/", ".") for name in in_order()]
    machine = Machine(AMPLE_BYTES, code.folders, rom=code.rom)
    lines = machine.run(IMPORTS % ["asyncio", "socket", "json", *names])
    found = [line.split(" ") for line in lines]
    return sorted([(int(size), name) for size, name in found], reverse=True)


def in_order() -> "list[str]":
    """Modules of a meter, each after those that it imports at its top."""
    seen: "list[str]" = []
    begun: "set[str]" = set()

    def visit(name: str) -> None:
        if name not in begun:
            begun.add(name)
            text = (image.FIRMWARE / name).read_text(encoding="utf-8")
            for other in image.imports_of(name, ast.parse(text).body):
                visit(other)
            seen.append(name)

    for entry in ENTRIES:
        visit("wattpact/%s.py" % entry)
    return [name for name in seen if not name.endswith("__init__.py")]


def run(_rounds: int, figures: Figures) -> None:
    """Least heaps, the live bytes of a node that is just built, and the largest modules."""
    with tempfile.TemporaryDirectory() as folder:
        for form, make in FORMS.items():
            code = make(Path(folder) / form)
            for role in ("meter", "prosumer"):
                name = "%s.%s" % (form, role)
                prosumer = role == "prosumer"
                figures.limit("memory." + name, least(code, prosumer), "B", MOST_BYTES[name])
                life = live(code, AMPLE_BYTES, prosumer)
                figures.add("memory.%s.built" % name, life.ready_bytes, "B")
            rows = by_module(code)
            figures.add("memory.%s.modules" % form, sum(size for size, _name in rows), "B")
            for size, name in rows[:MODULES_SHOWN]:
                figures.add("memory.%s.%s" % (form, name), size, "B")
