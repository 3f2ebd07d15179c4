# SPDX-License-Identifier: Apache-2.0
"""starkbank-ecdsa on its own prime256v1. Its nonces take entropy beside the message, here always the same."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

curves: "Any" = __import__("ellipticcurve.curve", None, None, ["prime256v1"])
points: "Any" = __import__("ellipticcurve.point", None, None, ["Point"])
library: "Any" = __import__("ellipticcurve.ecdsa", None, None, ["Ecdsa"])


class Key:
    """What Ecdsa asks of a PrivateKey, or of a PublicKey: those read and write PEM beside it."""

    curve = curves.prime256v1
    secret = 0
    point = None


def sign(secret: bytes, message: str) -> bytes:
    key = Key()
    key.secret = int.from_bytes(secret, "big")
    made = library.Ecdsa.sign(message, key)
    return made.r.to_bytes(32, "big") + made.s.to_bytes(32, "big")


def verify(public: bytes, message: str, signature: bytes) -> bool:
    key = Key()
    key.point = points.Point(
        int.from_bytes(public[1:33], "big"), int.from_bytes(public[33:], "big")
    )
    r = int.from_bytes(signature[:32], "big")
    s = int.from_bytes(signature[32:], "big")
    return library.Ecdsa.verify(message, library.Signature(r, s), key)
