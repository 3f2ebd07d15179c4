# SPDX-License-Identifier: Apache-2.0
"""The Signer seam (interfaces.py) over an ATECC608, for boards that have one."""

from ..crypto.field import HALF_N, N
from ..crypto.hashes import sha256
from .packet import fault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..interfaces import Verifier
    from .atecc608 import Atecc608


class Atecc608Signer:
    """Signs with the private key in one slot; there is no way to ask for that key.

    Nothing leaves `sign` that does not verify: a chip that was exchanged, or a slot with a new key, is a BusError here
    and not a message that nobody believes.
    """

    def __init__(self, chip: "Atecc608", slot: int, verifier: "Verifier") -> None:
        """BusError unless the chip answers, `slot` fits, and a first signature is right."""
        chip.read_config().check_signing(slot)
        self._chip = chip
        self._slot = slot
        self._verifier = verifier
        self.public_key = chip.read_public_key(slot)
        self.sign(sha256(self.public_key))  # what cannot sign shows now, not at the first contract

    def sign(self, digest: bytes) -> bytes:
        """r || s, 64 bytes, low-s, over a 32-byte digest; another one each time. BusError after two seconds or so."""
        if len(digest) != 32:
            raise ValueError("digest is not 32 bytes")
        given = self._chip.sign(self._slot, digest)
        r = int.from_bytes(given[:32], "big")
        s = int.from_bytes(given[32:], "big")
        if not 0 < r < N or not 0 < s < N:
            raise fault("Sign: r or s is out of range: replace the chip")
        signature = given[:32] + (N - s if s > HALF_N else s).to_bytes(32, "big")
        if not self._verifier.verify([(self.public_key, digest, signature)])[0]:
            raise fault("Sign: signature is of another key: was the chip exchanged?")
        return signature
