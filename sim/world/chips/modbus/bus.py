# SPDX-License-Identifier: Apache-2.0
"""A two-wire line in virtual time with meters on it: the SerialWire seam, at the speed of its baud rate.

Time passes here only: while bytes are on the wire, while the master waits, and by `pass_time`. Electricity flows
through the meters meanwhile.
"""

from dataclasses import dataclass

from sim.world.electricity import Electricity

from .slave import ModbusMeter, sealed

BITS = 11


@dataclass
class Faults:
    """What is wrong on the line from now on; counts go down to 0 as they happen, one an answer."""

    silent: int = 0
    """Answers that are lost."""
    spoiled: int = 0
    """Answers with one bit turned."""
    cut: int = 0
    """Answers of which the last byte is lost."""
    split_ms: int = 0
    """How long answers stop in their middle."""
    late_ms: int = 0
    """How much longer meters think."""
    noise: int = 0
    """Answers before which the line rings: one byte more."""
    strangers: int = 0
    """Answers of another unit in place of the right one: a second master talks on the line."""
    echo: bool = False
    """The receiver hears its own sender."""
    refused: int = 0
    """Requests that a meter answers with exception 06: busy."""


class Bus:
    """One line and the meters on it."""

    def __init__(self, meters: list[ModbusMeter], baud: int = 9_600, frame: str = "8N1") -> None:
        self.meters = meters
        self.baud = baud
        self.frame = frame
        self.faults = Faults()
        self.now_us = 0
        self.requests = 0
        self.babble_us = 0
        """Somebody sends a byte as often as this, whatever anybody else does; 0: nobody."""
        self._incoming: list[tuple[int, int]] = []  # when each byte is there, and the byte

    # -- the seam

    def discard(self) -> None:
        """What came in until now."""
        self._incoming = [each for each in self._incoming if each[0] > self.now_us]

    def write(self, content: bytes) -> None:
        """Bytes go out; meters that understand them answer after they have thought."""
        began_us = self.now_us
        self.pass_time(self._wire_us(len(content)))
        self.requests += 1
        if self.faults.echo:
            self._arrive(self.now_us - self._wire_us(len(content)), content)
        for meter in self.meters:
            if (meter.baud, meter.frame) != (self.baud, self.frame):
                continue  # it hears noise
            answer = meter.hear(content, began_us)
            if answer:
                self._answer(meter, answer)

    def read(self, count: int, timeout_ms: int) -> bytes:
        """Up to `count` bytes, until they are there or time is up."""
        end_us = self.now_us + timeout_ms * 1_000
        if self.babble_us and not self._incoming:
            self._arrive(self.now_us + self.babble_us, b"\xaa")
        due = self._incoming[:count]
        ready_us = due[-1][0] if len(due) == count and due else end_us
        self.pass_time(max(0, min(ready_us, end_us) - self.now_us))
        here = [each for each in due if each[0] <= self.now_us]
        del self._incoming[: len(here)]
        return bytes(byte for _at, byte in here)

    def sleep_ms(self, ms: int) -> None:
        """The master waits."""
        self.pass_time(ms * 1_000)

    # -- time

    def pass_time(self, us: int) -> None:
        """For the line and for what flows through its meters."""
        self.now_us += us
        worlds: list[Electricity] = []
        for meter in self.meters:
            if not any(meter.world is world for world in worlds):
                worlds.append(meter.world)
        for world in worlds:
            world.pass_time(us)

    def _wire_us(self, size: int) -> int:
        return size * BITS * 1_000_000 // self.baud

    # -- answers

    def _answer(self, meter: ModbusMeter, answer: bytes) -> None:
        begin_us = self.now_us + meter.think_us + self.faults.late_ms * 1_000
        meter.spoke(begin_us + self._wire_us(len(answer)))
        if self._counted("silent"):
            return
        if self._counted("refused"):
            answer = sealed(bytes([answer[0], answer[1] | 0x80, 6]))
        if self._counted("strangers"):
            answer = sealed(bytes([answer[0] + 1]) + answer[1:-2])
        if self._counted("spoiled"):
            middle = len(answer) // 2
            answer = answer[:middle] + bytes([answer[middle] ^ 4]) + answer[middle + 1 :]
        if self._counted("cut"):
            answer = answer[:-1]
        if self._counted("noise"):
            answer = b"\x00" + answer
        middle = len(answer) // 2 if self.faults.split_ms else 0
        self._arrive(begin_us, answer[:middle])
        rest_us = begin_us + self._wire_us(middle) + self.faults.split_ms * 1_000
        self._arrive(rest_us, answer[middle:])

    def _arrive(self, begin_us: int, content: bytes) -> None:
        self._incoming += [
            (begin_us + self._wire_us(index + 1), byte) for index, byte in enumerate(content)
        ]

    def _counted(self, fault: str) -> bool:
        """Whether `fault` happens now; then one less is to come."""
        left: int = getattr(self.faults, fault)
        setattr(self.faults, fault, max(left - 1, 0))
        return left > 0
