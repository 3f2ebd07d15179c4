# SPDX-License-Identifier: Apache-2.0
"""Registers as bytes, compared with what the data sheets and other drivers send."""

import pytest

from wattpact.metering.chips.frames import (
    Ade7953Frames,
    Atm90e32Frames,
    ade7953_pointer,
    value_bytes,
)


def test_an_atm90e32_frame_is_address_under_a_read_bit_and_value() -> None:
    """UrmsA is asked for with 80 D9 00 00, MMode0 becomes 1087H with 00 33 10 87."""
    frames = Atm90e32Frames()
    assert frames.encode_read(0xD9, 2).hex() == "80d90000"
    assert frames.encode_read(0x2F0, 2).hex() == "82f00000"
    assert frames.encode_write(0x33, 2, 0x1087).hex() == "00331087"
    assert frames.decode_read(bytes.fromhex("ffff59e7")) == 23015


def test_an_ade7953_frame_is_as_long_as_its_register() -> None:
    """Address, direction, and one to four bytes."""
    frames = Ade7953Frames()
    assert frames.encode_read(0x040, 1).hex() == "00408000"
    assert frames.encode_read(0x31E, 4).hex() == "031e8000000000"
    assert frames.encode_write(0x102, 2, 0x0004).hex() == "0102000004"
    assert frames.encode_write(0x281, 3, 0x400000).hex() == "028100400000"
    assert frames.decode_read(bytes.fromhex("000000c0ffee")) == 0xC0FFEE
    assert ade7953_pointer(0x702, 1).hex() == "0702"
    assert ade7953_pointer(0x800, 1).hex() == "0800"


@pytest.mark.parametrize(
    ("register", "width"), [(0x31E, 3), (0x21E, 4), (0x102, 1), (0x040, 2), (0x900, 1), (0x500, 1)]
)
def test_an_ade7953_register_has_one_width(register: int, width: int) -> None:
    """Another one would shift everything after it."""
    with pytest.raises(ValueError, match="no such register"):
        ade7953_pointer(register, width)


@pytest.mark.parametrize(("register", "width"), [(0x400, 2), (-1, 2), (0x33, 1), (0x33, 4)])
def test_an_atm90e32_register_has_ten_bits_of_address_and_two_bytes(
    register: int, width: int
) -> None:
    """The read bit and what is don't care are not the caller's."""
    frames = Atm90e32Frames()
    with pytest.raises(ValueError, match="no such register"):
        frames.encode_read(register, width)
    with pytest.raises(ValueError, match="no such register"):
        frames.encode_write(register, width, 0)


@pytest.mark.parametrize("value", [-1, 0x10000])
def test_a_value_that_does_not_fit_is_refused(value: int) -> None:
    """MicroPython's to_bytes would cut it in silence."""
    with pytest.raises(ValueError, match="does not fit"):
        value_bytes(value, 2)
