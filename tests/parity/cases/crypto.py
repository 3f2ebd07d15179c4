# SPDX-License-Identifier: Apache-2.0
"""Hashes, points, signatures and verdicts of the vectors: pure integers give the same bytes everywhere."""

from binascii import unhexlify

from tests.parity.shown import shown, vectors
from wattpact.crypto import ecdsa, hashes, p256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


def hashed(case: "dict[str, Any]") -> bytes:
    """The result of one case of hashes.json."""
    if case["kind"] == "hmac":
        return hashes.HmacKey(unhexlify(case["key"])).digest(unhexlify(case["hex"]))
    return getattr(hashes, case["kind"])(unhexlify(case["hex"]))


def signed(case: "dict[str, Any]") -> "list[bytes] | str":
    """Public key and signature, or that the secret was refused."""
    secret = unhexlify(case["secret"])
    try:
        return [ecdsa.public_key(secret), ecdsa.sign(secret, unhexlify(case["digest"]))]
    except ValueError:
        return "refused"


def lines() -> "Iterator[str]":
    """A line a vector."""
    for case in vectors("crypto/hashes"):
        yield case["name"] + ": " + shown(hashed(case))
    for case in vectors("crypto/points"):
        yield case["name"] + ": " + shown(p256.on_curve(unhexlify(case["hex"])))
    for case in vectors("crypto/sign"):
        yield case["name"] + ": " + shown(signed(case))
    for case in vectors("crypto/verify"):
        parts = [unhexlify(case[key]) for key in ("public_key", "digest", "signature")]
        # Without a comb of the key, while one is built, and with it.
        yield case["name"] + ": " + shown([ecdsa.verify(*parts) for _time in range(3)])
