# SPDX-License-Identifier: Apache-2.0
"""The Signer and Verifier seams (interfaces.py) in pure Python, for boards without a secure element."""

from . import ecdsa


class SoftwareSigner:
    """Holds a secret in memory and signs with it; `public_key` is all that anybody can read."""

    def __init__(self, secret: bytes) -> None:
        """ValueError unless `secret` is 32 bytes and a valid scalar."""
        self.public_key = ecdsa.public_key(secret)
        self._secret = secret

    def sign(self, digest: bytes) -> bytes:
        """r || s, 64 bytes, low-s, over a 32-byte digest."""
        return ecdsa.sign(self._secret, digest)


class SoftwareVerifier:
    """Checks one signature after the other and remembers nothing."""

    def verify(self, items: "list[tuple[bytes, bytes, bytes]]") -> "list[bool]":
        """One verdict per (public key 65 B, digest 32 B, signature 64 B); never raises."""
        return [ecdsa.verify(public, digest, signature) for public, digest, signature in items]
