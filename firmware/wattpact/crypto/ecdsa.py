# SPDX-License-Identifier: Apache-2.0
"""ECDSA over P-256 and SHA-256 digests; the same bytes on every interpreter.

Signing is RFC 6979 with s <= n/2. Verifying is FIPS 186-5, which accepts both s and n - s: refusing the high one
is the envelope's rule, not the curve's. docs/signatures.md says what time still tells about a secret.
"""

from . import field
from .base_table import COMBS, TABLE, TEETH
from .comb import Comb, PeerCombs, columns, halved_columns, joined_columns
from .field import HALF_N, N, P, inverse
from .hashes import HmacKey, sha256
from .p256 import decode_point, encode_point, sum_columns, sum_with_multiple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .field import Modulus
    from .p256 import Affine, Column, Xyzz

_base = Comb(TEETH, COMBS, TABLE)
_peers = PeerCombs()
_stirred = bytes(32)  # moves on with every blind: signing one digest twice takes two different ways


def public_key(secret: bytes) -> bytes:
    """The uncompressed point, 65 bytes. ValueError unless `secret` is 32 bytes and 0 < d < n."""
    scalar = _secret_scalar(secret)
    blind = _blind(secret, b"public key") % (P - 1) + 1
    x, y, zz, zzz = _times_base(scalar, blind)
    inverse_zzz = inverse(zzz * blind, P) * blind % P
    inverse_z = zz * inverse_zzz % P
    return encode_point((x * (inverse_z * inverse_z % P) % P, y * inverse_zzz % P))


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
        x, _y, zz, _zzz = _times_base(nonce, blind)
        # The number of steps of an inversion depends on its argument: both arguments are blinded.
        r = x * (inverse(zz * blind, P) * blind % P) % P % N
        s = inverse(nonce * blind, N) * (hashed * blind + r * (scalar * blind % N)) % N
        if r and s:
            return r.to_bytes(32, "big") + (N - s if s > HALF_N else s).to_bytes(32, "big")


def verify(public: bytes, digest: bytes, signature: bytes) -> bool:
    """Whether the key (65 B) signed `digest` (32 B) with `signature` (64 B); False for anything malformed."""
    for value, size in ((public, 65), (digest, 32), (signature, 64)):
        if type(value) is not bytes or len(value) != size:
            return False
    r = int.from_bytes(signature[:32], "big")
    s = int.from_bytes(signature[32:], "big")
    if not 0 < r < N or not 0 < s < N:
        return False
    known = _peers.find(public)
    if known is not None:
        point, comb = known
    else:
        point = decode_point(public)
        if point is None:
            return False
        comb = _peers.meet(public, point)
    inverse_s = inverse(s, N)
    base_scalar = int.from_bytes(digest, "big") * inverse_s % N
    scalar = r * inverse_s % N
    if comb is None:
        x, square = _sum_once(base_scalar, scalar, point, field.modulus)
    else:
        x, square = _sum_by_combs(base_scalar, scalar, comb)
    if square in (0, P):
        # Infinity, or equal or opposite points met on the way: the complete formulas tell.
        x, square = _sum_once(base_scalar, scalar, point, P)
        if not square:
            return False
    return not (r * square - x) % P or (r < P - N and not ((r + N) * square - x) % P)


def keep_peers(most: int, teeth: int) -> None:
    """From now on keep combs of `most` peers with `teeth` teeth: 64 << teeth bytes each, 6 by default."""
    global _peers
    _peers = PeerCombs(most, teeth)


def _times_base(scalar: int, blind: int) -> "Xyzz":
    """scalar x G for 0 < scalar < n, with the same operations for every scalar but two."""
    total = sum_columns(columns(_base, scalar), blind)
    if total[2] in (0, P):
        # Every comb has one scalar, and its opposite, at which the last addition meets equal points: double the half.
        half = scalar * ((N + 1) >> 1) % N
        total = sum_columns(iter(list(columns(_base, half)) + [[]]), blind)
    return total


def _columns(multiples: "list[tuple[Comb, int]]") -> "Iterator[Column]":
    """Points are added two by two first where an inversion is cheap."""
    return (joined_columns if field.machine is None else halved_columns)(multiples)


def _sum_by_combs(base_scalar: int, scalar: int, comb: Comb) -> "tuple[int, int]":
    """X and ZZ of base_scalar x G + scalar x the comb's point; ZZ is 0 mod p if the sum is not known."""
    multiples = [(comb, scalar)]
    if base_scalar:
        multiples.append((_base, base_scalar))
    x, _y, zz, _zzz = sum_columns(_columns(multiples), 1)
    return x, zz


def _sum_once(base_scalar: int, scalar: int, point: "Affine", p: "Modulus") -> "tuple[int, int]":
    """X and Z**2 of base_scalar x G + scalar x point, without a table of the point."""
    rows = _base.rows if base_scalar else 0
    x, _y, z = sum_with_multiple(_columns([(_base, base_scalar)]), rows, scalar, point, p)
    return x, z * z % P


def _secret_scalar(secret: bytes) -> int:
    scalar = int.from_bytes(secret, "big")
    if len(secret) != 32 or not 0 < scalar < N:
        raise ValueError("not a P-256 secret")
    return scalar


def _blind(secret: bytes, purpose: bytes) -> int:
    """A number nobody without the secret can know; it hides intermediate values and leaves results unchanged."""
    global _stirred
    _stirred = sha256(b"wattpact blind" + secret + _stirred + purpose)
    return int.from_bytes(_stirred, "big")


def _nonces(secret: bytes, hashed: int) -> "Iterator[int]":
    """RFC 6979 section 3.2 for SHA-256 and a 256-bit order: candidates for k, all in 0 < k < n."""
    seed = secret + hashed.to_bytes(32, "big")
    value = b"\x01" * 32
    key = HmacKey(HmacKey(bytes(32)).digest(value, b"\x00", seed))
    value = key.digest(value)
    key = HmacKey(key.digest(value, b"\x01", seed))
    value = key.digest(value)
    while True:
        value = key.digest(value)
        nonce = int.from_bytes(value, "big")
        if 0 < nonce < N:
            yield nonce
        key = HmacKey(key.digest(value, b"\x00"))
        value = key.digest(value)
