# SPDX-License-Identifier: Apache-2.0
"""Frames that others printed, and replies that are not one."""

import pytest

from sim.world.chips.modbus.slave import sealed
from wattpact.errors import BusError
from wattpact.metering.modbus.frame import (
    HEAD,
    PassingFault,
    crc16,
    decode_reply,
    encode_request,
    frame_us,
    registers,
    reply_size,
    silence_us,
)


def spelt(text: str) -> bytes:
    return bytes.fromhex(text)


@pytest.mark.parametrize(
    "printed",
    [
        "01 04 00 00 00 02 71 CB",  # Eastron's manuals: voltage of L1
        "01 04 00 48 00 04 71 DF",
        "01 04 00 00 00 50 F0 36",
        "01 03 00 14 00 02 84 0F",
        "02 04 00 00 00 02 71 F8",
        "01 04 00 00 00 0A 70 0D",  # PZEM-004T: everything
        "F8 04 00 00 00 0A 64 64",
        "01 03 00 00 00 12 C5 C7",  # DDS238
        "01 03 20 06 00 06 2E 09",  # DTSU666
        "01 03 40 1E 00 02 B1 CD",
        "01 03 10 1E 00 02 A0 CD",
    ],
)
def test_requests_are_those_of_the_makers_documents(printed: str) -> None:
    """Byte for byte, CRC included."""
    frame = spelt(printed)
    assert encode_request(frame[0], frame[1], frame[2:6]) == frame


def test_the_crc_is_that_of_modbus() -> None:
    """Its check value, low byte first."""
    assert crc16(b"123456789") == spelt("37 4B")
    assert crc16(b"") == spelt("FF FF")


@pytest.mark.parametrize(
    ("unit", "function", "body"),
    [
        (1, 6, "00 02 00 05"),
        (1, 16, "00 14 00 02"),
        (1, 0x42, ""),
        (0, 4, "00 00 00 02"),
        (249, 4, "00 00 00 02"),
        (1, 4, "00 00 00 00"),
        (1, 4, "00 00 00 7E"),
        (1, 4, "00 00 00 02 00"),
    ],
)
def test_nothing_but_reading_leaves_this_master(unit: int, function: int, body: str) -> None:
    """No write, no reset, no broadcast, no more registers than a frame holds."""
    with pytest.raises(ValueError, match=r"request|registers"):
        encode_request(unit, function, spelt(body))


ASKED = spelt("01 04 00 48 00 04 71 DF")
TOLD = spelt("01 04 08 43 EF 3E FA 40 C6 E9 79 D9 A3")


def test_a_reply_gives_its_registers() -> None:
    """478.492 and 6.216 kWh, as Eastron sends them."""
    body = decode_reply(ASKED, TOLD)
    assert registers(body) == [0x43EF, 0x3EFA, 0x40C6, 0xE979]
    assert reply_size(ASKED, TOLD[:HEAD]) == len(TOLD)


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (b"", "cut short"),
        (TOLD[:4], "cut short"),
        (TOLD[:-1] + b"\x00", "wrong CRC"),
        (TOLD[:5], "wrong CRC"),
        (sealed(b"\x02" + TOLD[1:-2]), "from unit 2"),
        (sealed(b"\x01\x03" + TOLD[2:-2]), "to function 3"),
        (sealed(TOLD[:-4]), "6 bytes of registers, says 8"),
        (sealed(b"\x01\x04\x06" + TOLD[3:-2]), "8 bytes of registers, says 6"),
        (sealed(b"\x01\x04\x06" + TOLD[5:-2]), "6 bytes of registers, says 6"),
    ],
)
def test_whatever_is_not_the_reply_to_the_request_is_refused(frame: bytes, told: str) -> None:
    """And may be asked for again."""
    with pytest.raises(PassingFault, match=told):
        decode_reply(ASKED, frame)


@pytest.mark.parametrize(
    ("code", "told", "passing"),
    [(2, "does not have this register", False), (6, "busy", True), (9, "unknown", False)],
)
def test_an_exception_is_a_meters_no_and_says_which(code: int, told: str, passing: bool) -> None:
    """Only one that passes is worth another try."""
    frame = sealed(bytes([1, 0x84, code]))
    assert reply_size(ASKED, frame) == len(frame)
    with pytest.raises(BusError, match=r"exception 0%d: .*%s" % (code, told)) as raised:
        decode_reply(ASKED, frame)
    assert isinstance(raised.value, PassingFault) is passing


def test_times_are_those_of_the_standard() -> None:
    """3.5 bytes of 11 bits, fixed above 19200 baud."""
    assert [silence_us(baud) for baud in (2400, 9600, 19200, 38400)] == [16041, 4010, 2005, 1750]
    assert frame_us(165, 2400) == 756_250
