# SPDX-License-Identifier: Apache-2.0
"""The interpreter of a board: files are the flash's, input and output are the line's, Ctrl-C reaches it anywhere.

MicroPython looks for a pending exception at every jump and while it sleeps (mp_handle_pending in py/scheduler.c). A
board's interrupt handler leaves KeyboardInterrupt there; so does `interrupt`, in the guest's memory, because a build
for WebAssembly has no interrupts.
"""

import ctypes
import struct
import threading
from collections.abc import Callable, Mapping
from errno import EINTR

from wasmtime import Engine, FuncType, Linker, Module, ValType

from sim.vm.clock import Clock
from sim.vm.connections import Resolve, nowhere
from sim.vm.faults import Stopped
from sim.vm.guest import CLOCK, EVENT, MOMENT, WASI, Guest
from sim.vm.services import WASI_NUMBERS, Service

from .files import STDIN, Files
from .wasi import WasiFiles

# Where variables of mp_state_ctx stand in the build that setup makes (tools/spill_pointers.py has its hash). In
# another build they stand elsewhere, which the test that interrupts an endless loop shows. Found by comparing the
# memory before and after micropython.schedule(), and by what stands behind the two pointers to globals().
PENDING_EXCEPTION = 0x104F0
SCHEDULER_STATE = 0x106A4
SCHEDULER_PENDING = 0
STACK_LIMIT = 0x104D8
STACK_BYTES = 54_000
"""What calls may take of the VM's stack of 64 KiB; the build itself says 40,000, and a node's imports need more."""
EXCEPTION_TRACEBACK = 4  # two words within an exception, cleared before it is raised anew

WANTED = struct.Struct("<QB7xI4xQ8xH6x")  # a mark of the guest's, kind, file, span in ns, flags
ENOTSUP_WASI = 58
REALTIME = 0


class BoardGuest(Guest):
    """One start of a board's interpreter."""

    def __init__(
        self,
        engine: Engine,
        module: Module,
        source: str,
        heap_bytes: int,
        files: Files,
        readable: Callable[[], bool],
        services: Mapping[str, Service],
        clock: Clock,
        realtime_ns: Callable[[], int],
        resolve: Resolve = nowhere,
    ) -> None:
        """`readable` says whether the line has a byte. `clock` runs since the start, `realtime_ns` is the date."""
        self._readable = readable
        self._files = WasiFiles(files, lambda: self)
        self._ticks = clock
        self._realtime_ns = realtime_ns
        self._exception = 0
        self._interrupted = False
        self._lock = threading.Lock()
        options = ["micropython", "-X", "heapsize=%d" % heap_bytes, "-c", source]
        super().__init__(engine, module, options, {}, unheard, services, clock, resolve)
        self._base = ctypes.addressof(self._memory.data_ptr(self._store).contents)

    def deepen_stack(self) -> None:
        """Once, when the interpreter is up."""
        self.write(STACK_LIMIT, struct.pack("<I", STACK_BYTES))

    def accept_interrupts(self, exception: int) -> None:
        """From now on; `exception` is where the guest keeps its KeyboardInterrupt."""
        with self._lock:
            self._exception = exception

    def refuse_interrupts(self) -> None:
        """From now on, and one that is pending is forgotten."""
        with self._lock:
            if self._exception:
                self._word(PENDING_EXCEPTION).value = 0
            self._exception = 0
            self._interrupted = False

    def interrupt(self) -> bool:
        """From another thread: KeyboardInterrupt in what runs. False if that is refused."""
        with self._lock:
            if not self._exception:
                return False
            self._word(self._exception + EXCEPTION_TRACEBACK).value = 0
            self._word(self._exception + EXCEPTION_TRACEBACK + 4).value = 0
            self._word(PENDING_EXCEPTION).value = self._exception
            ctypes.c_int16.from_address(self._base + SCHEDULER_STATE).value = SCHEDULER_PENDING
            self._interrupted = True
            self.waiting.wake()
            return True

    def wait_for_input(self) -> None:
        """Until the line has a byte. InterruptedError by `interrupt`."""
        while not self._readable():
            self.waiting.files(None, {})
            if self.waiting.stopped:
                raise Stopped("stopped", [])
            if self._interrupted:
                self._interrupted = False
                raise InterruptedError(EINTR, "interrupted")

    def _word(self, address: int) -> ctypes.c_uint32:
        """For this only: the other thread is in the middle of what the guest does, where wasmtime allows no call."""
        return ctypes.c_uint32.from_address(self._base + address)

    def _linker(self) -> Linker:
        linker = super()._linker()
        number = ValType.i32()
        telling = FuncType([number, ValType.i64(), number], [number])
        rows = [
            *self._files.calls(),
            ("poll_oneoff", FuncType([number] * 4, [number]), self._poll_oneoff),
            ("clock_time_get", telling, self._clock_time_get),
        ]
        for name, kind, function in rows:
            linker.define_func(WASI, name, kind, self._kept_in(function))
        return linker

    def _clock_time_get(self, which: int, precision: int, told: int) -> int:
        """WASI's: nanoseconds go to `told`."""
        now_ns = self._realtime_ns() if which == REALTIME else self._ticks.now_ns()
        self.write(told, struct.pack("<Q", now_ns))
        return 0

    def _poll_oneoff(self, wanted: int, events: int, count: int, told: int) -> int:
        """WASI's: wait for time, for a byte on the line, or for what is always ready."""
        rows = list(WANTED.iter_unpack(self.read(wanted, count * WANTED.size)))
        spans = [span_ns for _, kind, _, span_ns, _ in rows if kind == CLOCK]
        if any(kind == CLOCK and flags & MOMENT for _, kind, _, _, flags in rows):
            return ENOTSUP_WASI
        until = self._ticks.now_ns() + min(spans) if spans else None
        ready: list[tuple[int, int]] = []
        while not ready:
            ready = [
                (mark, kind)
                for mark, kind, file, _, _ in rows
                if kind != CLOCK and (file != STDIN or self._readable())
            ]
            left = None if until is None else until - self._ticks.now_ns()
            if ready:
                break
            if left is not None and left <= 0:
                ready = [
                    (mark, kind)
                    for mark, kind, _, span_ns, _ in rows
                    if kind == CLOCK and span_ns == min(spans)
                ]
                break
            self.waiting.files(left, {})
            if self._interrupted or self.waiting.stopped:
                self._interrupted = False
                return WASI_NUMBERS[EINTR]
        for i, (mark, kind) in enumerate(ready):
            self.write(events + i * EVENT.size, EVENT.pack(mark, 0, kind))
        self.write(told, struct.pack("<I", len(ready)))
        return 0


def unheard(stream: int, chunk: bytes) -> None:
    """What a guest writes goes to its files; what is said of a failed connection a board does not say."""
