# SPDX-License-Identifier: Apache-2.0
"""SPI wires with chips on them, as `machine.SPI` and a select `Pin` show them to a driver."""

from collections.abc import Callable
from typing import Protocol

from .mains import Mains, Misuse


class SpiChip(Protocol):
    """What hangs on the wires: bytes while its select is low."""

    mains: Mains

    def selected(self, mode: int, hz: int) -> None:
        """Select goes low."""
        ...

    def exchanged(self, sent: int) -> int:
        """Eight clocks: what arrives at the chip, and what it drives meanwhile."""
        ...

    def released(self) -> None:
        """Select goes high."""
        ...


class SpiWires:
    """SCLK, MOSI, MISO. With no chip selected MISO floats high; two selected ones short each other."""

    def __init__(self, polarity: int, phase: int, hz: int) -> None:
        self.mode = polarity * 2 + phase
        self.hz = hz
        self._low: list[SpiChip] = []

    def select(self, chip: SpiChip) -> Callable[[int], None]:
        """The chip's select pin, to be called with 0 or 1 as a `Pin` is."""

        def pin(value: int) -> None:
            if value and chip in self._low:
                self._low.remove(chip)
                chip.released()
            elif not value and chip not in self._low:
                self._low.append(chip)
                if len(self._low) > 1:
                    raise Misuse("two chips selected at once")
                chip.selected(self.mode, self.hz)

        return pin

    def write_readinto(self, out: bytes, into: bytearray) -> None:
        """Clock `out` and take what comes back."""
        if len(out) != len(into):
            raise Misuse("buffers of different lengths")
        for at, byte in enumerate(out):
            for chip in self._low:
                chip.mains.sleep_us(8_000_000 // self.hz)
            into[at] = self._low[0].exchanged(byte) if self._low else 0xFF
