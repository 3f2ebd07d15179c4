# SPDX-License-Identifier: Apache-2.0
"""The pins of a board and what hangs on them: chips on SPI and I2C, peers on serial lines. Pins are GPIO numbers.

A wire leads somewhere only between the pins it was soldered to; what a program opens elsewhere floats. What chips
raise but OSError is a fault of the program that they know of, and stops the board.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from errno import ENODEV
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from sim.vm.services import Room, Service

if TYPE_CHECKING:
    from wattpact.interfaces import I2c

Bus = TypeVar("Bus")
FLOATING = 0xFF
BITS_AND_START = 9
US = 1_000_000
PULL_UP = 2


class SpiChip(Protocol):
    """Bytes while its select is low."""

    def selected(self, mode: int, hz: int) -> None:
        """Select goes low."""
        ...

    def exchanged(self, sent: int) -> int:
        """Eight clocks: what arrives at the chip, and what it drives meanwhile."""
        ...

    def released(self) -> None:
        """Select goes high."""
        ...


class Peer(Protocol):
    """Whoever is at the other end of a serial line."""

    def hear(self, content: bytes) -> bytes:
        """What it answers to that, b"" for nothing yet."""
        ...


@dataclass
class SpiBus:
    """Chips by the pin that selects them."""

    chips: dict[int, SpiChip] = field(default_factory=dict[int, SpiChip])
    mode: int = 0
    hz: int = 0
    low: list[SpiChip] = field(default_factory=list[SpiChip])


@dataclass
class I2cBus:
    """Chips in the order in which they were soldered."""

    chips: list["I2c"] = field(default_factory=list["I2c"])


@dataclass
class Uart:
    """One line; `enable` is the pin that makes an RS-485 transceiver drive it."""

    peer: Peer | None = None
    enable: int | None = None
    byte_us: float = 0
    room: int = 256
    sent_us: float = 0
    coming: list[tuple[float, int]] = field(default_factory=list[tuple[float, int]])
    arrived: bytearray = field(default_factory=bytearray)


def real_us() -> float:
    """The time in which bytes travel."""
    return time.monotonic_ns() / 1000


class Wires:
    """One board's. Buses are found by their pins, in the order of machine.SPI, I2C and UART."""

    def __init__(self, now_us: Callable[[], float] = real_us) -> None:
        self._now_us = now_us
        self._spi: dict[tuple[int, int, int], SpiBus] = {}
        self._i2c: dict[tuple[int, int], I2cBus] = {}
        self._uart: dict[tuple[int, int], Uart] = {}
        self._levels: dict[int, int] = {}
        self._outputs: set[int] = set()

    def solder_spi(self, sck: int, mosi: int, miso: int, select: int, chip: SpiChip) -> None:
        """A chip that `select` selects when it is low."""
        self._spi.setdefault((sck, mosi, miso), SpiBus()).chips[select] = chip

    def solder_i2c(self, scl: int, sda: int, chip: "I2c") -> None:
        """A chip that knows its address."""
        self._i2c.setdefault((scl, sda), I2cBus()).chips.append(chip)

    def solder_uart(self, tx: int, rx: int, peer: Peer, enable: int | None = None) -> None:
        """A peer; with `enable`, behind a transceiver that drives the line while that pin is high."""
        self._uart[tx, rx] = Uart(peer, enable)

    def power_up(self) -> None:
        """All pins are inputs that nothing pulls; what was on its way is gone."""
        self._levels.clear()
        self._outputs.clear()
        for bus in self._spi.values():
            bus.low.clear()
        for line in self._uart.values():
            line.coming.clear()
            line.arrived.clear()

    def level(self, pin: int) -> int:
        """What is on a pin now; 0 if nobody says."""
        return self._levels.get(pin, 0)

    def services(self) -> dict[str, Service]:
        """For rom/_pin.py and rom/_buses.py."""
        return {
            "pin_init": self._pin_init,
            "pin_set": self._pin_set,
            "pin_get": self.level,
            "spi_open": self._spi_open,
            "spi_exchange": self._spi_exchange,
            "i2c_open": self._i2c_open,
            "i2c_write": self._i2c_write,
            "i2c_read": self._i2c_read,
            "uart_open": self._uart_open,
            "uart_write": self._uart_write,
            "uart_read": self._uart_read,
            "uart_any": self._uart_any,
            "uart_sent": self._uart_sent,
        }

    def _pin_init(self, pin: int, output: int, pull: int) -> None:
        if output:
            self._outputs.add(pin)
            self._select(pin, self.level(pin))
        else:
            self._outputs.discard(pin)
            self._levels.setdefault(pin, 1 if pull == PULL_UP else 0)

    def _pin_set(self, pin: int, level: int) -> None:
        self._levels[pin] = level
        if pin in self._outputs:
            self._select(pin, level)

    def _select(self, pin: int, level: int) -> None:
        for bus in self._spi.values():
            chip = bus.chips.get(pin)
            if chip is None:
                continue
            if level and chip in bus.low:
                bus.low.remove(chip)
                chip.released()
            elif not level and chip not in bus.low and bus.hz:
                bus.low.append(chip)
                chip.selected(bus.mode, bus.hz)

    def _spi_open(self, sck: int, mosi: int, miso: int, hz: int, mode: int) -> int:
        bus = self._spi.setdefault((sck, mosi, miso), SpiBus())
        bus.mode, bus.hz = mode, hz
        return list(self._spi).index((sck, mosi, miso))

    def _spi_exchange(self, number: int, sent: bytes, told: Room) -> int:
        bus = at(self._spi, number)
        answer = bytearray()
        for byte in sent:
            driven = [chip.exchanged(byte) for chip in bus.low]
            both = FLOATING
            for value in driven:  # two at once short each other
                both &= value
            answer.append(both)
        return told.fill(bytes(answer))

    def _i2c_open(self, scl: int, sda: int, hz: int) -> int:
        self._i2c.setdefault((scl, sda), I2cBus())
        return list(self._i2c).index((scl, sda))

    def _i2c_write(self, number: int, address: int, content: bytes, stop: int) -> int:
        for chip in at(self._i2c, number).chips:
            try:
                return chip.writeto(address, content)
            except OSError:
                continue
        raise OSError(ENODEV, "nobody has this address")

    def _i2c_read(self, number: int, address: int, told: Room) -> int:
        for chip in at(self._i2c, number).chips:
            try:
                return told.fill(chip.readfrom(address, told.size))
            except OSError:
                continue
        raise OSError(ENODEV, "nobody has this address")

    def _uart_open(self, tx: int, rx: int, baud: int, parity: int, stop: int, room: int) -> int:
        line = self._uart.setdefault((tx, rx), Uart())
        line.byte_us = (BITS_AND_START + (parity > 0) + stop) * US / baud
        line.room = room
        return list(self._uart).index((tx, rx))

    def _uart_write(self, number: int, content: bytes) -> int:
        line = at(self._uart, number)
        line.sent_us = max(line.sent_us, self._now_us()) + len(content) * line.byte_us
        drives = line.enable is None or self.level(line.enable)
        if line.peer is not None and drives:
            come_us = line.sent_us
            for byte in line.peer.hear(content):
                come_us += line.byte_us
                line.coming.append((come_us, byte))
        return len(content)

    def _uart_sent(self, number: int) -> int:
        return self._now_us() >= at(self._uart, number).sent_us

    def _uart_any(self, number: int) -> int:
        line = at(self._uart, number)
        while line.coming and line.coming[0][0] <= self._now_us():
            byte = line.coming.pop(0)[1]
            listens = line.enable is None or not self.level(line.enable)
            if listens and len(line.arrived) < line.room:
                line.arrived.append(byte)
        return len(line.arrived)

    def _uart_read(self, number: int, told: Room) -> int:
        self._uart_any(number)
        line = at(self._uart, number)
        part = bytes(line.arrived[: told.size])
        del line.arrived[: len(part)]
        return told.fill(part)


def at(buses: Mapping[Any, Bus], number: int) -> Bus:
    """The bus that a program opened as `number`. OSError if it has none open."""
    if not 0 <= number < len(buses):
        raise OSError(ENODEV, "not open")
    return list(buses.values())[number]
