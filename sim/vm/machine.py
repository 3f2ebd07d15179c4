# SPDX-License-Identifier: Apache-2.0
"""Run a source text on the real MicroPython, in a heap that has one size from start to end.

`heap_bytes` is what a board's firmware gives the collector: objects and the collector's own tables, some 2.5 %.
Code is compiled on that heap as on a board, but the text of the source itself lies outside it. Floats are 64 bits
wide; `time.ticks_us` counts real microseconds, `time.ticks_cpu` nothing; OSError carries WASI's numbers.
"""

import threading
from collections.abc import Mapping
from pathlib import Path

from wasmtime import Trap, TrapCode

from .faults import TimeBoundExceeded, VmTrap, guest_error
from .guest import STDERR, STDOUT, Guest
from .image import IMAGE, engine, load

HEAP_BYTES_LEAST = 1024
TIME_BOUND_S = 60


class Machine:
    """A board's interpreter without the board. Every run starts it anew; runs of one machine do not overlap."""

    def __init__(
        self, heap_bytes: int, folders: Mapping[str, Path] | None = None, image: Path = IMAGE
    ) -> None:
        """`folders` maps a name in the guest, as "/firmware", to a folder here.

        The guest can read them and imports from each, in this order. Nothing else of this machine's files is to be
        seen, not even behind a symbolic link.
        """
        if heap_bytes < HEAP_BYTES_LEAST:
            raise ValueError("the VM needs a heap of %d bytes at least" % HEAP_BYTES_LEAST)
        self.folders = dict(folders or {})
        for name, folder in self.folders.items():
            if not name.startswith("/") or ":" in name:
                raise ValueError("a folder in the guest is called /name, not %s" % name)
            if not folder.is_dir():
                raise NotADirectoryError(str(folder))
        self.heap_bytes = heap_bytes
        self.stderr = ""  # what the last run wrote there
        self._engine = engine()
        self._module = load(self._engine, image)

    def run(self, source: str, time_bound_s: float = TIME_BOUND_S) -> list[str]:
        """The lines that `source` prints. GuestError, HeapExhausted, TimeBoundExceeded, VmTrap."""
        if "\0" in source:
            raise ValueError("a source cannot hold a NUL: the VM would stop reading there")
        options = ["-X", "heapsize=%d" % self.heap_bytes, "-c", source]
        guest = Guest(self._engine, self._module, ["micropython", *options], self.folders)
        alarm = threading.Timer(time_bound_s, guest.stop)
        alarm.daemon = True
        alarm.start()
        try:
            status = guest.run()
        except Trap as trap:
            told = printed_lines(guest)
            if trap.trap_code is TrapCode.INTERRUPT:
                raise TimeBoundExceeded("no end after %g s" % time_bound_s, told) from None
            raise VmTrap(trap.message, told) from trap
        finally:
            alarm.cancel()
            self.stderr = guest.text(STDERR)
        if status != 0:
            raise guest_error(status, self.stderr, printed_lines(guest))
        return printed_lines(guest)


def printed_lines(guest: Guest) -> list[str]:
    """Without the empty one after the last line break."""
    lines = guest.text(STDOUT).split("\n")
    return lines[:-1] if lines[-1] == "" else lines
