# SPDX-License-Identifier: Apache-2.0
"""P-256 on CPython by OpenSSL, behind the Signer and Verifier seams; for trade nothing else imports OpenSSL.

Same bytes as `wattpact.crypto.ecdsa`: signatures are RFC 6979 with SHA-256, low-s. Verifying follows
FIPS 186-5; the low-s rule belongs to the envelope. Verdicts are remembered, because every node of a
simulation and every replica in one process judges the same signature.
"""

from hashlib import sha256
from typing import Generic, TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    Prehashed,
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from wattpact.crypto.field import HALF_N, N

KEYS_MAX = 8192  # parsed points kept: about 1 KB each
VERDICTS_MAX = 1 << 17  # about 200 B each

_CURVE = ec.SECP256R1()
_SIGN = ec.ECDSA(Prehashed(SHA256()), deterministic_signing=True)
_VERIFY = ec.ECDSA(Prehashed(SHA256()))

T = TypeVar("T")


class OpensslSigner:
    """Holds one private key in memory."""

    def __init__(self, secret: bytes) -> None:
        """`secret` is a scalar of 32 bytes, 1 <= secret < n; else a ValueError without the key."""
        number = int.from_bytes(secret, "big")
        if len(secret) != 32 or not 1 <= number < N:
            raise ValueError("not a private key of P-256")
        self._key = ec.derive_private_key(number, _CURVE)
        self.public_key = self._key.public_key().public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint
        )

    def sign(self, digest: bytes) -> bytes:
        """r || s, 64 bytes, low-s, over a 32-byte digest (ValueError for another length)."""
        r, s = decode_dss_signature(self._key.sign(digest, _SIGN))
        if s > HALF_N:
            s = N - s
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


class Recent(Generic[T]):
    """A map that forgets: keeps at least the `most // 2` and at most the `most` entries used last.

    Two generations instead of an ordered map: a hit costs one lookup and no reordering.
    """

    def __init__(self, most: int) -> None:
        self._half = max(1, most // 2)
        self._young: dict[bytes, T] = {}
        self._old: dict[bytes, T] = {}

    def get(self, key: bytes) -> T | None:
        """The value, or None if it was never kept or is forgotten."""
        found = self._young.get(key)
        if found is None:
            found = self._old.get(key)
            if found is not None:
                self.keep(key, found)
        return found

    def keep(self, key: bytes, value: T) -> None:
        """Remember; when the young generation is full the old one is forgotten."""
        if len(self._young) >= self._half:
            self._old = self._young
            self._young = {}
        self._young[key] = value

    def __len__(self) -> int:
        return len(self._young) + len(self._old)


class OpensslVerifier:
    """Checks signatures and remembers verdicts, good and bad, in bounded memory."""

    def __init__(self, memory: int = VERDICTS_MAX) -> None:
        """`memory` is the count of verdicts kept."""
        self._verdicts: Recent[bool] = Recent(memory)
        self._keys: Recent[ec.EllipticCurvePublicKey] = Recent(KEYS_MAX)

    def verify(self, items: list[tuple[bytes, bytes, bytes]]) -> list[bool]:
        """One verdict per (public key, digest, signature); never raises, whatever the bytes."""
        verdicts: list[bool] = []
        for public_key, digest, signature in items:
            # Lengths are fixed before the parts are joined, so that a verdict's name is unambiguous.
            if len(public_key) != 65 or len(digest) != 32 or len(signature) != 64:
                verdicts.append(False)
                continue
            name = sha256(public_key + digest + signature).digest()
            verdict = self._verdicts.get(name)
            if verdict is None:
                verdict = self._judge(public_key, digest, signature)
                self._verdicts.keep(name, verdict)
            verdicts.append(verdict)
        return verdicts

    def _judge(self, public_key: bytes, digest: bytes, signature: bytes) -> bool:
        key = self._parsed(public_key)
        if key is None:
            return False
        r = int.from_bytes(signature[:32], "big")
        s = int.from_bytes(signature[32:], "big")
        try:
            key.verify(encode_dss_signature(r, s), digest, _VERIFY)
        except InvalidSignature:
            return False
        return True

    def _parsed(self, public_key: bytes) -> ec.EllipticCurvePublicKey | None:
        """The point, or None if it is not one: OpenSSL would also take the hybrid forms 6 and 7."""
        key = self._keys.get(public_key)
        if key is None and public_key[0] == 4:
            try:
                key = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, public_key)
            except ValueError:
                return None
            self._keys.keep(public_key, key)
        return key
