# SPDX-License-Identifier: Apache-2.0
"""What all modelled Modbus meters share: frames in, frames or silence out, and counters that survive what theirs do.

Stricter than a meter where it can be: a register that is not documented is exception 02, another length of a request
is silence, and so is a request that comes too soon after the last answer. The CRC is computed by a table, not as the
driver's is.
"""

from collections.abc import Callable, Mapping
from struct import pack

from sim.world.electricity import NJ_PER_UWH, Electricity

HOLDING, INPUT, WRITE_ONE, WRITE_MANY = 3, 4, 6, 16
NO_FUNCTION, NO_ADDRESS, NO_VALUE = 1, 2, 3
Write = Callable[[bytes], int]
"""Takes a written value, gives 0 or an exception code."""


def _entry(index: int) -> int:
    for _ in range(8):
        index = index >> 1 ^ (0xA001 if index & 1 else 0)
    return index


_TABLE = [_entry(index) for index in range(256)]


def sealed(content: bytes) -> bytes:
    """With its CRC-16/MODBUS, low byte first."""
    register = 0xFFFF
    for byte in content:
        register = register >> 8 ^ _TABLE[(register ^ byte) & 0xFF]
    return content + register.to_bytes(2, "little")


def request_size(begun: bytes) -> int:
    """How long a request is that begins so; 0 if that cannot be said yet. For wires that know no silence."""
    if len(begun) < 2:
        return 0
    if begun[1] == WRITE_MANY:
        return 9 + begun[6] if len(begun) > 6 else 0
    return 4 if begun[1] in {0x41, 0x42} else 8


def float_words(value: float) -> tuple[int, int]:
    """float32, high word first."""
    raw = pack(">f", value)
    return int.from_bytes(raw[:2], "big"), int.from_bytes(raw[2:], "big")


class ModbusMeter:
    """One meter. Subclasses say which words it has; `powered` is whether it has its supply."""

    functions: tuple[int, ...] = (INPUT,)
    registers_most = 80
    saved_uwh = 10_000_000
    """What it counted beyond a multiple of this is lost when its supply fails."""
    pairs = False
    """Whether only whole values of two registers can be read."""

    def __init__(self, world: Electricity, unit: int = 1, begins_uwh: int = 0) -> None:
        """`begins_uwh` is on both displays at first."""
        self.world = world
        self.unit = unit
        self.powered = True
        self.baud = 9_600
        self.frame = "8N1"
        self.think_us = 30_000
        self.pause_us = 50_000
        """Silence that it wants after each of its answers."""
        self.lenient = False
        """Undocumented registers read 0 instead of failing."""
        self.answered = 0
        self.import_nj = self.export_nj = begins_uwh * NJ_PER_UWH
        self._seen_nj = (world.imported_nj, world.exported_nj)
        self._spoke_us = -1_000_000_000

    # -- counters

    def count(self) -> None:
        """Take over what has flowed; without a supply nothing is counted."""
        imported, exported = self.world.imported_nj, self.world.exported_nj
        if self.powered:
            self.import_nj += imported - self._seen_nj[0]
            self.export_nj += exported - self._seen_nj[1]
        self._seen_nj = (imported, exported)

    def cut_power(self) -> None:
        """The supply fails: what was not saved is lost."""
        self.count()
        self.powered = False
        step_nj = self.saved_uwh * NJ_PER_UWH
        self.import_nj -= self.import_nj % step_nj
        self.export_nj -= self.export_nj % step_nj

    def restore_power(self) -> None:
        """It is back."""
        self.count()
        self.powered = True

    def reset(self, import_uwh: int = 0, export_uwh: int = 0) -> None:
        """Energy is set by somebody at the meter, or another meter takes its place."""
        self.count()
        self.import_nj = import_uwh * NJ_PER_UWH
        self.export_nj = export_uwh * NJ_PER_UWH

    @property
    def import_uwh(self) -> int:
        """Counted, exactly."""
        self.count()
        return self.import_nj // NJ_PER_UWH

    @property
    def export_uwh(self) -> int:
        """Counted, exactly."""
        self.count()
        return self.export_nj // NJ_PER_UWH

    # -- the line

    def hear(self, frame: bytes, now_us: int) -> bytes:
        """The answer to one frame, or b"": it stays silent to what is not for it, not sound, or too soon."""
        silent = not self.powered or len(frame) < 4 or sealed(frame[:-2]) != frame
        if silent or not self.addressed(frame[0]) or now_us - self._spoke_us < self.pause_us:
            return b""
        answer = self.answer(frame[1], frame[2:-2])
        if isinstance(answer, int):
            content = bytes([frame[0], frame[1] | 0x80, answer])
        else:
            content = bytes([frame[0], frame[1]]) + answer
        self.answered += 1
        return sealed(content)

    def spoke(self, now_us: int) -> None:
        """Its answer has left the wire."""
        self._spoke_us = now_us

    def addressed(self, unit: int) -> bool:
        """Whether it is meant."""
        return unit == self.unit

    def answer(self, function: int, body: bytes) -> bytes | int:
        """The body of an answer, or an exception code."""
        if function in self.functions and function in {HOLDING, INPUT}:
            return self._read(function, body)
        return NO_FUNCTION

    def _read(self, function: int, body: bytes) -> bytes | int:
        if len(body) != 4:
            return NO_VALUE
        start, count = int.from_bytes(body[:2], "big"), int.from_bytes(body[2:], "big")
        if not 1 <= count <= self.registers_most:
            return NO_VALUE
        if self.pairs and (start % 2 or count % 2):
            return NO_ADDRESS
        self.count()
        words = self.words(function)
        content = b""
        for address in range(start, start + count):
            if address not in words and not self.lenient:
                return NO_ADDRESS
            content += words.get(address, 0).to_bytes(2, "big")
        return bytes([len(content)]) + content

    def words(self, function: int) -> Mapping[int, int]:
        """What its registers hold now, by address."""
        raise NotImplementedError
