# SPDX-License-Identifier: Apache-2.0
"""Two thousand rounds of signing, verifying and refusing what was corrupted, with a comb for most keys.

The same signatures are held against two independent libraries by tests/unit/crypto/test_ecdsa.py.
"""

from tests.parity.shown import shown
from wattpact.crypto import ecdsa
from wattpact.crypto.hashes import sha256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

ROUNDS = 2000
KEYS = 24
COMBS = 20


def secret(number: int) -> bytes:
    """The secret that signs in round `number`."""
    return sha256(b"secret %d" % (number % KEYS))


def digest(number: int) -> bytes:
    """What it signs."""
    return sha256(b"digest %d" % number)


def lines() -> "Iterator[str]":
    """A line a round: the signature, the verdict, and the verdict after a bit was flipped."""
    keys = [ecdsa.public_key(secret(number)) for number in range(KEYS)]
    ecdsa.keep_peers(COMBS, 6)
    for number in range(ROUNDS):
        key, digested = keys[number % KEYS], digest(number)
        signature = ecdsa.sign(secret(number), digested)
        corrupt = bytearray(signature)
        corrupt[digested[0] & 63] ^= 1 << (digested[1] & 7)
        verdicts = [ecdsa.verify(key, digested, made) for made in (signature, bytes(corrupt))]
        yield shown([signature, verdicts])
