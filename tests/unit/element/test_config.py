# SPDX-License-Identifier: Apache-2.0
"""A chip that is not set up for signing is refused at the start, in words that say what to set up."""

import pytest

from sim.world.chips.atecc608 import configuration
from wattpact.element.config import Config, config_locked
from wattpact.errors import BusError

SERIAL = bytes.fromhex("a1b2c3d4e5f6")
LOCKED_SLOT = 88


def zone(**bytes_at: int) -> bytes:
    """A good one with some bytes changed: `at_86=0x55`."""
    made = configuration(SERIAL, 0x60)
    for name, value in bytes_at.items():
        made[int(name[3:])] = value
    return bytes(made)


def config(**bytes_at: int) -> Config:
    return Config(zone(**bytes_at))


def test_the_serial_number_is_put_together_from_both_places() -> None:
    """Bytes 0 to 3 and 8 to 12; it starts with 0123."""
    assert config().serial == bytes.fromhex("0123 a1b2 c3d4e5f6 ee")


@pytest.mark.parametrize("content", [bytes(128), b"\xff" * 128, zone()[:96], zone() + b"\x00", b""])
def test_what_is_no_configuration_is_refused(content: bytes) -> None:
    """Another length, or a serial number that Microchip does not give."""
    with pytest.raises(BusError, match="serial number"):
        Config(content)


def test_a_chip_as_provisioned_may_sign_in_every_slot_and_make_keys() -> None:
    """83 20 and 33 00, both zones locked."""
    for slot in range(16):
        config().check_signing(slot)
        config().check_creating(slot)


@pytest.mark.parametrize(
    ("bytes_at", "told"),
    [
        ({"at_87": 0x55}, "configuration zone is not locked"),
        ({"at_87": 0x01}, "configuration zone is not locked"),
        ({"at_86": 0x55}, "data zone is not locked"),
        ({"at_20": 0x82}, "may not sign messages from outside"),
        ({"at_20": 0x03}, "is not that of a P-256 private key"),
        ({"at_20": 0xA3}, "a limited number of times"),
        ({"at_96": 0x32}, "is not that of a P-256 private key"),
        ({"at_96": 0x3F}, "is not that of a P-256 private key"),
        ({"at_96": 0x31}, "does not tell its public key"),
        ({"at_96": 0xB3}, "needs to be authorised"),
        ({"at_97": 0x10}, "needs to be authorised"),
        ({"at_19": 0x68}, "clock divider M2"),
    ],
)
def test_a_slot_that_cannot_sign_is_refused_with_the_reason(
    bytes_at: dict[str, int], told: str
) -> None:
    """Each bit that matters, and a lock byte that is neither locked nor unlocked counts as open."""
    with pytest.raises(BusError, match=told):
        config(**bytes_at).check_signing(0)


@pytest.mark.parametrize(
    "bytes_at",
    [{"at_20": 0x87}, {"at_20": 0x85, "at_21": 0}, {"at_96": 0x53}, {"at_19": 0}, {"at_88": 0xFE}],
    ids=["ECDH too", "Trust&GO slot 0", "Trust&GO key 0", "M0 clock", "slot locked"],
)
def test_what_does_not_hinder_signing_is_no_reason(bytes_at: dict[str, int]) -> None:
    """A locked slot keeps its key and signs with it; that is what Trust&GO parts have."""
    config(**bytes_at).check_signing(0)


@pytest.mark.parametrize(
    ("bytes_at", "told"),
    [
        ({"at_87": 0x55}, "configuration zone is not locked"),
        ({"at_86": 0x55}, "data zone is not locked"),
        ({"at_88": 0xFE}, "slot 0 keeps the key it has"),
        ({"at_21": 0x00}, "slot 0 keeps the key it has"),
        ({"at_96": 0x3C}, "is not that of a P-256 private key"),
    ],
)
def test_no_key_is_made_where_it_could_be_changed_or_may_not_be(
    bytes_at: dict[str, int], told: str
) -> None:
    """Both zones locked, the slot open, GenKey allowed."""
    with pytest.raises(BusError, match=told):
        config(**bytes_at).check_creating(0)


def test_locks_of_slots_are_told_apart() -> None:
    """Slot 9's bit is the second of the second byte."""
    barred = config(at_89=0xFD)
    with pytest.raises(BusError, match="slot 9 keeps"):
        barred.check_creating(9)
    barred.check_creating(1)
    barred.check_creating(8)


def test_the_last_slot_has_its_own_configuration() -> None:
    """Two bytes each, from 20 and from 96."""
    with pytest.raises(BusError, match="slot 15"):
        config(at_50=0x82).check_signing(15)
    with pytest.raises(BusError, match="slot 15"):
        config(at_126=0x32).check_signing(15)
    config(at_50=0x82, at_126=0x32).check_signing(14)


@pytest.mark.parametrize("slot", [-1, 16])
def test_a_slot_that_no_chip_has_is_our_mistake(slot: int) -> None:
    """0 to 15."""
    with pytest.raises(ValueError, match="0 to 15"):
        config().check_signing(slot)
    with pytest.raises(ValueError, match="0 to 15"):
        config().check_creating(slot)


def test_only_a_zero_says_that_the_configuration_is_locked() -> None:
    """Block 2 of it, as read before random numbers are drawn."""
    assert config_locked(zone()[64:96])
    for open_byte in (0x55, 0x01, 0xFF):
        assert not config_locked(zone(at_87=open_byte)[64:96])
