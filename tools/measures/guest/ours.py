# SPDX-License-Identifier: Apache-2.0
"""Our signatures, behind the two functions that every contender has; a verification with and without a comb."""

import hashlib

from given import MESSAGES, SIGNATURES

from wattpact.crypto import comb, ecdsa, p256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Verify = Callable[[bytes, str, bytes], bool]

inside: "Any" = ecdsa


def sign(secret: bytes, message: str) -> bytes:
    # The same blind in each round, so that the least time is not that of the luckiest one.
    inside._stirred = b""
    return ecdsa.sign(secret, hashlib.sha256(message.encode()).digest())


def verify(public: bytes, message: str, signature: bytes) -> bool:
    return ecdsa.verify(public, hashlib.sha256(message.encode()).digest(), signature)


def verify_new(public: bytes) -> "Verify":
    """Every key is a stranger's."""
    ecdsa.keep_peers(0, 6)
    return with_peers(inside._peers)


def verify_cached(public: bytes, teeth: int = 6) -> "Verify":
    """The key has a comb, as from its second signature on."""
    ecdsa.keep_peers(1, teeth)
    peers = inside._peers
    for _time in range(2):
        verify(public, MESSAGES[0], SIGNATURES[0])
    assert len(peers._combs) == 1
    return with_peers(peers)


def with_peers(peers: "Any") -> "Verify":
    """Operations take turns, and each has keys of its own."""

    def verified(public: bytes, message: str, signature: bytes) -> bool:
        inside._peers = peers
        return verify(public, message, signature)

    return verified


def build(public: bytes) -> bytearray:
    """That comb."""
    point = p256.decode_point(public)
    assert point is not None
    return comb.build(point, 6, 2)
