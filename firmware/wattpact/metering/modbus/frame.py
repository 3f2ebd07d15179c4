# SPDX-License-Identifier: Apache-2.0
"""Modbus RTU frames of a master that reads: bytes out, bytes in, no waiting (MODBUS over Serial Line V1.02).

A frame is unit, function, body, CRC with its low byte first. Everything about a reply is checked against its request:
unit, function, byte count, length, CRC. Functions that write are refused here, so that no driver can change a meter.
"""

from ...compat import const
from ...errors import BusError

READ_HOLDING = const(3)
READ_INPUT = const(4)
HEAD = const(5)  # bytes of the shortest reply, an exception; any reply has as many
REGISTERS_MAX = const(125)
UNIT_MAX = const(248)  # 1 to 247; 248 is the general address of a PZEM

_CRC_POLYNOMIAL = const(0xA001)
_OVERHEAD = const(5)  # unit, function, byte count, CRC
_REQUEST = const(8)
_EXCEPTION = const(0x80)
_FAST_BAUD = const(19200)
_PASSING = (5, 6)
_EXCEPTIONS = {
    1: "it does not know this function",
    2: "it does not have this register: is it another meter?",
    3: "it does not allow this many registers",
    4: "it failed (device failure)",
    5: "it needs longer (acknowledge)",
    6: "it is busy",
}


class PassingFault(BusError):
    """A fault that may be gone when the same is asked again."""


def crc16(content: bytes) -> bytes:
    """CRC-16/MODBUS, 2 bytes as they go over the wire. Of b"123456789": 37 4B."""
    register = 0xFFFF
    for byte in content:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (_CRC_POLYNOMIAL if register & 1 else 0)
    return bytes((register & 0xFF, register >> 8))


def encode_request(unit: int, function: int, body: bytes) -> bytes:
    """The frame that asks for registers; ValueError for anything else than reading: our mistake."""
    if function not in (READ_HOLDING, READ_INPUT) or len(body) != 4 or not 1 <= unit <= UNIT_MAX:
        raise ValueError("not a request to read from one meter")
    if not 1 <= body[2] << 8 | body[3] <= REGISTERS_MAX:
        raise ValueError("number of registers")
    frame = bytes((unit, function)) + body
    return frame + crc16(frame)


def reply_size(request: bytes, head: bytes) -> int:
    """How long the reply to `request` is whose first HEAD bytes are `head`."""
    if head[1] & _EXCEPTION:
        return HEAD
    return _OVERHEAD + 2 * (request[4] << 8 | request[5])


def decode_reply(request: bytes, frame: bytes) -> bytes:
    """The body (byte count and registers) of a reply. PassingFault if it is no sound one, BusError if it is a no."""
    if len(frame) < HEAD:
        raise PassingFault("reply is cut short: %d bytes" % len(frame))
    if crc16(frame[:-2]) != frame[-2:]:
        raise PassingFault("reply has a wrong CRC: check baud rate, parity, termination and noise")
    if frame[0] != request[0]:
        raise PassingFault("reply is from unit %d" % frame[0])
    if frame[1] == request[1] | _EXCEPTION:
        text = "exception %02X: %s" % (frame[2], _EXCEPTIONS.get(frame[2], "unknown"))
        raise PassingFault(text) if frame[2] in _PASSING else BusError(text)
    if frame[1] != request[1]:
        raise PassingFault("reply is to function %d" % frame[1])
    size = len(frame) - _OVERHEAD
    if frame[2] != size or size != 2 * (request[4] << 8 | request[5]):
        raise PassingFault("reply has %d bytes of registers, says %d" % (size, frame[2]))
    return frame[2:-2]


def frame_us(size: int, baud: int) -> int:
    """How long `size` bytes take on the wire, with 11 bits a byte as the standard counts."""
    return size * 11000000 // baud


def silence_us(baud: int) -> int:
    """The pause that separates frames: 3.5 bytes, above 19200 baud 1750 us."""
    return 1750 if baud > _FAST_BAUD else 38500000 // baud


def registers(body: bytes) -> "list[int]":
    """Unsigned 16-bit registers of a reply's body, in the order of their addresses."""
    return [body[at] << 8 | body[at + 1] for at in range(1, len(body), 2)]
