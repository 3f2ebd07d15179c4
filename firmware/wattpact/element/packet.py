# SPDX-License-Identifier: Apache-2.0
"""Bytes to and from an ATECC608: frames, their CRC, and what a status byte says is wrong.

A frame is count, content, CRC; the count covers all three. A command's content is opcode, param1, param2 with its low
byte first, payload. The CRC is not that of Modbus, although the polynomial is.
"""

from ..compat import const
from ..errors import BusError

TYPE_CHECKING = False
if TYPE_CHECKING:
    Command = tuple[str, int, int]

# Name, opcode, longest time in ms that a 608B takes at its default clock (M1); an M0 part is faster.
READ = ("Read", 0x02, 5)
NONCE = ("Nonce", 0x16, 20)
RANDOM = ("Random", 0x1B, 23)
INFO = ("Info", 0x30, 5)
GENKEY = ("GenKey", 0x40, 215)
SIGN = ("Sign", 0x41, 220)

WAKE_TOKEN = b"\x04\x11\x33\x43"
FRAME_EXTRA = const(3)  # the count and the CRC

_COMMAND = b"\x03"  # word address of the input buffer
_POLYNOMIAL = const(0x8005)
_REPLY_MIN = const(4)

SILENT = "no chip answers at address 0x%02X: check supply, SDA, SCL, pull-ups, address, and a bus of 100 kHz"
GARBLED = "answer with a wrong CRC: check pull-ups, length and neighbours of the lines"
# What a status byte means, and whether the same sequence may succeed after the chip was woken anew.
STATUSES = {
    0x03: ("not understood (03): is it an ATECC608?", False),
    0x05: ("computation failed (05): check the supply", True),
    0x07: ("self-test failed (07): replace the chip", False),
    0x08: ("its random numbers failed their test (08): replace the chip", True),
    0x0F: ("refused (0F): check that the slot holds a key and what the slot may do", False),
    0x11: ("it restarted on the way (11): check the supply", True),
    0xEE: ("its watchdog was about to expire (EE): the board was too slow", True),
    0xFF: ("command arrived with a wrong CRC (FF): check pull-ups and lines", True),
}


class PassingFault(BusError):
    """A fault that may be gone when the chip is woken anew. Never leaves this package: it becomes a BusError."""


def fault(text: str) -> BusError:
    """The error that leaves this package: it says which part of the board it is about."""
    return BusError("secure element: " + text)


def crc16(content: bytes) -> bytes:
    """2 bytes, the low one first: polynomial 8005, register from 0, bits of a byte from the lowest."""
    register = 0
    for byte in content:
        for bit in range(8):
            flip = (register >> 15) ^ (byte >> bit & 1)
            register = (register << 1) & 0xFFFF
            if flip:
                register ^= _POLYNOMIAL
    return bytes((register & 0xFF, register >> 8))


def encode_command(opcode: int, param1: int, param2: int, payload: bytes) -> bytes:
    """What is written to the chip's address, 0 <= param1 < 256, 0 <= param2 < 65536."""
    content = bytes((opcode, param1, param2 & 0xFF, param2 >> 8)) + payload
    counted = bytes((len(content) + FRAME_EXTRA,)) + content
    return _COMMAND + counted + crc16(counted)


def decode_reply(raw: bytes, size: int, name: str) -> bytes:
    """The `size` bytes that `name` gives, from a read that may be longer than the frame; BusError for anything else."""
    count = raw[0] if raw else 0
    if not _REPLY_MIN <= count <= len(raw) or crc16(raw[: count - 2]) != raw[count - 2 : count]:
        raise PassingFault("%s: %s" % (name, GARBLED))
    content = raw[1 : count - 2]
    if len(content) == size and (size > 1 or content == b"\x00"):
        return content
    if len(content) > 1:
        raise PassingFault("%s: %d bytes came for %d" % (name, len(content), size))
    text, passing = STATUSES.get(content[0], ("unknown status (%02X)" % content[0], True))
    told = "%s: %s" % (name, text)
    if passing:
        raise PassingFault(told)
    raise fault(told)
