# SPDX-License-Identifier: Apache-2.0
"""Registers of metering chips as bytes on SPI and I2C. Pure: a bus only moves what is made here.

On SPI the select pin is low for exactly one frame, and as many bytes come back as go out. Register and value travel
with the high byte first. Sources: Atmel 46003B section 4, ADE7953 Rev C "Serial interfaces".
"""

from ...compat import const

ADE7953_I2C_ADDRESS = const(0x38)
ADE7953_I2C_HZ = const(400000)

_ATM_READ = const(0x80)
_ADE_READ, _ADE_WRITE = b"\x80", b"\x00"


class Atm90e32Frames:
    """32 clocks: 10 bits of address under a read bit, 16 of value. A frame of any other length writes nothing."""

    polarity = 1
    phase = 1
    hz = 200000  # 1100000 at most; slow enough for a ribbon cable to an add-on board

    def encode_read(self, register: int, width: int) -> bytes:
        """The frame that asks for a register, 0 <= register < 1024, width 2."""
        _check(register, 0x3FF, width == 2)
        return bytes((_ATM_READ | register >> 8, register & 0xFF, 0, 0))

    def encode_write(self, register: int, width: int, value: int) -> bytes:
        """The frame that writes it."""
        _check(register, 0x3FF, width == 2)
        return bytes((register >> 8, register & 0xFF)) + value_bytes(value, width)

    def decode_read(self, answer: bytes) -> int:
        """The value in what came back while `encode_read`'s frame went out."""
        return int.from_bytes(answer[2:], "big")


class Ade7953Frames:
    """16 bits of address, a byte that says whether to read, 1 to 4 bytes of value."""

    polarity = 0
    phase = 0
    hz = 1000000  # 5000000 at most

    def encode_read(self, register: int, width: int) -> bytes:
        """The frame that asks for a register of `width` bytes."""
        return ade7953_pointer(register, width) + _ADE_READ + bytes(width)

    def encode_write(self, register: int, width: int, value: int) -> bytes:
        """The frame that writes it."""
        return ade7953_pointer(register, width) + _ADE_WRITE + value_bytes(value, width)

    def decode_read(self, answer: bytes) -> int:
        """The value in what came back while `encode_read`'s frame went out."""
        return int.from_bytes(answer[3:], "big")


def ade7953_pointer(register: int, width: int) -> bytes:
    """What names a register: on I2C this alone before a repeated start and a read, or with `value_bytes` to write.

    ValueError if the register is not `width` bytes wide: its first digit says how wide it is.
    """
    digit = register >> 8
    _check(register, 0x8FF, width == (digit + 1 if digit < 4 else int(digit > 6)))
    return bytes((digit, register & 0xFF))


def value_bytes(value: int, width: int) -> bytes:
    """`width` bytes, 0 <= value < 256 ** width; MicroPython would cut a longer one in silence."""
    if not 0 <= value < 1 << 8 * width:
        raise ValueError("%d does not fit %d bytes" % (value, width))
    return value.to_bytes(width, "big")


def _check(register: int, register_max: int, fits: bool) -> None:
    if not 0 <= register <= register_max or not fits:
        raise ValueError("no such register, or not of that width: %X" % register)
