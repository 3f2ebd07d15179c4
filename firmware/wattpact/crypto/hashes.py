# SPDX-License-Identifier: Apache-2.0
"""Hashes that name things: SHA-256, HMAC-SHA-256, and the key thumbprint from which every kid is cut.

A kid is the first 8 bytes of the RFC 7638 thumbprint, so any JOSE library finds the same name for a key.
"""

import hashlib
from binascii import b2a_base64

from ..compat import const

KID_SIZE = const(8)

_BLOCK = const(64)
_INNER = int.from_bytes(b"\x36" * _BLOCK, "big")
_OUTER = int.from_bytes(b"\x5c" * _BLOCK, "big")


def sha256(data: bytes) -> bytes:
    """32 bytes."""
    return hashlib.sha256(data).digest()


class HmacKey:
    """A key of RFC 2104, ready for many messages; one longer than 64 bytes is hashed first."""

    def __init__(self, key: bytes) -> None:
        if len(key) > _BLOCK:
            key = sha256(key)
        block = int.from_bytes(key + bytes(_BLOCK - len(key)), "big")
        self._inner = (block ^ _INNER).to_bytes(_BLOCK, "big")
        self._outer = (block ^ _OUTER).to_bytes(_BLOCK, "big")

    def digest(self, *parts: bytes) -> bytes:
        """HMAC-SHA-256 over the concatenation of `parts`, 32 bytes."""
        inner = hashlib.sha256(self._inner)
        for part in parts:
            inner.update(part)
        return sha256(self._outer + inner.digest())


def thumbprint(public_key: bytes) -> bytes:
    """RFC 7638 SHA-256 thumbprint of a P-256 key given as an uncompressed point of 65 bytes.

    Says nothing about whether the point lies on the curve. ValueError if it is no uncompressed point at all.
    """
    if len(public_key) != 65 or public_key[0] != 4:
        raise ValueError("not an uncompressed P-256 point")
    return sha256(
        b'{"crv":"P-256","kty":"EC","x":"'
        + _base64url(public_key[1:33])
        + b'","y":"'
        + _base64url(public_key[33:])
        + b'"}'
    )


def _base64url(raw: bytes) -> bytes:
    """RFC 4648 section 5 without padding."""
    return b2a_base64(raw).rstrip(b"=\n").replace(b"+", b"-").replace(b"/", b"_")


def kid(public_key: bytes) -> bytes:
    """The key's name in every message: the first 8 bytes of its thumbprint."""
    return thumbprint(public_key)[:KID_SIZE]
