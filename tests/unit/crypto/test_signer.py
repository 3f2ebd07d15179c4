# SPDX-License-Identifier: Apache-2.0
"""The software halves of the two signature seams."""

import hashlib

import pytest

from wattpact.crypto import ecdsa
from wattpact.crypto.field import N
from wattpact.crypto.signer import SECRET_TRIES, SoftwareSigner, SoftwareVerifier, new_secret

DIGEST = hashlib.sha256(b"digest").digest()
ONE = SoftwareSigner(b"\x01" * 32)
TWO = SoftwareSigner(b"\x02" * 32)


def test_a_signer_signs_as_its_secret_does() -> None:
    """The seam adds nothing and takes nothing away."""
    assert ONE.public_key == ecdsa.public_key(b"\x01" * 32)
    assert ONE.sign(DIGEST) == ecdsa.sign(b"\x01" * 32, DIGEST)


def test_a_signer_without_a_valid_secret_is_not_made() -> None:
    """The mistake shows at the start, not at the first signature."""
    with pytest.raises(ValueError, match="secret"):
        SoftwareSigner(bytes(32))


def test_a_verifier_gives_one_verdict_an_item_in_order() -> None:
    """Good, of another key, empty, good."""
    good = (ONE.public_key, DIGEST, ONE.sign(DIGEST))
    swapped = (TWO.public_key, DIGEST, ONE.sign(DIGEST))
    verdicts = SoftwareVerifier().verify([good, swapped, (b"", b"", b""), good])
    assert verdicts == [True, False, False, True]
    assert SoftwareVerifier().verify([]) == []


class Source:
    """Entropy as a test wants it: the given answers in order, and then the last one for ever."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.asked = 0

    def read(self, count: int) -> bytes:
        self.asked += 1
        assert count == 32
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class Broken:
    """A source that fails, as its seam says."""

    def read(self, count: int) -> bytes:
        raise OSError("radio is off")


LEAST, MOST = (1).to_bytes(32, "big"), (N - 1).to_bytes(32, "big")
NONE, TOO_MUCH = bytes(32), N.to_bytes(32, "big")


@pytest.mark.parametrize("secret", [LEAST, MOST, b"\xab" * 32])
def test_a_new_secret_is_what_the_source_gave(secret: bytes) -> None:
    """No arithmetic on it: every scalar is as likely as any other."""
    assert new_secret(Source(secret, NONE)) == secret
    SoftwareSigner(secret)


@pytest.mark.parametrize("outside", [NONE, TOO_MUCH, b"\xff" * 32])
def test_what_is_no_scalar_is_drawn_again_and_not_folded(outside: bytes) -> None:
    """Taken modulo n it would make small keys likelier."""
    source = Source(outside, LEAST, MOST, NONE)
    assert new_secret(source) == MOST
    assert source.asked == 4


@pytest.mark.parametrize("stuck", [NONE, LEAST, b"\xff" * 32, b"\xff\xff\x00\x00" * 8])
def test_a_stuck_source_makes_no_key(stuck: bytes) -> None:
    """The same bytes twice, whether they would be a scalar or not."""
    with pytest.raises(OSError, match="stuck"):
        new_secret(Source(stuck))


def test_a_source_that_never_gives_a_scalar_is_given_up() -> None:
    """Two values in turn, neither in range: bounded tries."""
    source = Source(*[NONE, TOO_MUCH] * 50)
    with pytest.raises(OSError, match="no private key"):
        new_secret(source)
    assert source.asked == 2 * SECRET_TRIES


@pytest.mark.parametrize("short", [b"", b"\x01" * 31, b"\x01" * 33])
def test_a_source_that_gives_another_length_makes_no_key(short: bytes) -> None:
    """Neither padded nor cut."""
    for source in (Source(short, LEAST), Source(LEAST, short)):
        with pytest.raises(OSError, match=r"gave \d+ and \d+ bytes"):
            new_secret(source)


def test_a_source_that_fails_makes_no_key() -> None:
    """Its OSError passes: there is nothing to fall back to."""
    with pytest.raises(OSError, match="radio is off"):
        new_secret(Broken())
