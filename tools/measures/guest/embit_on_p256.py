# SPDX-License-Identifier: Apache-2.0
"""embit's EllipticCurve, which takes any curve, on P-256; the bodies are those of its ECKey and ECPubKey.

Those two are written for secp256k1. What they do beside this is to encode and decode DER.
"""

import hashlib

from p256_numbers import B, G, N, P

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

key: "Any" = __import__("embit.util.key", None, None, ["key"])
key.SECP256K1_ORDER = N  # deterministic_k asks for it
curve: "Any" = key.EllipticCurve(P, -3, B)
base = (G[0], G[1], 1)


def sign(secret: bytes, message: str) -> bytes:
    z = int.from_bytes(hashlib.sha256(message.encode()).digest(), "big")
    d = int.from_bytes(secret, "big")
    k = key.deterministic_k(d, z)
    point = curve.affine(curve.mul([(base, k)]))
    r = point[0] % N
    s = (key.modinv(k, N) * (z + d * r)) % N
    if s > N // 2:
        s = N - s
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def verify(public: bytes, message: str, signature: bytes) -> bool:
    z = int.from_bytes(hashlib.sha256(message.encode()).digest(), "big")
    q = (int.from_bytes(public[1:33], "big"), int.from_bytes(public[33:], "big"), 1)
    if not curve.on_curve(q):
        return False
    r = int.from_bytes(signature[:32], "big")
    s = int.from_bytes(signature[32:], "big")
    if r < 1 or s < 1 or r >= N or s >= N:
        return False
    w = key.modinv(s, N)
    point = curve.affine(curve.mul([(base, z * w % N), (q, r * w % N)]))
    return point is not None and point[0] % N == r
