# SPDX-License-Identifier: Apache-2.0
"""The least heap that a program runs in, found by trying: MicroPython's own figures do not tell it.

Memory in use, at any moment, is less than a program needs: what is free lies in pieces, and what nobody needs any more
stands until it is collected.
"""

from collections.abc import Mapping
from pathlib import Path

from .faults import VmError
from .machine import TIME_BOUND_S, Machine

STEP_BYTES = 1024
END = "END"  # what a program prints last: one that swallows its MemoryError and goes home early has not passed


class NoEnd(Exception):
    """The program came to its end in the largest heap, but did not say so."""


def least_heap(
    source: str,
    low_bytes: int,
    high_bytes: int,
    folders: Mapping[str, Path] | None = None,
    time_bound_s: float = TIME_BOUND_S,
) -> int:
    """A multiple of STEP_BYTES: `source` prints END in it, and not in a step less, or it is `low_bytes`.

    Believes that more memory never hurts. VmError or NoEnd if `source` does not even run in `high_bytes`.
    """
    low, high = -(-low_bytes // STEP_BYTES), high_bytes // STEP_BYTES
    if not 0 < low <= high:
        raise ValueError("no multiple of %d between the bounds" % STEP_BYTES)
    lines = Machine(high * STEP_BYTES, folders).run(source, time_bound_s)
    if lines[-1:] != [END]:
        raise NoEnd("the last line is not %s" % END)
    while low < high:
        middle = (low + high) // 2
        if passes(Machine(middle * STEP_BYTES, folders), source, time_bound_s):
            high = middle
        else:
            low = middle + 1
    return low * STEP_BYTES


def passes(machine: Machine, source: str, time_bound_s: float) -> bool:
    """Whether `source` comes to its end; in a heap that is too small anything may happen before."""
    try:
        return machine.run(source, time_bound_s)[-1:] == [END]
    except VmError:
        return False
