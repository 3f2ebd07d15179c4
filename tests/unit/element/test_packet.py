# SPDX-License-Identifier: Apache-2.0
"""Frames and their CRC are those of the data sheet, and every answer that is not one is told in words."""

import pytest

from wattpact.element import packet
from wattpact.element.packet import PassingFault, crc16, decode_reply, encode_command
from wattpact.errors import BusError

COMMANDS = {
    "Info": ("07 30 00 00 00 03 5D", 0x30, 0x00, 0),
    "Random": ("07 1B 00 00 00 24 CD", 0x1B, 0x00, 0),
    "GenKey public": ("07 40 00 00 00 00 05", 0x40, 0x00, 0),
    "GenKey private": ("07 40 04 00 00 83 87", 0x40, 0x04, 0),
    "Sign from TempKey": ("07 41 80 00 00 28 05", 0x41, 0x80, 0),
    "Sign from the digest buffer": ("07 41 A0 00 00 7B 85", 0x41, 0xA0, 0),
    "Read configuration": ("07 02 80 00 00 09 AD", 0x02, 0x80, 0),
    "Lock configuration": ("07 17 80 00 00 39 8D", 0x17, 0x80, 0),
    "Lock data": ("07 17 81 00 00 3A 07", 0x17, 0x81, 0),
}
REPLIES = {
    "ok": "04 00 03 40",
    "parse": "04 03 83 42",
    "execution": "04 0F 23 42",
    "watchdog": "04 EE 31 41",
    "crc": "04 FF 01 42",
    "awake": "04 11 33 43",
}


def framed(content: bytes) -> bytes:
    counted = bytes([len(content) + 3]) + content
    return counted + crc16(counted)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_the_bytes_of_the_data_sheet(name: str) -> None:
    """Word address 03, then count, opcode, parameters and CRC."""
    text, opcode, param1, param2 = COMMANDS[name]
    assert encode_command(opcode, param1, param2, b"") == b"\x03" + bytes.fromhex(text)


def test_a_command_carries_its_payload_and_its_second_parameter_low_byte_first() -> None:
    """The count covers everything but the word address."""
    frame = encode_command(0x16, 0x43, 0x1234, bytes(32))
    assert frame[:6] == bytes.fromhex("03 27 16 43 34 12")
    assert len(frame) == 1 + frame[1] == 40
    assert crc16(frame[1:-2]) == frame[-2:]


@pytest.mark.parametrize("name", REPLIES)
def test_replies_of_the_data_sheet_have_this_crc(name: str) -> None:
    """Those that every chip gives, computed independently."""
    raw = bytes.fromhex(REPLIES[name])
    assert crc16(raw[:-2]) == raw[-2:]
    assert bytes.fromhex(REPLIES["awake"]) == packet.WAKE_TOKEN


def test_the_crc_is_not_that_of_modbus() -> None:
    """Same polynomial, other end, other start: the check value of "123456789" tells them apart."""
    assert crc16(b"123456789") == (0xBCDD).to_bytes(
        2, "little"
    )  # CRC-16/ARC is BB3D, mirrored BCDD
    assert crc16(b"") == b"\x00\x00"


def test_an_answer_is_read_from_its_frame_whatever_follows() -> None:
    """A driver asks for as many bytes as it hopes for; what the chip does not drive reads FF."""
    assert decode_reply(framed(bytes(range(32))) + b"\xff" * 9, 32, "Random") == bytes(range(32))
    assert decode_reply(framed(b"\x00") + b"\xff", 1, "Nonce") == b"\x00"


@pytest.mark.parametrize("status", packet.STATUSES)
@pytest.mark.parametrize("size", [1, 4, 64])
def test_a_status_is_told_in_words_and_says_whether_to_try_again(status: int, size: int) -> None:
    """For every command, with its name and the status in hex."""
    text, passing = packet.STATUSES[status]
    with pytest.raises(BusError) as caught:
        decode_reply(framed(bytes([status])) + b"\xff" * size, size, "Sign")
    assert str(caught.value).removeprefix("secure element: ") == "Sign: " + text
    assert "(%02X)" % status in text
    assert isinstance(caught.value, PassingFault) is passing


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x04",
        b"\xff" * 67,
        bytes(67),
        b"\x03\x00\x00",
        b"\x04\x00\x03\x41",
        b"\x43" + bytes(66),
    ],
    ids=["nothing", "short", "ones", "zeros", "count", "crc", "zeros of the right count"],
)
def test_what_is_no_frame_may_pass(raw: bytes) -> None:
    """A line that nobody drives, or that somebody disturbs: told as such, worth another try."""
    with pytest.raises(PassingFault, match="Sign: answer with a wrong CRC"):
        decode_reply(raw, 64, "Sign")


@pytest.mark.parametrize("size", [1, 4, 64])
def test_a_frame_of_another_length_is_no_answer(size: int) -> None:
    """32 bytes are neither a signature nor a revision nor a status."""
    with pytest.raises(PassingFault, match="32 bytes came for %d" % size):
        decode_reply(framed(bytes(32)) + b"\xff" * 32, size, "Sign")


def test_an_unknown_status_is_named() -> None:
    """A chip newer than this list, or ok where an answer was due."""
    for status in (0x00, 0x42):
        with pytest.raises(PassingFault, match=r"unknown status \(%02X\)" % status):
            decode_reply(framed(bytes([status])), 64, "Sign")
    with pytest.raises(PassingFault, match=r"unknown status \(42\)"):
        decode_reply(framed(b"\x42"), 1, "Nonce")
