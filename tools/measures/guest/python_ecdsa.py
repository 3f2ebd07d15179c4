# SPDX-License-Identifier: Apache-2.0
"""The package `ecdsa` on its own P-256, below the layer that encodes keys and signatures."""

import hashlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Verify = Callable[[bytes, str, bytes], bool]

library: "Any" = __import__("ecdsa.ecdsa", None, None, ["generator_256"])
points: "Any" = __import__("ecdsa.ellipticcurve", None, None, ["PointJacobi"])
rfc6979: "Any" = __import__("ecdsa.rfc6979", None, None, ["generate_k"])
base: "Any" = library.generator_256


class Key:
    """What Private_key asks of a Public_key to sign."""

    generator = base


def sign(secret: bytes, message: str) -> bytes:
    digest = hashlib.sha256(message.encode()).digest()
    d = int.from_bytes(secret, "big")
    k = rfc6979.generate_k(base.order(), d, hashlib.sha256, digest)
    made = library.Private_key(Key, d).sign(int.from_bytes(digest, "big"), k)
    return made.r.to_bytes(32, "big") + made.s.to_bytes(32, "big")


def verify(public: bytes, message: str, signature: bytes) -> bool:
    return verify_with(open_key(public, False), message, signature)


def verify_known(public: bytes) -> "Verify":
    """The key has a table of 63 KB, which its first signature pays for."""
    key = open_key(public, True)
    return lambda _public, message, signature: verify_with(key, message, signature)


def open_key(public: bytes, known: bool) -> "Any":
    """A Public_key, whose point is on the curve."""
    x, y = int.from_bytes(public[1:33], "big"), int.from_bytes(public[33:], "big")
    point = points.PointJacobi(base.curve(), x, y, 1, base.order(), known)
    return library.Public_key(base, point)


def verify_with(key: "Any", message: str, signature: bytes) -> bool:
    z = int.from_bytes(hashlib.sha256(message.encode()).digest(), "big")
    r = int.from_bytes(signature[:32], "big")
    s = int.from_bytes(signature[32:], "big")
    return key.verifies(z, library.Signature(r, s))
