# SPDX-License-Identifier: Apache-2.0
"""Frames go out under one select pin and I2C faults become the hardware's; test_board.py reads modelled chips so."""

import machine
import pytest

from wattpact.errors import BusError
from wattpact.esp32.spi_bus import I2cBus, SpiBus
from wattpact.metering.chips.frames import Atm90e32Frames


def spi_bus() -> SpiBus:
    spi = machine.SPI(2, sck=machine.Pin(18), mosi=machine.Pin(23), miso=machine.Pin(19))
    return SpiBus(spi, machine.Pin(5, machine.Pin.OUT), Atm90e32Frames())


def test_select_is_low_for_exactly_one_frame() -> None:
    """High at first, and again after each register."""
    seen: list[tuple[int, bytes]] = []

    def chip(frame: bytes) -> bytes:
        seen.append((machine.pins[5].levels[-1], frame))
        return b"\x00\x00\x12\x34"

    machine.chips[5] = chip
    bus = spi_bus()
    assert bus.read(0xD9, 2) == 0x1234
    bus.write(0x33, 2, 0x1087)
    assert seen == [(0, b"\x80\xd9\x00\x00"), (0, b"\x00\x33\x10\x87")]
    assert machine.pins[5].levels == [1, 0, 1, 0, 1]


def test_select_goes_high_even_if_the_transfer_fails() -> None:
    """A chip that stays selected talks into the next one's frames."""

    def chip(frame: bytes) -> bytes:
        raise OSError("no")

    machine.chips[5] = chip
    with pytest.raises(OSError, match="no"):
        spi_bus().read(0xD9, 2)
    assert machine.pins[5].levels[-1] == 1


def i2c_bus() -> I2cBus:
    return I2cBus(machine.I2C(0, scl=machine.Pin(6), sda=machine.Pin(7)), 0x38)


def test_registers_on_i2c_are_big_endian_of_any_width() -> None:
    """16-bit register addresses, 1 to 4 bytes."""
    machine.i2c_chips[0x38] = {0x31C: b"\x01\x02\x03\x04"}
    bus = i2c_bus()
    assert bus.read(0x31C, 4) == 0x01020304
    bus.write(0x102, 2, 0x0004)
    assert machine.i2c_chips[0x38][0x102] == b"\x00\x04"


@pytest.mark.parametrize("value", [-1, 0x10000])
def test_a_value_that_does_not_fit_is_ours(value: int) -> None:
    """MicroPython would cut it in silence."""
    with pytest.raises(ValueError, match="does not fit"):
        i2c_bus().write(0x102, 2, value)


def test_a_silent_address_is_the_hardwares_fault() -> None:
    """Reading and writing."""
    with pytest.raises(BusError, match="I2C 38 does not answer"):
        i2c_bus().read(0x102, 2)
    with pytest.raises(BusError, match="I2C 38 does not answer"):
        i2c_bus().write(0x102, 2, 4)
