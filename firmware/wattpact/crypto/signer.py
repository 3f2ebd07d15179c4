# SPDX-License-Identifier: Apache-2.0
"""The Signer and Verifier seams (interfaces.py) in pure Python, for boards without a secure element."""

from ..compat import const
from . import ecdsa
from .field import N

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..interfaces import Entropy

SECRET_SIZE = const(32)
SECRET_TRIES = const(4)  # one draw in 2**32 is no scalar


def new_secret(entropy: "Entropy") -> bytes:
    """A private key, 32 bytes, uniform in 1 to n - 1. OSError from the source, or about one that cannot be random."""
    for _ in range(SECRET_TRIES):
        secret = entropy.read(SECRET_SIZE)
        beside = entropy.read(SECRET_SIZE)
        if len(secret) != SECRET_SIZE or len(beside) != SECRET_SIZE:
            raise OSError("entropy source gave %d and %d bytes" % (len(secret), len(beside)))
        if secret == beside:
            raise OSError("entropy source is stuck: twice the same bytes")
        if 0 < int.from_bytes(secret, "big") < N:
            return secret
    raise OSError("entropy source gave %d times no private key" % SECRET_TRIES)


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
    """Checks one signature after the other; remembers no verdict, but combs of keys that come again (ecdsa.py)."""

    def verify(self, items: "list[tuple[bytes, bytes, bytes]]") -> "list[bool]":
        """One verdict per (public key 65 B, digest 32 B, signature 64 B); never raises."""
        return [ecdsa.verify(public, digest, signature) for public, digest, signature in items]
