# SPDX-License-Identifier: Apache-2.0
"""A board: power, flash, line, watchdog, and an interpreter that starts anew after every reset.

One thread is the processor. What happens from outside (Ctrl-C, a watchdog, a power cut) comes from others and reaches
it wherever it is.
"""

import re
import threading
from collections.abc import Callable, Generator
from pathlib import Path

from wasmtime import Trap

from sim.vm.clock import ScaledClock
from sim.vm.faults import Stopped
from sim.vm.image import engine, load
from sim.vm.services import Room, Service

from .basics import Basics
from .flash import Flash
from .interpreter.files import Device, Files
from .interpreter.firmware import RUN, folders, rom_bytes
from .interpreter.guest import BoardGuest
from .networks import Networks
from .resets import Fuse, HardReset, PowerCut, Reset, SoftReset, Unplugged, WatchdogReset
from .storage import Storage
from .terminal.line import Line
from .terminal.repl import Ending, Job, Kind, Repl
from .watchdog import Watchdog
from .wires import Wires

HEAP_BYTES = 112_000
"""What an ESP32 without PSRAM has for Python before its radio is on: micropython/micropython issue 14421."""
FLASH_BLOCKS = 512
"""The file system's 2 MiB of a 4 MiB chip."""
CTRL_C = 3
OWN_FRAME = re.compile(rb'  File "[^"]*_board\.py", line \d+, in execute\r\n')
BANNER = '%s; %s with ESP32\nType "help()" for more information.\n'
VERSION = "MicroPython v1.27.0 on 2026-06-02"


class Board:
    """Off until `start`. `path` is its terminal's, from the beginning to the end."""

    def __init__(
        self,
        folder: Path,
        *,
        name: str = "Generic ESP32 module",
        number: bytes = b"\x24\x0a\xc4\x00\x00\x01",
        heap_bytes: int = HEAP_BYTES,
        flash_blocks: int = FLASH_BLOCKS,
        wires: Wires | None = None,
        networks: Networks | None = None,
        on_fault: Callable[[], None] = lambda: None,
    ) -> None:
        """`folder` is the flash chip: `vfs` in it is the file system, `nvs.json` the NVS. `number` is its MAC.

        `on_fault` is called when the board fails: a fault of this side, or a misuse that a chip's model knows. `stop`
        raises it.
        """
        self.fuse = Fuse()
        self.flash = Flash(folder, flash_blocks, self.fuse)
        self.resets: list[type[Reset]] = []  # every start's cause, the latest last
        self._heap_bytes = heap_bytes + rom_bytes()
        self._engine = engine()
        self._module = load(self._engine)
        self._line = Line(self._took, self._wake)
        self._repl = Repl(self._read_byte, self._line.write, BANNER % (VERSION, name))
        self._watchdog = Watchdog(lambda: self._trip(WatchdogReset()))
        self.wires = wires or Wires()
        self.networks = networks or Networks()
        self._basics = Basics(self.flash, self._watchdog, number)
        self._storage = Storage(folder, self.fuse)
        self._services: dict[str, Service] = {
            **self._basics.services(),
            **self._storage.services(),
            **self.wires.services(),
            **self.networks.services(),
            "next_job": self._next_job,
            "output_ended": self._output_ended,
            "kbd_intr": self._interrupt_by,
        }
        self._interrupts = True
        self._traceback: bytearray | None = None  # what a job shows after its own output
        self._guest: BoardGuest | None = None
        self._files: Files | None = None
        self._life: Generator[Job, Ending, None] | None = None
        self._tripped: Reset | None = None
        self._lock = threading.Lock()
        self._fault: BaseException | None = None
        self._on_fault = on_fault
        self._thread = threading.Thread(target=self._run, name="board", daemon=True)

    @property
    def path(self) -> str:
        """Of the pseudo-terminal, as "/dev/pts/3"."""
        return self._line.path

    def start(self) -> None:
        """Power on."""
        self._thread.start()

    def cut_power(self) -> None:
        """Off, at whatever it is doing, and on again; the button EN does the same."""
        self._trip(PowerCut())

    def stop(self) -> None:
        """Off for good. Raises what made the board fail, if it did."""
        self._trip(Unplugged())
        if self._thread.ident is not None:
            self._thread.join()
        self._watchdog.close()
        self._line.close()
        if self._fault is not None:
            raise self._fault

    def _trip(self, reset: Reset) -> None:
        with self._lock:
            if self._tripped is None or isinstance(reset, Unplugged):
                self._tripped = reset
            if self._guest is not None:
                self._guest.stop()

    def _wake(self) -> None:
        with self._lock:
            if self._guest is not None:
                self._guest.waiting.wake()

    def _took(self, byte: int) -> bool:
        """Whether Ctrl-C went to a running program."""
        if byte != CTRL_C or not self._interrupts:
            return False
        with self._lock:
            return self._guest is not None and self._guest.interrupt()

    def _run(self) -> None:
        reset: Reset = PowerCut()
        try:
            while not isinstance(reset, Unplugged):
                self.resets.append(type(reset))
                reset = self._live(reset)
        except BaseException as fault:  # noqa: BLE001 - `stop` raises it
            self._fault = fault
            self._on_fault()

    def _live(self, reason: Reset) -> Reset:
        """From one start of the interpreter to the reset that ends it."""
        soft = isinstance(reason, SoftReset)
        if not soft:
            self._watchdog.off()
            self._line.drop_input()
            self._repl.raw = False
            self._storage.power_up()
            self.wires.power_up()
            self.networks.power_up()
        self._basics.begin(reason)
        self._line.write(("" if soft else "\r\n").encode() + reason.shown.encode() + b"\r\n")
        self._life = self._jobs()
        self._traceback = None
        files = self._files = Files(self.flash, folders(), self._serial(), self._bare())
        guest = BoardGuest(
            self._engine,
            self._module,
            RUN,
            self._heap_bytes,
            files,
            self._line.readable,
            self._services,
            ScaledClock(start_s=0),
            self._basics.date_ns,
            self.networks.resolve,
        )
        ended = self._end_of(guest)
        if isinstance(ended, SoftReset):
            files.close_all()
        else:
            self.flash.drop_open()
        return ended

    def _end_of(self, guest: BoardGuest) -> Reset:
        """Run it."""
        with self._lock:
            self._guest = guest
            if self._tripped is not None:
                guest.stop()
        ended: Reset = HardReset()
        try:
            status = guest.run()
            if self._tripped is None:
                raise RuntimeError(
                    "the interpreter ended with status %d: is its heap too small?" % status
                )
        except Reset as reset:
            ended = reset
        except Stopped:
            pass
        except Trap as trap:
            if self._tripped is None:
                self._line.write(b"\r\nGuru Meditation Error: %s\r\n" % trap.message.encode())
        finally:
            with self._lock:
                self._guest = None
                tripped, self._tripped = self._tripped, None
        return tripped or ended

    def _jobs(self) -> Generator[Job, Ending, None]:
        """What a board runs, one after the other."""
        for name in ("boot.py", "main.py"):
            if name == "main.py" and self._repl.raw:
                continue
            if self.flash.here(name).is_file():
                ending = yield Job(Kind.FILE, name)
                if ending is Ending.EXITED:
                    return
        yield from self._repl.jobs()

    def _next_job(self, ending: int, pressed: int, name: Room) -> int:
        """The guest has nothing to do. The kind of a job in the lowest byte, above it the length of its name."""
        guest, files, life = self._guest, self._files, self._life
        assert guest is not None
        assert files is not None
        assert life is not None
        if not ending:
            guest.deepen_stack()
        guest.refuse_interrupts()
        self._show_traceback()
        try:
            job = life.send(Ending(chr(ending))) if ending else next(life)
        except StopIteration:
            raise SoftReset from None
        files.job = job.source
        self._interrupts = True
        guest.accept_interrupts(pressed)
        return ord(job.kind.value) | name.fill(job.name.encode()) << 8

    def _output_ended(self) -> None:
        """A job's own output is over; what follows is its traceback, which Ctrl-C does not disturb."""
        assert self._guest is not None
        self._guest.refuse_interrupts()
        if self._traceback is None:
            self._repl.output_ended()
            self._traceback = bytearray()

    def _show_traceback(self) -> None:
        """Without the frame of rom/_board.py, which a board has none of."""
        if self._traceback is None:  # Ctrl-C came between a job's end and that
            self._output_ended()
        if self._traceback:
            self._line.write(OWN_FRAME.sub(b"", bytes(self._traceback)))
        self._traceback = None

    def _print(self, content: bytes) -> None:
        content = content.replace(b"\n", b"\r\n")
        if self._traceback is None:
            self._line.write(content)
        else:
            self._traceback += content

    def _interrupt_by(self, character: int) -> None:
        """`micropython.kbd_intr`: -1 for none."""
        self._interrupts = character == CTRL_C

    def _serial(self) -> Device:
        return Device(self._read, self._print)

    def _bare(self) -> Device:
        return Device(self._read, self._line.write)

    def _read(self, most: int) -> bytes:
        """At least one byte. InterruptedError by Ctrl-C."""
        guest = self._guest
        assert guest is not None
        while True:
            part = self._line.read(most)
            if part:
                return part
            guest.wait_for_input()

    def _read_byte(self) -> int:
        return self._read(1)[0]
