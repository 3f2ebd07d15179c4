# SPDX-License-Identifier: Apache-2.0
"""Run a source text on the real MicroPython, in a heap that has one size from start to end.

`heap_bytes` is what a board's firmware gives the collector: objects and the collector's own tables, some 2.5 %.
Code is compiled on that heap as on a board, but the text of the source itself lies outside it. Floats are 64 bits
wide; `time.ticks_us` counts microseconds, `time.ticks_cpu` nothing; OSError carries WASI's numbers.
"""

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from wasmtime import Trap, TrapCode

from .clock import Clock
from .connections import Resolve, nowhere
from .faults import Stopped, TimeBoundExceeded, VmError, VmTrap, guest_error
from .guest import STDERR, STDOUT, Guest, Output, rom_place
from .image import IMAGE, engine, load
from .services import Service

HEAP_BYTES_LEAST = 1024
TIME_BOUND_S = 60
STDERR_KEPT_BYTES = 4096
MOUNT = """\
import sys, uctypes, vfs; vfs.mount(vfs.VfsRom(uctypes.bytearray_at(%d, %d)), "/rom"); sys.path.insert(0, "/rom")
"""


class Machine:
    """A board's interpreter without the board. Every run starts it anew; runs of one machine do not overlap."""

    def __init__(
        self,
        heap_bytes: int,
        folders: Mapping[str, Path] | None = None,
        image: Path = IMAGE,
        services: Mapping[str, Service] | None = None,
        clock: Clock | None = None,
        resolve: Resolve = nowhere,
        rom: bytes = b"",
    ) -> None:
        """`folders` maps a name in the guest, as "/firmware", to a folder here.

        The guest can read them and imports from each, in this order. Nothing else of this machine's files is to be
        seen, not even behind a symbolic link. It may call `services` by modules/outside.py; without `clock` it has
        this machine's. What it dials goes where `resolve` says. `rom` is a ROMFS (bytecode.rom_of), mounted at /rom
        and imported from first: it lies outside of the heap and is executed in place, as in a partition of a flash.
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
        self._services = services
        self._clock = clock
        self._resolve = resolve
        self._rom = rom
        self._engine = engine()
        self._module = load(self._engine, image)

    def run(self, source: str, time_bound_s: float = TIME_BOUND_S) -> list[str]:
        """The lines that `source` prints. GuestError, HeapExhausted, TimeBoundExceeded, VmTrap."""
        written = {STDOUT: bytearray(), STDERR: bytearray()}
        guest = self._guest(source, lambda stream, chunk: written[stream].extend(chunk))
        alarm = threading.Timer(time_bound_s, guest.stop)
        alarm.daemon = True
        alarm.start()
        fault = None
        try:
            fault = fault_of(guest, written[STDERR])
        finally:
            alarm.cancel()
            self.stderr = text(written[STDERR])
        lines = printed_lines(text(written[STDOUT]))
        if fault is None:
            return lines
        if isinstance(fault, Stopped):
            fault = TimeBoundExceeded("no end after %g s" % time_bound_s, [])
        fault.lines = lines
        raise fault

    def start(self, source: str, on_output: Output) -> "Run":
        """Run `source` in a thread of its own, for as long as it likes."""
        return Run(lambda output: self._guest(source, output), on_output)

    def _guest(self, source: str, on_output: Output) -> Guest:
        if "\0" in source:
            raise ValueError("a source cannot hold a NUL: the VM would stop reading there")
        if self._rom:
            source = MOUNT % (rom_place(self._module), len(self._rom)) + source
        options = ["-X", "heapsize=%d" % self.heap_bytes, "-c", source]
        arguments = ["micropython", *options]
        return Guest(
            self._engine,
            self._module,
            arguments,
            self.folders,
            on_output,
            self._services,
            self._clock,
            self._resolve,
            self._rom,
        )


class Run:
    """A guest at work in its own thread, until it ends, or `stop`. `on_output` is called in that thread."""

    def __init__(self, start: Callable[[Output], Guest], on_output: Output) -> None:
        self._on_output = on_output
        self._stderr = bytearray()
        self._fault: Exception | None = None
        self._guest = start(self._hear)
        self._thread = threading.Thread(target=self._work, name="MicroPython", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """It ends where it is, as in a power cut; `join` waits for that."""
        self._guest.stop()

    def wake(self) -> None:
        """What it waits for in asyncio, or with outside.wait, is over at once."""
        self._guest.waiting.wake()

    @property
    def ended(self) -> bool:
        """Whether it is over."""
        return not self._thread.is_alive()

    def join(self, limit_s: float | None = None) -> None:
        """Until it has ended. TimeoutError if that takes longer.

        Raises why it did: GuestError, HeapExhausted, VmTrap, Stopped, or what a service of ours raised.
        """
        self._thread.join(limit_s)
        if self._thread.is_alive():
            raise TimeoutError("the VM is still at work")
        if self._fault is not None:
            raise self._fault

    def _hear(self, stream: int, chunk: bytes) -> None:
        if stream == STDERR:
            self._stderr += chunk
            del self._stderr[:-STDERR_KEPT_BYTES]
        self._on_output(stream, chunk)

    def _work(self) -> None:
        try:
            self._fault = fault_of(self._guest, self._stderr)
        except Exception as error:  # noqa: BLE001 - `join` raises it
            self._fault = error


def fault_of(guest: Guest, stderr: bytearray) -> VmError | None:
    """Why `guest` does not come to its end, None if it does. Anything else it raises is a service's fault."""
    try:
        status = guest.run()
    except Trap as trap:
        if trap.trap_code is TrapCode.INTERRUPT:
            return Stopped("stopped", [])
        return VmTrap(trap.message, [])
    return guest_error(status, text(stderr), []) if status != 0 else None


def text(written: bytearray) -> str:
    """A byte that is no UTF-8 shows as its number."""
    return written.decode("utf-8", "backslashreplace")


def printed_lines(written: str) -> list[str]:
    """Without the empty one after the last line break."""
    lines = written.split("\n")
    return lines[:-1] if lines[-1] == "" else lines
