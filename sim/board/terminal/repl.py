# SPDX-License-Identifier: Apache-2.0
"""What a board says and understands at its prompt: MicroPython's shared/runtime/pyexec.c, from the side of the line.

Three ways in: a friendly prompt that echoes, the raw one for programs, and raw paste, with flow control
(docs.micropython.org, reference/repl, "Raw mode and raw-paste mode"). `jobs` is a generator: it reads and writes the
line until there is something to run, yields that, and is told how it ended.
"""

import struct
from collections.abc import Callable, Generator
from dataclasses import dataclass
from enum import Enum

from .prompt import CTRL_A, CTRL_B, CTRL_C, CTRL_D, CTRL_E, Prompt, Statement

RAW = b"raw REPL; CTRL-B to exit\r\n"
RAW_PASTE = b"\x05A"
WINDOW_BYTES = 128
"""What a sender may send before it is told to go on: half of an ESP32's input buffer."""
STDIN = "<stdin>"


class Kind(Enum):
    """How a source is compiled."""

    FILE = "f"
    """A file of the flash; `source` is empty and `name` its path."""
    STATEMENTS = "e"
    SINGLE = "s"
    """One statement; the value of an expression is shown."""


@dataclass(frozen=True)
class Job:
    """Something for the interpreter."""

    kind: Kind
    name: str
    source: bytes = b""


class Ending(Enum):
    """How a job ended."""

    DONE = "d"
    RAISED = "r"
    """With an exception, which it showed."""
    EXITED = "x"
    """With SystemExit, which asks for a soft reset."""


class Repl:
    """One board's prompt. `raw` outlives a soft reset, as on a board."""

    def __init__(
        self, read_byte: Callable[[], int], write: Callable[[bytes], None], banner: str
    ) -> None:
        self.raw = False
        self._answering = False
        self._read_byte = read_byte
        self._write = write
        self._banner = banner.replace("\n", "\r\n").encode()
        self._prompt = Prompt(read_byte, write)

    def jobs(self) -> Generator[Job, Ending, None]:
        """What is to be run, until a soft reset is asked for."""
        while True:
            asked = yield from self._raw_jobs() if self.raw else self._friendly_jobs()
            if asked:
                return

    def output_ended(self) -> None:
        """A job's own output is over; what follows is its exception."""
        if self._answering:
            self._write(b"\x04")

    def _raw_jobs(self) -> Generator[Job, Ending, bool]:
        """True for a soft reset, False for the friendly prompt."""
        self._write(RAW + b">")
        line = bytearray()
        while True:
            byte = self._read_byte()
            if byte == CTRL_A:
                asked = bytes(line)
                line.clear()
                if asked != RAW_PASTE:
                    unknown = len(asked) == 2 and asked[0] == CTRL_E
                    self._write(b"R\x00>" if unknown else RAW + b">")
                    continue
                source = self._pasted()
            elif byte == CTRL_B:
                self.raw = False
                self._write(b"\r\n")
                return False
            elif byte == CTRL_C:
                line.clear()
                continue
            elif byte == CTRL_D:
                self._write(b"OK")
                if not line:
                    self._write(b"\r\n")
                    return True
                source = bytes(line)
                line.clear()
            else:
                line.append(byte)
                continue
            if source is None:
                self._write(b"\x04KeyboardInterrupt: \r\n\x04>")
                continue
            self._answering = True
            ending = yield Job(Kind.STATEMENTS, STDIN, source)
            self._answering = False
            self._write(b"\x04")
            if ending is Ending.EXITED:
                return True
            self._write(b">")

    def _pasted(self) -> bytes | None:
        """What is sent in raw-paste mode; None if the sender gave up with Ctrl-C."""
        self._write(b"R\x01" + struct.pack("<H", WINDOW_BYTES) + b"\x01")
        source = bytearray()
        while True:
            byte = self._read_byte()
            if byte in (CTRL_C, CTRL_D):
                self._write(b"\x04")
                return bytes(source) if byte == CTRL_D else None
            source.append(byte)
            if len(source) % WINDOW_BYTES == 0:
                self._write(b"\x01")

    def _friendly_jobs(self) -> Generator[Job, Ending, bool]:
        """True for a soft reset, False for the raw prompt."""
        self._write(self._banner)
        while True:
            told = self._prompt.read_statement()
            if isinstance(told, Statement):
                kind = Kind.STATEMENTS if told.block else Kind.SINGLE
                ending = yield Job(kind, STDIN, told.text.encode())
                if ending is Ending.EXITED:
                    return True
            elif told == CTRL_A:
                self.raw = True
                return False
            elif told == CTRL_D:
                return True
            else:
                self._write(self._banner)
