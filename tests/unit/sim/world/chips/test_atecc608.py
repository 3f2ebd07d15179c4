# SPDX-License-Identifier: Apache-2.0
"""The modelled chip is at least as strict as the real one, says its own bytes, and keeps its keys."""

from hashlib import sha256
from itertools import product
from random import Random

import pytest

from host.keys import OpensslVerifier
from sim.world.chips.atecc608 import (
    CONSTANT,
    GENKEY,
    INFO,
    LOCK_CONFIG,
    LOCK_DATA,
    NONCE,
    RANDOM,
    READ,
    SIGN,
    SLOT_LOCKED,
    TWHI_US,
    Atecc608Model,
    checksum,
    framed,
)
from wattpact.crypto import ecdsa
from wattpact.crypto.field import HALF_N

ADDRESS = 0x60
SECRET = sha256(b"inside").digest()
DIGEST = sha256(b"a message").digest()
PARSE, REFUSED, WATCHDOG, GARBLED = b"\x03", b"\x0f", b"\xee", b"\xff"


def model(seed: int = 1) -> Atecc608Model:
    return Atecc608Model(Random(seed), {0: SECRET})


def pulse(chip: Atecc608Model) -> None:
    with pytest.raises(OSError, match="address 0"):
        chip.writeto(0, b"\x00")


def woken(chip: Atecc608Model) -> Atecc608Model:
    pulse(chip)
    chip.sleep_us(TWHI_US)
    assert chip.readfrom(ADDRESS, 4).hex() == "04113343"
    return chip


def send(chip: Atecc608Model, opcode: int, mode: int, param: int, payload: bytes = b"") -> None:
    content = bytes([opcode, mode]) + param.to_bytes(2, "little") + payload
    chip.writeto(ADDRESS, b"\x03" + framed(content))


def answer(
    chip: Atecc608Model, opcode: int, mode: int = 0, param: int = 0, payload: bytes = b""
) -> bytes:
    """What a command gives, without count and CRC."""
    send(chip, opcode, mode, param, payload)
    while True:
        chip.sleep_us(1_000)
        try:
            raw = chip.readfrom(ADDRESS, 80)
        except OSError:
            assert chip.awake
            continue
        count = raw[0]
        assert checksum(raw[: count - 2]) == raw[count - 2 : count]
        assert set(raw[count:]) == {0xFF}
        return raw[1 : count - 2]


def silent(chip: Atecc608Model) -> bool:
    """Whether it acknowledges neither a write nor a read."""
    for call in (lambda: chip.writeto(ADDRESS, b"\x02"), lambda: chip.readfrom(ADDRESS, 1)):
        try:
            call()
        except OSError:
            continue
        return False
    return True


# -- time


def test_it_sleeps_until_a_pulse_and_does_not_answer_before_twhi() -> None:
    """1500 us; a driver that waits 150 and tries again never learns that."""
    chip = model()
    assert silent(chip)
    pulse(chip)
    assert chip.awake
    chip.sleep_us(1_000)
    assert silent(chip)
    chip.sleep_us(1_000)
    assert chip.readfrom(ADDRESS, 4).hex() == "04113343"


def test_a_pulse_of_a_fast_bus_is_too_short() -> None:
    """Eight bits of 2.5 us."""
    chip = model()
    chip.bus_hz = 400_000
    pulse(chip)
    assert not chip.awake


def test_an_answer_is_there_once() -> None:
    """The wake token and any other."""
    chip = woken(model())
    with pytest.raises(OSError, match="nothing to read"):
        chip.readfrom(ADDRESS, 4)
    answer(chip, INFO)
    with pytest.raises(OSError, match="nothing to read"):
        chip.readfrom(ADDRESS, 4)


def test_it_does_not_answer_while_it_works() -> None:
    """Half of the longest time at least, and all of it at most."""
    for seed in range(20):
        chip = woken(model(seed))
        answer(chip, NONCE, 0x43, 0, DIGEST)
        send(chip, SIGN, 0xA0, 0)
        begun = chip.now_us
        chip.sleep_us(100_000)
        assert silent(chip)
        while silent(chip):
            chip.sleep_us(1_000)
        assert 110_000 <= chip.now_us - begun <= 230_000


def test_its_watchdog_puts_it_to_sleep_and_loses_the_digest() -> None:
    """Whatever it was doing; a new wake is needed, and a new digest."""
    chip = woken(model())
    answer(chip, NONCE, 0x43, 0, DIGEST)
    chip.sleep_us(chip.watchdog_us)
    assert not chip.awake
    assert silent(chip)
    assert answer(woken(chip), SIGN, 0xA0) == REFUSED


def test_a_command_that_would_outlast_the_watchdog_is_not_begun() -> None:
    """EE, and a shorter one still runs."""
    chip = woken(model())
    answer(chip, NONCE, 0x43, 0, DIGEST)
    chip.sleep_us(500_000)
    assert answer(chip, SIGN, 0xA0) == WATCHDOG
    assert len(answer(chip, INFO)) == 4


def test_sleep_loses_the_digest_and_idle_keeps_it() -> None:
    """Word addresses 01 and 02."""
    chip = woken(model())
    answer(chip, NONCE, 0x43, 0, DIGEST)
    chip.writeto(ADDRESS, b"\x02")
    assert not chip.awake
    assert len(answer(woken(chip), SIGN, 0xA0)) == 64
    answer(chip, NONCE, 0x43, 0, DIGEST)
    chip.writeto(ADDRESS, b"\x01")
    assert not chip.awake
    assert answer(woken(chip), SIGN, 0xA0) == REFUSED


# -- bytes


def test_a_frame_with_a_wrong_crc_or_count_is_not_obeyed() -> None:
    """FF, whatever it says."""
    good = framed(bytes([INFO, 0, 0, 0]))
    for frame in (
        good[:-1] + bytes([good[-1] ^ 1]),
        bytes([8]) + good[1:],
        good + b"\x00",
        good[:-1],
        b"",
    ):
        chip = woken(model())
        chip.writeto(ADDRESS, b"\x03" + frame)
        chip.sleep_us(2_000)
        assert chip.readfrom(ADDRESS, 4) == framed(GARBLED)


def test_it_says_what_it_is() -> None:
    """A 608B, by Info and in its configuration."""
    chip = woken(model())
    assert answer(chip, INFO) == answer(chip, READ, 0x00, 1) == bytes.fromhex("00006003")


@pytest.mark.parametrize(
    ("opcode", "mode", "param", "payload"),
    [
        (0x99, 0, 0, b""),
        (INFO, 1, 0, b""),
        (INFO, 0, 0, b"\x00"),
        (RANDOM, 2, 0, b""),
        (RANDOM, 0, 1, b""),
        (NONCE, 0x03, 0, DIGEST),
        (NONCE, 0x43, 0, DIGEST[:31]),
        (NONCE, 0x43, 1, DIGEST),
        (GENKEY, 1, 0, b""),
        (GENKEY, 0, 16, b""),
        (SIGN, 0x80, 0, b""),
        (SIGN, 0xA0, 16, b""),
        (SIGN, 0xA0, 0, b"\x00"),
        (READ, 0x83, 0, b""),
        (READ, 0x80, 0x20, b""),
        (READ, 0x80, 1, b""),
    ],
)
def test_what_it_does_not_know_it_does_not_understand(
    opcode: int, mode: int, param: int, payload: bytes
) -> None:
    """03: opcodes, modes, slots and lengths that this driver has no business with."""
    assert answer(woken(model()), opcode, mode, param, payload) == PARSE


def test_its_configuration_can_be_read_and_its_slots_cannot() -> None:
    """In blocks and words; the data zone and OTP are refused."""
    chip = woken(model())
    blocks = b"".join(answer(chip, READ, 0x80, block << 3) for block in range(4))
    assert blocks == bytes(chip.config)
    assert answer(chip, READ, 0x00, 2 << 3 | 5) == blocks[84:88]
    for zone, address in product((1, 2, 0x81, 0x82), (0, 8, 0x0F << 3)):
        assert answer(chip, READ, zone, address) == REFUSED


# -- keys


def test_it_signs_what_was_loaded_once_and_never_twice_alike() -> None:
    """Each signature verifies, half of them with a high s, and each needs a digest of its own."""
    chip = model()
    high = 0
    seen: set[bytes] = set()
    for _ in range(40):
        woken(chip)
        assert answer(chip, NONCE, 0x43, 0, DIGEST) == b"\x00"
        signature = answer(chip, SIGN, 0xA0)
        assert answer(chip, SIGN, 0xA0) == REFUSED
        item = (ecdsa.public_key(SECRET), DIGEST, signature)
        assert OpensslVerifier().verify([item]) == [True]
        high += int.from_bytes(signature[32:], "big") > HALF_N
        seen.add(signature)
        chip.writeto(ADDRESS, b"\x01")
    assert len(seen) == 40
    assert 10 < high < 30


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (LOCK_CONFIG, 0x55),
        (LOCK_DATA, 0x55),
        (20, 0x82),
        (20, 0x03),
        (20, 0xA3),
        (96, 0x32),
        (96, 0x3F),
        (96, 0xB3),
        (97, 0x10),
    ],
)
def test_a_slot_signs_only_as_it_is_configured(at: int, value: int) -> None:
    """Zones, external signatures, secrecy, limited use, private, P-256, authorisation, persistent disable: 0F."""
    chip = model()
    chip.config[at] = value
    woken(chip)
    answer(chip, NONCE, 0x43, 0, DIGEST)
    assert answer(chip, SIGN, 0xA0) == REFUSED


def test_keys_are_made_where_that_is_allowed() -> None:
    """Zones locked, slot open, GenKey in its SlotConfig; then the new key signs."""
    chip = woken(model())
    point = answer(chip, GENKEY, 4, 5)
    assert point == answer(chip, GENKEY, 0, 5)
    chip.writeto(ADDRESS, b"\x01")
    woken(chip)
    answer(chip, NONCE, 0x43, 0, DIGEST)
    signature = answer(chip, SIGN, 0xA0, 5)
    assert OpensslVerifier().verify([(b"\x04" + point, DIGEST, signature)]) == [True]
    for at, value in (
        (LOCK_CONFIG, 0x55),
        (LOCK_DATA, 0x55),
        (SLOT_LOCKED, 0xDF),
        (20 + 2 * 5 + 1, 0),
        (96 + 2 * 5, 0x32),
    ):
        barred = model()
        barred.config[at] = value
        assert answer(woken(barred), GENKEY, 4, 5) == REFUSED


def test_a_public_key_is_told_if_there_is_one_and_it_may_be() -> None:
    """An empty slot, or one without PubInfo, is refused."""
    chip = woken(model())
    assert b"\x04" + answer(chip, GENKEY, 0, 0) == ecdsa.public_key(SECRET)
    assert answer(chip, GENKEY, 0, 1) == REFUSED
    chip.config[96] = 0x31
    assert answer(chip, GENKEY, 0, 0) == REFUSED


def test_random_numbers_are_a_constant_until_the_configuration_is_locked() -> None:
    """FFFF0000, as the data sheet says, under a good CRC."""
    chip = model()
    chip.config[LOCK_CONFIG] = 0x55
    assert answer(woken(chip), RANDOM) == CONSTANT
    other = woken(model())
    assert answer(other, RANDOM) != answer(other, RANDOM) != CONSTANT


def test_no_answer_and_no_attribute_is_the_secret() -> None:
    """Every opcode with every mode that any command has, on slots with a key; the model's own dice included."""
    chip = model()
    modes = (*range(8), 0x40, 0x41, 0x43, 0x80, 0x81, 0x82, 0x83, 0xA0, 0xC0, 0xFF)
    for opcode in range(256):
        for mode, param, size in product(modes, (0, 8, 0x40), (0, 32)):
            if (opcode, mode) == (GENKEY, 4):
                continue  # replaces it
            woken(chip)
            assert SECRET not in answer(chip, opcode, mode, param, bytes(size))
            chip.writeto(ADDRESS, b"\x01")
    public = {name: value for name, value in vars(chip).items() if not name.startswith("_")}
    assert SECRET.hex() not in repr(public)
    assert SECRET.hex() not in repr(chip)


# -- faults and dice


def test_one_seed_makes_one_chip() -> None:
    """Serial number, times, signatures and new keys: the same twice, and others from another seed."""

    def story(seed: int) -> list[bytes | int]:
        chip = woken(model(seed))
        told = [bytes(chip.config), answer(chip, RANDOM), answer(chip, GENKEY, 4, 3)]
        answer(chip, NONCE, 0x43, 0, DIGEST)
        return [*told, answer(chip, SIGN, 0xA0), chip.now_us]

    assert story(1) == story(1) != story(2)


def test_faults_happen_as_often_as_asked_for() -> None:
    """Counts go down; what is for ever stays."""
    chip = woken(model())
    chip.faults.spoiled_answers = 1
    send(chip, INFO, 0, 0)
    chip.sleep_us(5_000)
    spoiled = chip.readfrom(ADDRESS, 7)
    bits = int.from_bytes(spoiled, "big") ^ int.from_bytes(framed(chip.revision), "big")
    assert bits.bit_count() == 1
    assert answer(chip, INFO) == chip.revision
    chip.faults.spoiled_commands = 1
    assert answer(chip, INFO) == GARBLED
    answer(chip, NONCE, 0x43, 0, DIGEST)
    chip.faults.ecc_faults = 1
    assert answer(chip, SIGN, 0xA0) == b"\x05"
    chip.faults.dead = True
    assert silent(chip)


def test_a_brown_out_is_a_sleep_and_a_restart_is_a_wake() -> None:
    """Both lose the command and the digest."""
    chip = woken(model())
    chip.faults.brown_outs = 1
    send(chip, INFO, 0, 0)
    assert not chip.awake
    chip.faults.restarts = 1
    woken(chip)
    send(chip, INFO, 0, 0)
    chip.sleep_us(TWHI_US)
    assert chip.readfrom(ADDRESS, 4).hex() == "04113343"


def test_a_chip_that_is_busy_for_ever_sleeps_by_its_watchdog() -> None:
    """And not before."""
    chip = woken(model())
    chip.faults.busy = True
    send(chip, INFO, 0, 0)
    chip.sleep_us(600_000)
    assert silent(chip)
    assert chip.awake
    chip.sleep_us(100_000)
    assert not chip.awake


def test_other_addresses_and_words_are_not_its_own() -> None:
    """It answers to one address, and takes four words there: of these, reset is not modelled."""
    chip = woken(model())
    with pytest.raises(OSError, match="not acknowledged"):
        chip.writeto(0x35, b"\x02")
    for word in (b"\x00", b"\x04", b"\x01\x00"):
        with pytest.raises(OSError, match="word address"):
            chip.writeto(ADDRESS, word)
