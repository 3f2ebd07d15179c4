# SPDX-License-Identifier: Apache-2.0
"""The driver meets a chip that is stricter than the real one, and every fault has its answer."""

import pytest

from host.keys import OpensslVerifier
from sim.world.chips.atecc608 import (
    GENKEY,
    LOCK_CONFIG,
    LOCK_DATA,
    NONCE,
    RANDOM,
    REVISION_508A,
    SIGN,
    SLOT_LOCKED,
    Atecc608Model,
)
from tests.unit.element.fitted import (
    DIGEST,
    SECRET,
    SIGN_US_MOST,
    Bus,
    SlowBoard,
    driven,
    modelled,
)
from wattpact.crypto import ecdsa
from wattpact.element.atecc608 import ADDRESS, TRIES, Atecc608
from wattpact.errors import BusError

PUBLIC = ecdsa.public_key(SECRET)


def is_signature(signature: bytes) -> bool:
    return OpensslVerifier().verify([(PUBLIC, DIGEST, signature)])[0]


def failed(model: Atecc608Model, address: int = ADDRESS) -> str:
    """What is told of a signature that there is none of; it must not take long, nor leave the chip awake."""
    before = model.now_us
    with pytest.raises(BusError) as caught:
        driven(model, address).sign(0, DIGEST)
    assert type(caught.value) is BusError  # nothing inside shows
    assert model.now_us - before < SIGN_US_MOST
    assert not model.awake or model.faults.busy or address != model.address
    return str(caught.value)


# -- what works


def test_a_signature_is_asked_for_in_one_wake_and_the_chip_sleeps_again() -> None:
    """Random for the seed, the digest, the signature: well within the shortest watchdog."""
    model = modelled()
    bus = Bus(model)
    assert is_signature(Atecc608(bus, model.sleep_us, ADDRESS).sign(0, DIGEST))
    assert bus.opcodes == [RANDOM, NONCE, SIGN]
    assert model.wakes == 1
    assert model.now_us < model.watchdog_us
    assert not model.awake


def test_the_slowest_chip_the_data_sheet_allows_signs_within_the_shortest_watchdog() -> None:
    """All seeds of fifty: times up to the longest, the watchdog at its least, never a second wake."""
    for seed in range(50):
        model = modelled(seed)
        driven(model).sign(0, DIGEST)
        assert model.wakes == 1


def test_the_public_key_is_that_of_the_private_one() -> None:
    """X and Y as the chip gives them make an uncompressed point."""
    assert driven(modelled()).read_public_key(0) == PUBLIC


def test_the_configuration_is_read_whole() -> None:
    """Four blocks of 32 bytes in order."""
    model = modelled()
    assert driven(model).read_config().zone == bytes(model.config)
    assert not model.awake


def test_a_chip_of_another_address_is_spoken_to_there() -> None:
    """Trust&GO parts are at 35."""
    model = modelled(address=0x35)
    assert is_signature(driven(model, 0x35).sign(0, DIGEST))


def test_a_new_key_is_made_in_the_chip_and_signs() -> None:
    """Its public key is all that comes out; the slot had none before."""
    model = modelled()
    chip = driven(model)
    public = chip.create_key(2)
    assert public == chip.read_public_key(2) != PUBLIC
    assert OpensslVerifier().verify([(public, DIGEST, chip.sign(2, DIGEST))]) == [True]
    assert chip.create_key(2) != public  # and then it is gone


def test_a_chip_that_others_on_the_bus_woke_is_put_to_sleep_first() -> None:
    """Its watchdog ran already, and would have ended the sequence."""
    model = modelled()
    with pytest.raises(OSError, match="address 0"):
        model.writeto(0, b"\x00")
    model.sleep_us(model.watchdog_us - 100_000)
    assert model.awake
    assert is_signature(driven(model).sign(0, DIGEST))
    assert model.wakes == 2  # theirs and ours


# -- what is not there, or not set up


def test_a_missing_chip_is_told_with_its_address() -> None:
    """Nothing on the bus: what to check, and how often it was tried."""
    model = modelled()
    model.faults.dead = True
    told = failed(model)
    assert told.startswith(
        "secure element: no chip answers at address 0x60: check supply, SDA, SCL, pull-ups"
    )
    assert told.endswith("(%d tries)" % TRIES)


def test_a_chip_at_another_address_is_a_missing_one() -> None:
    """A Trust&GO part where a plain one is expected."""
    assert "no chip answers at address 0x60" in failed(modelled(address=0x35))


def test_a_bus_that_is_too_fast_to_wake_the_chip_is_told() -> None:
    """At 400 kHz address 0 holds SDA low for 20 us, and 60 are needed."""
    model = modelled()
    model.bus_hz = 400_000
    assert "a bus of 100 kHz" in failed(model)
    assert model.wakes == 0


def test_another_chip_of_the_family_is_refused_by_its_revision() -> None:
    """A 508 has no message digest buffer."""
    model = modelled()
    model.revision = REVISION_508A
    with pytest.raises(BusError, match="revision 00005000 is not that of an ATECC608"):
        driven(model).read_config()
    assert model.wakes == 1


@pytest.mark.parametrize("slot", [3, 15])
def test_a_slot_without_a_key_is_refused_by_the_chip(slot: int) -> None:
    """Execution error 0F, told once: trying again would not help."""
    model = modelled()
    with pytest.raises(BusError, match=r"Sign: refused \(0F\): check that the slot holds a key"):
        driven(model).sign(slot, DIGEST)
    with pytest.raises(BusError, match=r"GenKey: refused \(0F\)"):
        driven(model).read_public_key(slot)
    assert model.wakes == 2


def test_a_slot_that_no_chip_has_is_not_understood() -> None:
    """Parse error 03, told once."""
    model = modelled()
    with pytest.raises(BusError, match=r"Sign: not understood \(03\)"):
        driven(model).sign(16, DIGEST)
    assert model.wakes == 1


@pytest.mark.parametrize("lock", [LOCK_CONFIG, LOCK_DATA])
def test_a_chip_whose_zones_are_open_neither_signs_nor_gets_a_key(lock: int) -> None:
    """The driver does not even ask for a key; the chip refuses a signature."""
    model = modelled()
    model.config[lock] = 0x55
    bus = Bus(model)
    chip = Atecc608(bus, model.sleep_us, ADDRESS)
    with pytest.raises(BusError, match="zone is not locked"):
        chip.create_key(0)
    assert GENKEY not in bus.opcodes
    assert "refused (0F)" in failed(model)


def test_a_locked_slot_keeps_its_key() -> None:
    """It still signs; a new key is refused before the chip is asked."""
    model = modelled()
    model.config[SLOT_LOCKED] = 0xFE
    chip = driven(model)
    with pytest.raises(BusError, match="slot 0 keeps the key it has"):
        chip.create_key(0)
    assert chip.read_public_key(0) == PUBLIC
    assert is_signature(chip.sign(0, DIGEST))


# -- what may pass


@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.parametrize("fault", ["spoiled_answers", "spoiled_commands", "brown_outs", "restarts"])
def test_a_fault_that_passes_is_tried_again_from_the_wake_on(fault: str, times: int) -> None:
    """The digest is loaded anew each time: a sleep loses it."""
    model = modelled()
    setattr(model.faults, fault, times)
    bus = Bus(model)
    assert is_signature(Atecc608(bus, model.sleep_us, ADDRESS).sign(0, DIGEST))
    assert bus.opcodes[-3:] == [RANDOM, NONCE, SIGN]
    assert not model.awake


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("spoiled_answers", "waking: answer with a wrong CRC"),
        ("spoiled_commands", "Random: command arrived with a wrong CRC (FF)"),
        ("brown_outs", "Random: no answer within 34 ms"),
        ("restarts", "Random: it restarted on the way (11)"),
        ("ecc_faults", "Sign: computation failed (05)"),
    ],
)
def test_a_fault_that_stays_is_told_and_ends(fault: str, told: str) -> None:
    """Bounded tries, in bounded time."""
    model = modelled()
    setattr(model.faults, fault, 1000)
    message = failed(model)
    assert message.startswith("secure element: " + told)
    assert message.endswith("(%d tries)" % TRIES)


def test_an_ecc_fault_is_tried_again() -> None:
    """Status 05 says that another try may do."""
    model = modelled()
    model.faults.ecc_faults = TRIES - 1
    assert is_signature(driven(model).sign(0, DIGEST))
    assert model.wakes == TRIES


def test_a_supply_that_fails_in_the_middle_of_a_sequence_begins_it_again() -> None:
    """The digest was loaded, the signature asked for, and the chip fell asleep: Sign alone would be refused."""
    model = modelled()

    class Failing(Bus):
        def writeto(self, address: int, content: bytes) -> int:
            if content[0] == 3 and content[2] == SIGN and not self.opcodes.count(SIGN):
                model.faults.brown_outs = 1
            return super().writeto(address, content)

    bus = Failing(model)
    assert is_signature(Atecc608(bus, model.sleep_us, ADDRESS).sign(0, DIGEST))
    assert bus.opcodes == [RANDOM, NONCE, SIGN, RANDOM, NONCE, SIGN]


@pytest.mark.parametrize("call", [2, 3, 4, 6, 8, 12, 20])
@pytest.mark.parametrize("late_us", [400_000, 550_000, 660_000, 5_000_000])
def test_a_board_that_comes_late_meets_the_watchdog_and_begins_again(
    call: int, late_us: int
) -> None:
    """In mid-sequence: about to expire (EE), expired, or long asleep; the signature is right all the same."""
    model = modelled()
    slow = SlowBoard(model, call, late_us)
    assert is_signature(Atecc608(model, slow.sleep_us, ADDRESS).sign(0, DIGEST))
    assert model.wakes <= 2


def test_a_watchdog_about_to_expire_is_told() -> None:
    """A chip that never has the time for a signature."""
    model = modelled()
    model.watchdog_us = 200_000
    assert failed(model).startswith("secure element: Sign: its watchdog was about to expire (EE)")


def test_a_chip_that_never_comes_back_is_given_up() -> None:
    """Busy for ever: no answer within the longest time of the command, and no endless wait."""
    model = modelled()
    model.faults.busy = True
    told = failed(model)
    assert told.startswith(
        "secure element: Random: no answer within 34 ms: check the supply; at last no chip"
    )


def test_a_public_key_off_the_curve_is_none() -> None:
    """Whatever its CRC says."""

    class Bent(Atecc608Model):
        def _genkey(self, mode: int, param: int, payload: bytes) -> bytes | int:
            return bytes(63) + b"\x01"

    model = Bent(modelled()._rng, {0: SECRET})
    with pytest.raises(BusError, match="public key is not on the curve"):
        driven(model).read_public_key(0)


def test_an_interrupted_signature_leaves_a_chip_that_signs_the_next() -> None:
    """Ctrl-C while it computes: it takes no sleep then, and is put to sleep when it is wanted again."""
    model = modelled()

    def interrupted(us: int) -> None:
        model.sleep_us(us)
        if model.now_us > 60_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Atecc608(model, interrupted, ADDRESS).sign(0, DIGEST)
    model.sleep_us(250_000)
    assert model.awake
    assert is_signature(driven(model).sign(0, DIGEST))
