# SPDX-License-Identifier: Apache-2.0
"""ECDSA over P-256 and SHA-256 digests; the same bytes on every interpreter.

Signing is RFC 6979 with s <= n/2. Verifying is FIPS 186-5, which accepts both s and n - s: refusing the high one
is the envelope's rule, not the curve's.
"""

from .hashes import hmac_sha256
from .p256 import N, P, decode_point, double_multiply_x, encode_point, inverse, multiply_base

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

HALF_N = N >> 1


def public_key(secret: bytes) -> bytes:
    """The uncompressed point, 65 bytes. ValueError unless `secret` is 32 bytes and 0 < d < n."""
    scalar = _secret_scalar(secret)
    return encode_point(multiply_base(scalar, _blind(secret, b"public key") % (P - 1) + 1))


def sign(secret: bytes, digest: bytes) -> bytes:
    """r || s, 64 bytes, s <= n/2, over a 32-byte digest. ValueError on a secret or digest that is not one."""
    scalar = _secret_scalar(secret)
    if len(digest) != 32:
        raise ValueError("digest is not 32 bytes")
    hashed = int.from_bytes(digest, "big") % N
    blind = _blind(secret, digest) % (N - 1) + 1
    nonces = _nonces(secret, hashed)
    while True:
        nonce = next(nonces)
        r = multiply_base(nonce, blind)[0] % N
        # The inverse is taken of a blinded nonce: the number of steps Euclid needs depends on its argument.
        s = inverse(nonce * blind % N, N) * (hashed * blind % N + r * (scalar * blind % N)) % N
        if r and s:
            return r.to_bytes(32, "big") + (N - s if s > HALF_N else s).to_bytes(32, "big")


def verify(public: bytes, digest: bytes, signature: bytes) -> bool:
    """Whether the key (65 B) signed `digest` (32 B) with `signature` (64 B); False for anything malformed."""
    for value, size in ((public, 65), (digest, 32), (signature, 64)):
        if type(value) is not bytes or len(value) != size:
            return False
    point = decode_point(public)
    r = int.from_bytes(signature[:32], "big")
    s = int.from_bytes(signature[32:], "big")
    if point is None or not 0 < r < N or not 0 < s < N:
        return False
    inverse_s = inverse(s, N)
    hashed = int.from_bytes(digest, "big")
    x = double_multiply_x(hashed * inverse_s % N, r * inverse_s % N, point)
    return x is not None and x % N == r


def _secret_scalar(secret: bytes) -> int:
    scalar = int.from_bytes(secret, "big")
    if len(secret) != 32 or not 0 < scalar < N:
        raise ValueError("not a P-256 secret")
    return scalar


def _blind(secret: bytes, purpose: bytes) -> int:
    """A number nobody without the secret can know; it hides intermediate values and leaves results unchanged."""
    return int.from_bytes(hmac_sha256(secret, b"wattpact blind", purpose), "big")


def _nonces(secret: bytes, hashed: int) -> "Iterator[int]":
    """RFC 6979 section 3.2 for SHA-256 and a 256-bit order: candidates for k, all in 0 < k < n."""
    seed = secret + hashed.to_bytes(32, "big")
    value = b"\x01" * 32
    key = hmac_sha256(bytes(32), value, b"\x00", seed)
    value = hmac_sha256(key, value)
    key = hmac_sha256(key, value, b"\x01", seed)
    value = hmac_sha256(key, value)
    while True:
        value = hmac_sha256(key, value)
        nonce = int.from_bytes(value, "big")
        if 0 < nonce < N:
            yield nonce
        key = hmac_sha256(key, value, b"\x00")
        value = hmac_sha256(key, value)
