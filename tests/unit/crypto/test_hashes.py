# SPDX-License-Identifier: Apache-2.0
"""Hashes and names of keys, against the standard library and published figures."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from tests.vectors.reading import cases
from wattpact.crypto import hashes

KEY = bytes.fromhex(
    "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)


@pytest.mark.parametrize("case", cases("crypto/hashes.json"))
def test_a_hash_is_the_one_the_vectors_name(case: "dict[str, Any]") -> None:
    """The published HMAC cases of RFC 4231 are among them."""
    text = bytes.fromhex(case["hex"])
    if case["kind"] == "hmac":
        result = hashes.HmacKey(bytes.fromhex(case["key"])).digest(text)
    else:
        result = {"sha256": hashes.sha256, "thumbprint": hashes.thumbprint}[case["kind"]](text)
    assert result.hex() == case["result"]


def test_rfc_4231_case_2_is_as_printed() -> None:
    """The figure of the RFC itself, not of our generator."""
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert hashes.HmacKey(b"Jefe").digest(b"what do ya want for nothing?").hex() == expected


@pytest.mark.parametrize("size", [0, 1, 32, 63, 64, 65, 200])
def test_an_hmac_equals_the_standard_librarys(size: int) -> None:
    """Keys around the block size, and a message given in parts."""
    key = bytes(range(size))
    expected = hmac.new(key, b"one two three", "sha256").digest()
    assert hashes.HmacKey(key).digest(b"one ", b"", b"two three") == expected


def test_a_thumbprint_is_the_hash_of_the_canonical_jwk() -> None:
    """RFC 7638: members in order, no blanks, base64url without padding."""
    halves = [
        base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (KEY[1:33], KEY[33:])
    ]
    jwk = {"kty": "EC", "crv": "P-256", "x": halves[0], "y": halves[1]}
    canonical = json.dumps(jwk, sort_keys=True, separators=(",", ":")).encode()
    assert hashes.thumbprint(KEY) == hashlib.sha256(canonical).digest()


def test_a_kid_is_the_first_eight_bytes_of_the_thumbprint() -> None:
    """And the kid of P-256's generator never changes."""
    assert hashes.kid(KEY) == hashes.thumbprint(KEY)[:8]


@pytest.mark.parametrize(
    "key", [b"", KEY[:64], KEY + b"\x00", b"\x02" + KEY[1:33], b"\x06" + KEY[1:]]
)
def test_what_is_no_uncompressed_point_has_no_name(key: bytes) -> None:
    """Two spellings of one key would have two names."""
    with pytest.raises(ValueError, match="uncompressed"):
        hashes.kid(key)
