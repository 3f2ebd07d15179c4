# SPDX-License-Identifier: Apache-2.0
"""Wires lead where they are soldered, a serial line takes its time, and a transceiver drives or listens."""

from errno import ENODEV

import pytest

from sim.board.wires import FLOATING, Wires
from tests.unit.sim.board.program import Program


class Echo:
    """A chip that answers what it heard one byte before, and notes how it was spoken to."""

    def __init__(self) -> None:
        self.seen: list[object] = []
        self._last = 0

    def selected(self, mode: int, hz: int) -> None:
        """Noted."""
        self.seen.append((mode, hz))

    def exchanged(self, sent: int) -> int:
        """Late by one."""
        last, self._last = self._last, sent
        return last

    def released(self) -> None:
        """Noted."""
        self.seen.append("released")


class Parrot:
    """A peer that says all again."""

    def hear(self, content: bytes) -> bytes:
        """At once."""
        return content


class Address:
    """An I2C chip at 0x20 that holds one byte."""

    def writeto(self, address: int, content: bytes) -> int:
        """Only at its address."""
        self._check(address)
        return len(content)

    def readfrom(self, address: int, count: int) -> bytes:
        """The same byte again and again."""
        self._check(address)
        return b"\x5a" * count

    def _check(self, address: int) -> None:
        if address != 0x20:
            raise OSError(ENODEV, "not me")


def test_a_chip_hears_what_is_sent_while_it_is_selected() -> None:
    """And nothing else drives the line."""
    wires = Wires()
    chip, other = Echo(), Echo()
    wires.solder_spi(18, 23, 19, 5, chip)
    wires.solder_spi(18, 23, 19, 4, other)
    program = Program(wires.services())
    bus = program.call("spi_open", 18, 23, 19, 200_000, 3)
    for pin in (5, 4):
        program.call("pin_set", pin, 1)
        program.call("pin_init", pin, 1, 0)
    assert program.read("spi_exchange", bus, b"ab", size=2) == bytes([FLOATING] * 2)
    program.call("pin_set", 5, 0)
    assert program.read("spi_exchange", bus, b"ab", size=2) == b"\x00a"
    program.call("pin_set", 5, 1)
    assert chip.seen == [(3, 200_000), "released"]
    assert other.seen == []


def test_other_pins_lead_nowhere() -> None:
    """However right the rest is."""
    wires = Wires()
    wires.solder_spi(18, 23, 19, 5, Echo())
    program = Program(wires.services())
    bus = program.call("spi_open", 18, 19, 23, 200_000, 3)
    program.call("pin_init", 5, 1, 0)
    assert program.read("spi_exchange", bus, b"ab", size=2) == bytes([FLOATING] * 2)


def test_a_serial_line_takes_as_long_as_its_bits() -> None:
    """Ten bits a byte at 9600 baud, there and back."""
    now_us = [0.0]
    wires = Wires(lambda: now_us[0])
    wires.solder_uart(17, 16, Parrot())
    program = Program(wires.services())
    line = program.call("uart_open", 17, 16, 9600, 0, 1, 256)
    program.call("uart_write", line, b"abc")
    byte_us = 10 * 1_000_000 / 9600
    now_us[0] = 2.9 * byte_us
    assert not program.call("uart_sent", line)
    now_us[0] = 3.9 * byte_us
    assert program.call("uart_sent", line)
    assert program.call("uart_any", line) == 0
    now_us[0] = 5.1 * byte_us
    assert program.read("uart_read", line, size=10) == b"ab"
    now_us[0] = 6.1 * byte_us
    assert program.read("uart_read", line, size=10) == b"c"


def test_a_transceiver_drives_or_listens() -> None:
    """What is sent while it listens reaches nobody, what comes while it drives is lost."""
    now_us = [0.0]
    wires = Wires(lambda: now_us[0])
    wires.solder_uart(17, 16, Parrot(), enable=4)
    program = Program(wires.services())
    line = program.call("uart_open", 17, 16, 9600, 0, 1, 256)

    def heard(after_sending: int) -> int:
        program.call("pin_set", 4, 1)
        program.call("uart_write", line, b"abc")
        program.call("pin_set", 4, after_sending)
        now_us[0] += 1_000_000
        return len(program.read("uart_read", line, size=10))

    assert heard(0) == 3
    assert heard(1) == 0
    program.call("pin_set", 4, 0)
    program.call("uart_write", line, b"abc")
    now_us[0] += 1_000_000
    assert program.call("uart_any", line) == 0


def test_an_address_that_nobody_has_is_an_error() -> None:
    """As on a bus without acknowledgement."""
    wires = Wires()
    wires.solder_i2c(22, 21, Address())
    program = Program(wires.services())
    bus = program.call("i2c_open", 22, 21, 100_000)
    assert program.call("i2c_write", bus, 0x20, b"x", 1) == 1
    assert program.read("i2c_read", bus, 0x20, size=2) == b"\x5a\x5a"
    with pytest.raises(OSError, match="nobody"):
        program.call("i2c_write", bus, 0x21, b"x", 1)
