# SPDX-License-Identifier: Apache-2.0
"""OpenSSL behind the seams is indistinguishable from the pure implementation, except in speed."""

import hashlib

import pytest

from host.keys import OpensslSigner, OpensslVerifier, Recent
from wattpact.crypto import ecdsa
from wattpact.crypto.field import N

SECRET = hashlib.sha256(b"a key for tests").digest()
DIGEST = hashlib.sha256(b"a message").digest()


def secret(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def test_a_signature_is_the_same_bytes_as_the_pure_implementation_gives() -> None:
    """Board and host sign one message alike: RFC 6979, low-s."""
    for number in range(6):
        signer = OpensslSigner(secret("key %d" % number))
        digest = hashlib.sha256(b"%d" % number).digest()
        assert signer.public_key == ecdsa.public_key(secret("key %d" % number))
        assert signer.sign(digest) == ecdsa.sign(secret("key %d" % number), digest)


def test_the_example_of_rfc_6979_comes_out_with_low_s() -> None:
    """A.2.5, SHA-256, message "sample": s of the RFC is high and is folded."""
    signer = OpensslSigner(
        bytes.fromhex("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721")
    )
    r = "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
    s = 0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8
    assert signer.sign(hashlib.sha256(b"sample").digest()) == bytes.fromhex(r) + (N - s).to_bytes(
        32, "big"
    )


def test_a_good_signature_verifies_and_any_change_does_not() -> None:
    """Key, digest and signature are all bound."""
    signer = OpensslSigner(SECRET)
    signature = signer.sign(DIGEST)
    other = OpensslSigner(secret("other")).public_key
    verifier = OpensslVerifier()
    cases = [
        (signer.public_key, DIGEST, signature),
        (other, DIGEST, signature),
        (signer.public_key, hashlib.sha256(b"x").digest(), signature),
        (signer.public_key, DIGEST, signature[:-1] + bytes([signature[-1] ^ 1])),
    ]
    assert verifier.verify(cases) == [True, False, False, False]
    assert verifier.verify(cases) == [True, False, False, False]  # remembered verdicts too


def test_a_high_s_twin_verifies_because_low_s_is_the_envelopes_rule() -> None:
    """FIPS 186-5 knows no low-s; the verdict of both twins is remembered apart."""
    signer = OpensslSigner(SECRET)
    signature = signer.sign(DIGEST)
    twin = signature[:32] + (N - int.from_bytes(signature[32:], "big")).to_bytes(32, "big")
    assert OpensslVerifier().verify([(signer.public_key, DIGEST, twin)]) == [True]


def test_hostile_keys_and_signatures_are_refused_without_an_exception() -> None:
    """Not on the curve, infinity, compressed, hybrid, r or s of 0, n or above, wrong lengths."""
    signer = OpensslSigner(SECRET)
    key, good = signer.public_key, signer.sign(DIGEST)
    r, s = good[:32], good[32:]
    zero, n, top = bytes(32), N.to_bytes(32, "big"), b"\xff" * 32
    hybrid = bytes([6 + (key[-1] & 1)]) + key[1:]
    keys = [key[:-1] + bytes([key[-1] ^ 1]), b"\x04" + bytes(64), bytes(65), b"\x04" + top * 2]
    keys += [hybrid, key[:33], b"", b"\x00", key + b"\x00"]
    signatures = [zero + s, r + zero, n + s, r + n, top + s, r + top, zero * 2, b"", good[:-1]]
    signatures += [good + b"\x00"]
    verifier = OpensslVerifier()
    assert not any(verifier.verify([(k, DIGEST, good) for k in keys]))
    assert not any(verifier.verify([(key, DIGEST, each) for each in signatures]))
    assert not any(verifier.verify([(key, DIGEST[:-1], good), (key, DIGEST + b"\x00", good)]))
    assert verifier.verify([(key, DIGEST, good)]) == [True]


def test_the_moved_boundary_between_key_and_digest_has_its_own_verdict() -> None:
    """Parts that join to the same bytes must not share a remembered verdict."""
    signer = OpensslSigner(SECRET)
    signature = signer.sign(DIGEST)
    verifier = OpensslVerifier()
    assert verifier.verify([(signer.public_key, DIGEST, signature)]) == [True]
    moved = (signer.public_key + DIGEST[:1], DIGEST[1:], signature)
    assert verifier.verify([moved]) == [False]


@pytest.mark.parametrize("bad", [b"", bytes(32), N.to_bytes(32, "big"), b"\x01" * 31, b"\x01" * 33])
def test_a_secret_out_of_range_is_a_value_error(bad: bytes) -> None:
    """Zero, n, and wrong lengths are our own mistake."""
    with pytest.raises(ValueError, match="not a private key"):
        OpensslSigner(bad)


def test_the_memory_of_verdicts_is_bounded() -> None:
    """However many signatures pass, at most `most` entries stay, and the latest are among them."""
    recent: Recent[int] = Recent(10)
    for number in range(1000):
        recent.keep(b"%d" % number, number)
        assert len(recent) <= 10
    assert [recent.get(b"%d" % number) for number in range(995, 1000)] == list(range(995, 1000))
    assert recent.get(b"0") is None


def test_an_entry_in_use_is_not_forgotten() -> None:
    """A hit moves an entry into the young generation."""
    recent: Recent[int] = Recent(10)
    recent.keep(b"used", 7)
    for number in range(100):
        recent.keep(b"%d" % number, number)
        assert recent.get(b"used") == 7
