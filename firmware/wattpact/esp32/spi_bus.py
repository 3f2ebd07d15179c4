# SPDX-License-Identifier: Apache-2.0
"""The RegisterBus seam over machine.SPI and machine.I2C. What a frame looks like is the chip's business
(metering/chips/frames.py); here it is moved."""

from ..errors import BusError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from machine import I2C, SPI, Pin

    class Frames(Protocol):
        """Of one kind of chip."""

        def encode_read(self, register: int, width: int) -> bytes:
            """What goes out to read."""
            ...

        def encode_write(self, register: int, width: int, value: int) -> bytes:
            """What goes out to write."""
            ...

        def decode_read(self, answer: bytes) -> int:
            """The value in what came back."""
            ...


class SpiBus:
    """One chip on shared wires: its own select pin, low for exactly one frame."""

    def __init__(self, spi: "SPI", select: "Pin", frames: "Frames") -> None:
        """The wires run in the chip's mode already. The pin goes high: nobody is selected."""
        self._spi = spi
        self._select = select
        self._frames = frames
        select(1)

    def read(self, register: int, width: int) -> int:
        """Unsigned value of `width` bytes. A chip that is not there reads as ones or zeros: the driver finds out."""
        return self._frames.decode_read(self._exchange(self._frames.encode_read(register, width)))

    def write(self, register: int, width: int, value: int) -> None:
        """Write `width` bytes."""
        self._exchange(self._frames.encode_write(register, width, value))

    def _exchange(self, frame: bytes) -> bytes:
        answer = bytearray(len(frame))
        self._select(0)
        try:
            self._spi.write_readinto(frame, answer)
        finally:
            self._select(1)
        return bytes(answer)


class I2cBus:
    """One chip with 16-bit register addresses at its 7-bit address."""

    def __init__(self, i2c: "I2C", address: int) -> None:
        self._i2c = i2c
        self._address = address

    def read(self, register: int, width: int) -> int:
        """Unsigned value of `width` bytes, high byte first."""
        try:
            found = self._i2c.readfrom_mem(self._address, register, width, addrsize=16)
        except OSError:
            raise self._silent()
        return int.from_bytes(found, "big")

    def write(self, register: int, width: int, value: int) -> None:
        """Write `width` bytes, high byte first; ValueError if `value` does not fit."""
        if not 0 <= value < 1 << 8 * width:
            raise ValueError("%d does not fit %d bytes" % (value, width))
        try:
            content = value.to_bytes(width, "big")
            self._i2c.writeto_mem(self._address, register, content, addrsize=16)
        except OSError:
            raise self._silent()

    def _silent(self) -> BusError:
        return BusError("I2C %02X does not answer: check SDA, SCL and supply" % self._address)
