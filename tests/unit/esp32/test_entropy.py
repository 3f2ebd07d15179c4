# SPDX-License-Identifier: Apache-2.0
"""The ESP32's generator is asked while a radio is on, and not otherwise. Which bytes come is for a board to show."""

import pytest

from wattpact.crypto.signer import new_secret
from wattpact.esp32.entropy import HardwareEntropy, check_drawn


class Radio:
    """A radio whose state is as given at each question, the last one for ever."""

    def __init__(self, *states: object) -> None:
        self.states = list(states)

    def active(self) -> object:
        return self.states.pop(0) if len(self.states) > 1 else self.states[0]


@pytest.mark.parametrize("count", [1, 8, 31, 32, 33, 4096])
def test_with_the_radio_on_as_many_bytes_come_as_asked_for(count: int) -> None:
    """Few or many, and no two reads alike."""
    source = HardwareEntropy(Radio(True))
    assert len(source.read(count)) == count
    assert source.read(32) != source.read(32)
    assert len(new_secret(source)) == 32


@pytest.mark.parametrize("state", [False, None, 0, 1, "on"])
def test_with_the_radio_off_there_is_no_entropy(state: object) -> None:
    """Nothing but True counts: what does not know is off."""
    with pytest.raises(OSError, match="radio is off"):
        HardwareEntropy(Radio(state)).read(32)


def test_a_radio_that_went_off_meanwhile_spoils_what_was_read() -> None:
    """Nobody knows which of the bytes came before."""
    source = HardwareEntropy(Radio(True, False, True))
    with pytest.raises(OSError, match="radio is off"):
        source.read(32)
    assert len(source.read(32)) == 32


@pytest.mark.parametrize("value", [0x00, 0xFF, 0x55])
def test_bytes_that_are_all_equal_are_refused(value: int) -> None:
    """A register that nothing feeds."""
    with pytest.raises(OSError, match="all bytes are equal"):
        check_drawn(bytes([value]) * 32, 32)
    check_drawn(bytes([value]) * 31 + bytes([value ^ 1]), 32)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_an_answer_of_another_length_is_refused(size: int) -> None:
    """Too few and too many."""
    with pytest.raises(OSError, match="gave %d bytes for 32" % size):
        check_drawn(bytes(range(size)), 32)


@pytest.mark.parametrize("count", [0, -1])
def test_no_bytes_are_no_question(count: int) -> None:
    """Our mistake, whatever the radio does."""
    with pytest.raises(ValueError, match="at least one"):
        HardwareEntropy(Radio(False)).read(count)
