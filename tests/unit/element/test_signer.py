# SPDX-License-Identifier: Apache-2.0
"""A Signer whose key is in a chip: what it returns verifies and has a low s, or it returns nothing."""

from hashlib import sha256
from random import Random

import pytest

from host.keys import OpensslVerifier
from sim.world.chips.atecc608 import Atecc608Model
from tests.unit.element.fitted import DIGEST, SECRET, SIGN_US_MOST, driven, modelled
from wattpact.crypto import ecdsa
from wattpact.crypto.field import HALF_N, N
from wattpact.crypto.signer import SoftwareVerifier
from wattpact.element.signer import Atecc608Signer
from wattpact.errors import BusError
from wattpact.wire import envelope


def signer(model: Atecc608Model) -> Atecc608Signer:
    return Atecc608Signer(driven(model), 0, OpensslVerifier())


class Spoken(Atecc608Model):
    """A chip that says a signature of the test's."""

    said: bytes | None = None

    def _sign(self, mode: int, param: int, payload: bytes) -> bytes | int:
        return super()._sign(mode, param, payload) if self.said is None else self.said


def test_it_is_the_node_that_its_key_makes_it() -> None:
    """The same 65 bytes as a software signer with that secret would have."""
    assert signer(modelled()).public_key == ecdsa.public_key(SECRET)


def test_s_is_low_whichever_the_chip_gives() -> None:
    """Forty signatures: the chip gives both kinds, none that leaves is high, and each verifies on a board too."""
    model = modelled()
    chip, ours = driven(model), signer(model)
    given = [chip.sign(0, sha256(b"%d" % number).digest())[32:] for number in range(40)]
    high = [s for s in given if int.from_bytes(s, "big") > HALF_N]
    assert 10 < len(high) < 30
    items: list[tuple[bytes, bytes, bytes]] = []
    for number in range(40):
        digest = sha256(b"%d" % number).digest()
        signature = ours.sign(digest)
        assert 0 < int.from_bytes(signature[32:], "big") <= HALF_N
        items.append((ours.public_key, digest, signature))
    assert all(OpensslVerifier().verify(items))
    assert SoftwareVerifier().verify(items[:2]) == [True, True]


def test_no_signature_comes_twice() -> None:
    """The chip draws its nonces: who needs one message to have one signature keeps the first."""
    ours = signer(modelled())
    assert len({ours.sign(DIGEST) for _ in range(5)}) == 5


def test_an_envelope_is_sealed_with_it_and_opens() -> None:
    """The way every message of a node goes."""
    ours = signer(modelled())
    data = envelope.sign1(b"\xa0", ours)
    assert envelope.open1(data, ours.public_key, OpensslVerifier()) == b"\xa0"


@pytest.mark.parametrize("digest", [b"", DIGEST[:31], DIGEST + b"\x00"])
def test_what_is_no_digest_does_not_reach_the_chip(digest: bytes) -> None:
    """Our mistake, told before anything is woken."""
    model = modelled()
    ours = signer(model)
    wakes = model.wakes
    with pytest.raises(ValueError, match="not 32 bytes"):
        ours.sign(digest)
    assert model.wakes == wakes


def test_a_slot_that_cannot_sign_shows_at_the_start() -> None:
    """By its configuration, before the node is there."""
    model = modelled()
    model.config[20] = 0x82
    with pytest.raises(BusError, match="slot 0 may not sign"):
        signer(model)


def test_a_slot_without_a_key_shows_at_the_start() -> None:
    """Its configuration is right, and nobody made a key."""
    with pytest.raises(BusError, match=r"GenKey: refused \(0F\): check that the slot holds a key"):
        Atecc608Signer(driven(modelled()), 1, OpensslVerifier())


def test_a_chip_that_signs_wrongly_shows_at_the_start() -> None:
    """One signature is made and checked before anybody asks for one."""
    model = modelled()
    model.faults.wrong_signatures = 1
    with pytest.raises(BusError, match="signature is of another key"):
        signer(model)


def test_a_signature_that_does_not_verify_does_not_leave() -> None:
    """The chip computed something else and did not notice."""
    model = modelled()
    ours = signer(model)
    model.faults.wrong_signatures = 1
    with pytest.raises(BusError, match="signature is of another key"):
        ours.sign(DIGEST)
    assert OpensslVerifier().verify([(ours.public_key, DIGEST, ours.sign(DIGEST))]) == [True]


def test_a_chip_that_was_exchanged_is_noticed() -> None:
    """Another key in the slot since the start: nothing is signed in the name of the old one."""
    model = modelled()
    ours = signer(model)
    driven(model).create_key(0)
    with pytest.raises(BusError, match="was the chip exchanged"):
        ours.sign(DIGEST)


@pytest.mark.parametrize(("r", "s"), [(0, 1), (1, 0), (N, 1), (1, N), (2**256 - 1, 1), (0, 0)])
def test_numbers_out_of_range_are_no_signature(r: int, s: int) -> None:
    """0, n and above: refused before anything is computed from them."""
    model = Spoken(Random(7), {0: SECRET})
    ours = signer(model)
    model.said = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    with pytest.raises(BusError, match="r or s is out of range"):
        ours.sign(DIGEST)


@pytest.mark.parametrize("seed", range(60))
def test_whatever_happens_a_signature_is_right_or_there_is_none(seed: int) -> None:
    """Faults of every kind at once, drawn from a seed: right, or a BusError, in bounded time, and asleep after."""
    rng = Random(seed)
    model = modelled(seed)
    ours = signer(model)
    for number in range(30):
        for fault in (
            "spoiled_answers",
            "spoiled_commands",
            "ecc_faults",
            "wrong_signatures",
            "brown_outs",
            "restarts",
        ):
            setattr(model.faults, fault, max(0, rng.randrange(12) - 9))
        model.faults.dead = rng.randrange(12) == 0
        model.faults.busy = rng.randrange(12) == 0
        model.watchdog_us = rng.randrange(100_000, 1_700_000)
        digest = sha256(b"%d" % number).digest()
        before = model.now_us
        try:
            signature = ours.sign(digest)
        except BusError:
            pass
        else:
            assert OpensslVerifier().verify([(ours.public_key, digest, signature)]) == [True]
            assert int.from_bytes(signature[32:], "big") <= HALF_N
            assert not model.awake
        assert model.now_us - before < SIGN_US_MOST
