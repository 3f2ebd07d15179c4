# SPDX-License-Identifier: Apache-2.0
"""Signatures against two independent libraries, the RFC's figures, and everything an adversary may send."""

import hashlib
import random
from importlib import import_module
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes as openssl_hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature

from host.keys import OpensslSigner, OpensslVerifier
from tests.parity.cases import signatures
from tests.vectors.reading import cases
from tools.base_table import BASE, SHAPES
from wattpact.crypto import ecdsa
from wattpact.crypto.base_table import COMBS, TEETH
from wattpact.crypto.comb import Comb, PeerCombs, build, halved_columns, joined_columns
from wattpact.crypto.field import N

oracle: Any = import_module("ecdsa")  # untyped

SECRET = bytes.fromhex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721")
KEY = ecdsa.public_key(SECRET)
DIGEST = hashlib.sha256(b"sample").digest()
SIGNATURE = ecdsa.sign(SECRET, DIGEST)


def openssl_accepts(key: bytes, digest: bytes, signature: bytes) -> bool:
    """OpenSSL's verdict on the same bytes."""
    try:
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key)
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        if len(signature) != 64 or len(digest) != 32 or key[:1] != b"\x04":
            return False
        prehashed = ec.ECDSA(Prehashed(openssl_hashes.SHA256()))
        point.verify(encode_dss_signature(r, s), digest, prehashed)
    except (ValueError, InvalidSignature):
        return False
    return True


@pytest.mark.parametrize("case", cases("crypto/sign.json"))
def test_a_secret_signs_as_the_vectors_say(case: "dict[str, Any]") -> None:
    """Same key, same bytes; a secret outside 1..n - 1 is our own mistake."""
    secret, digest = bytes.fromhex(case["secret"]), bytes.fromhex(case["digest"])
    if case["ok"]:
        assert ecdsa.public_key(secret).hex() == case["public_key"]
        assert ecdsa.sign(secret, digest).hex() == case["signature"]
    else:
        with pytest.raises(ValueError, match="secret"):
            ecdsa.public_key(secret)
        with pytest.raises(ValueError, match="secret"):
            ecdsa.sign(secret, digest)


def test_rfc_6979_a_2_5_is_as_printed() -> None:
    """The RFC's own r and s, s brought below n/2."""
    r = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
    s = 0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8
    assert SIGNATURE.hex() == r + "%064x" % (N - s)
    r = "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
    s = 0x019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083
    digest = hashlib.sha256(b"test").digest()
    assert ecdsa.sign(SECRET, digest).hex() == r + "%064x" % s


@pytest.mark.parametrize(
    "case", [case for case in cases("crypto/sign.json") if case.values[0]["ok"]]
)
def test_an_independent_library_signs_the_same_bytes(case: "dict[str, Any]") -> None:
    """RFC 6979 leaves no choice but the sign of s."""
    key = oracle.SigningKey.from_string(bytes.fromhex(case["secret"]), oracle.NIST256p)
    encode = oracle.util.sigencode_string_canonize
    digest = bytes.fromhex(case["digest"])
    expected = key.sign_digest_deterministic(digest, hashfunc=hashlib.sha256, sigencode=encode)
    assert case["signature"] == expected.hex()
    assert case["public_key"] == "04" + key.verifying_key.to_string().hex()


VERDICTS: list[Any] = [case.values[0] for case in cases("crypto/verify.json")]


def parts(case: "dict[str, Any]") -> tuple[bytes, bytes, bytes]:
    """What a verifier is given."""
    key, digest, signature = (bytes.fromhex(case[n]) for n in ("public_key", "digest", "signature"))
    return key, digest, signature


@pytest.mark.parametrize("case", cases("crypto/verify.json"))
def test_a_signature_is_accepted_or_refused_as_openssl_does(case: "dict[str, Any]") -> None:
    """Hostile keys, values and lengths, and the points where arithmetic leaves the common path.

    Three times: without a comb of the key, while one is built, and with it.
    """
    ecdsa.keep_peers(1, 6)
    assert [ecdsa.verify(*parts(case)) for _time in range(3)] == [case["ok"]] * 3
    assert openssl_accepts(*parts(case)) is case["ok"]


@pytest.mark.parametrize("columns", [joined_columns, halved_columns])
@pytest.mark.parametrize("teeth", [4, 5, 6, 7])
@pytest.mark.parametrize("shape", sorted(SHAPES.values()))
def test_every_size_of_combs_gives_the_same_verdicts(
    shape: tuple[int, int], teeth: int, columns: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is built in, what is kept of peers and how points are added are choices of memory and speed alone."""
    monkeypatch.setattr(ecdsa, "_columns", columns)
    monkeypatch.setattr(ecdsa, "_base", Comb(*shape, build(BASE, *shape)))
    monkeypatch.setattr(ecdsa, "_peers", PeerCombs(200, teeth))
    assert ecdsa.sign(SECRET, DIGEST) == SIGNATURE
    assert ecdsa.public_key(SECRET) == KEY
    for case in VERDICTS:
        if case["ok"] or "meet" in case["name"]:
            assert [ecdsa.verify(*parts(case)) for _time in range(3)] == [case["ok"]] * 3, case


@pytest.mark.parametrize(
    ("columns", "added"), [(joined_columns, "one by one"), (halved_columns, "two by two")]
)
def test_where_points_meet_the_complete_formulas_decide(
    columns: Any, added: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The vectors that are made for it do leave the path of the combs, and no honest signature does."""
    moduli: list[int] = []

    def watched(base_scalar: int, scalar: int, point: Any, p: int) -> tuple[int, int]:
        moduli.append(p)
        return sum_once(base_scalar, scalar, point, p)

    sum_once = ecdsa._sum_once
    monkeypatch.setattr(ecdsa, "_sum_once", watched)
    monkeypatch.setattr(ecdsa, "_columns", columns)
    shape = "combs %d x %d and 6 x 2, %s" % (TEETH, COMBS, added)
    meeting = [case for case in VERDICTS if shape in case["name"] and case["ok"]]
    assert len(meeting) == 2
    for case in [
        *meeting,
        {"public_key": KEY.hex(), "digest": DIGEST.hex(), "signature": SIGNATURE.hex()},
    ]:
        monkeypatch.setattr(ecdsa, "_peers", PeerCombs(1, 6))
        moduli.clear()
        assert all(ecdsa.verify(*parts(case)) for _time in range(3))
        assert len(moduli) == (3 if case in meeting else 1)


def test_two_thousand_random_signatures_are_the_librarys() -> None:
    """Same bytes as OpenSSL; `ecdsa` accepts them too, and nobody a corrupted one. MicroPython signs the same ones."""
    draw = random.Random(6979)
    ecdsa.keep_peers(signatures.COMBS, 6)
    verifier = OpensslVerifier()
    signers = [OpensslSigner(signatures.secret(number)) for number in range(signatures.KEYS)]
    by_ecdsa: list[Any] = [
        oracle.VerifyingKey.from_string(signer.public_key[1:], oracle.NIST256p)
        for signer in signers
    ]
    for number in range(signatures.ROUNDS):
        signer, digest = signers[number % signatures.KEYS], signatures.digest(number)
        key, signature = signer.public_key, ecdsa.sign(signatures.secret(number), digest)
        assert signature == signer.sign(digest)
        assert ecdsa.verify(key, digest, signature)
        given = [key, digest, signature]
        place = draw.randrange(3)
        bit = draw.randrange(8 * len(given[place]))
        corrupt = bytearray(given[place])
        corrupt[bit >> 3] ^= 1 << (bit & 7)
        given[place] = bytes(corrupt)
        assert not ecdsa.verify(*given), (number, place, bit)
        assert not verifier.verify([(given[0], given[1], given[2])])[0]
        assert by_ecdsa[number % signatures.KEYS].verify_digest(signature, digest)
        if place:
            with pytest.raises(oracle.BadSignatureError):
                by_ecdsa[number % signatures.KEYS].verify_digest(given[2], given[1])


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("value", [None, 0, "", [], bytearray(64), memoryview(bytes(65)), "x" * 65])
def test_verifying_a_thing_that_is_no_byte_string_is_a_no(place: int, value: object) -> None:
    """A verifier is asked about whatever arrived; it never raises."""
    given: list[Any] = [KEY, DIGEST, SIGNATURE]
    given[place] = value
    assert ecdsa.verify(*given) is False


@pytest.mark.parametrize("bit", range(0, 512, 31))
def test_a_flipped_bit_anywhere_is_refused(bit: int) -> None:
    """In the signature, and in the digest where the bit falls there."""
    changed = (int.from_bytes(SIGNATURE, "big") ^ (1 << bit)).to_bytes(64, "big")
    assert not ecdsa.verify(KEY, DIGEST, changed)
    if bit < 256:
        other = (int.from_bytes(DIGEST, "big") ^ (1 << bit)).to_bytes(32, "big")
        assert not ecdsa.verify(KEY, other, SIGNATURE)


def test_what_is_signed_verifies_everywhere_and_has_low_s() -> None:
    """A dozen keys: our verifier and OpenSSL agree."""
    for number in range(12):
        secret = hashlib.sha256(b"secret %d" % number).digest()
        digest = hashlib.sha256(b"message %d" % number).digest()
        key, signature = ecdsa.public_key(secret), ecdsa.sign(secret, digest)
        assert int.from_bytes(signature[32:], "big") <= N // 2
        assert ecdsa.verify(key, digest, signature)
        assert openssl_accepts(key, digest, signature)


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_only_a_digest_of_32_bytes_is_signed(size: int) -> None:
    """Signing a message instead of its digest is our own mistake."""
    with pytest.raises(ValueError, match="32 bytes"):
        ecdsa.sign(SECRET, bytes(size))
