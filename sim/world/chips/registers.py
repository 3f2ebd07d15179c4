# SPDX-License-Identifier: Apache-2.0
"""The RegisterBus seam on modelled wires: what a board's adapters do with its SPI and its I2C."""

from collections.abc import Callable
from typing import Protocol

from wattpact.errors import BusError
from wattpact.metering.chips.frames import ADE7953_I2C_ADDRESS, ade7953_pointer, value_bytes

from .spi import SpiChip, SpiWires


class Frames(Protocol):
    """One of the classes in metering/chips/frames.py."""

    polarity: int
    phase: int
    hz: int

    def encode_read(self, register: int, width: int) -> bytes: ...
    def encode_write(self, register: int, width: int, value: int) -> bytes: ...
    def decode_read(self, answer: bytes) -> int: ...


class WiredI2c(Protocol):
    """`machine.I2C` as far as a repeated start needs it."""

    def writeto(self, address: int, content: bytes, stop: bool = True) -> int: ...
    def readfrom(self, address: int, count: int) -> bytes: ...


class SpiRegisters:
    """One chip on SPI: its select pin is low for one frame."""

    def __init__(self, wires: SpiWires, select: Callable[[int], None], frames: Frames) -> None:
        self._wires = wires
        self._select = select
        self._frames = frames

    def read(self, register: int, width: int) -> int:
        """Unsigned value of `width` bytes; a chip that is not there reads as its wires float."""
        return self._frames.decode_read(self._move(self._frames.encode_read(register, width)))

    def write(self, register: int, width: int, value: int) -> None:
        """Write `width` bytes."""
        self._move(self._frames.encode_write(register, width, value))

    def _move(self, frame: bytes) -> bytes:
        answer = bytearray(len(frame))
        self._select(0)
        try:
            self._wires.write_readinto(frame, answer)
        finally:
            self._select(1)
        return bytes(answer)


class I2cRegisters:
    """An ADE7953 on I2C."""

    def __init__(self, i2c: WiredI2c) -> None:
        self._i2c = i2c

    def read(self, register: int, width: int) -> int:
        """Unsigned value of `width` bytes; BusError if nobody acknowledges."""
        try:
            self._i2c.writeto(ADE7953_I2C_ADDRESS, ade7953_pointer(register, width), False)
            return int.from_bytes(self._i2c.readfrom(ADE7953_I2C_ADDRESS, width), "big")
        except OSError as error:
            raise BusError(f"nobody acknowledges: {error}") from error

    def write(self, register: int, width: int, value: int) -> None:
        """Write `width` bytes."""
        content = ade7953_pointer(register, width) + value_bytes(value, width)
        try:
            self._i2c.writeto(ADE7953_I2C_ADDRESS, content)
        except OSError as error:
            raise BusError(f"nobody acknowledges: {error}") from error


def on_spi(chip: SpiChip, frames: Frames) -> SpiRegisters:
    """A chip alone on wires of its own, clocked as `frames` want it."""
    wires = SpiWires(frames.polarity, frames.phase, frames.hz)
    return SpiRegisters(wires, wires.select(chip), frames)
