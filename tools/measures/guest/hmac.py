# SPDX-License-Identifier: Apache-2.0
"""Of CPython's hmac what the peers use, with SHA-256 only, and as fast as it gets here: they are not to wait for it."""

import hashlib

_BLOCK = 64
_INNER = int.from_bytes(b"\x36" * _BLOCK, "big")
_OUTER = int.from_bytes(b"\x5c" * _BLOCK, "big")


class HMAC:
    """HMAC-SHA-256 of what `update` is given. `digest` may be asked once."""

    def __init__(self, key: bytes, msg: "bytes | None" = None) -> None:
        block = int.from_bytes(key + bytes(_BLOCK - len(key)), "big")
        self._outer = (block ^ _OUTER).to_bytes(_BLOCK, "big")
        self._inner = hashlib.sha256((block ^ _INNER).to_bytes(_BLOCK, "big"))
        if msg is not None:
            self._inner.update(msg)

    def update(self, msg: bytes) -> None:
        self._inner.update(msg)

    def digest(self) -> bytes:
        return hashlib.sha256(self._outer + self._inner.digest()).digest()


def new(key: bytes, msg: "bytes | None" = None, digestmod: object = None) -> HMAC:
    return HMAC(key, msg)
