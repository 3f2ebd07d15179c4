# SPDX-License-Identifier: Apache-2.0
"""What the 128 bytes of an ATECC608's configuration zone allow. A slot that does not fit is refused at the start.

Both zones must be locked: until then anybody on the bus can change what a slot is and what it holds.
"""

from ..compat import const
from .packet import fault

CONFIG_SIZE = const(128)
SLOTS = const(16)
BLOCK_SIZE = const(32)
LOCK_BLOCK = const(2)  # the one with the lock bytes

_CHIP_MODE = const(19)
_SLOT_CONFIG = const(20)
_LOCK_DATA = const(86)
_LOCK_CONFIG = const(87)
_SLOT_LOCKED = const(88)
_KEY_CONFIG = const(96)
_LOCKED = const(
    0
)  # 55 is unlocked; nothing else is written by the chip, and nothing else is believed

# SlotConfig of a private key
_EXTERNAL_SIGN = const(0x0001)
_LIMITED_USE = const(0x0020)
_SECRET = const(0x0080)
_GENKEY = const(0x2000)
# KeyConfig
_PRIVATE = const(0x0001)
_PUBLIC_INFO = const(0x0002)
_KEY_TYPE = const(0x001C)
_P256 = const(0x0010)
_NEEDS_AUTHORISATION = const(0x0080)
_PERSISTENT_DISABLE = const(0x1000)

_CLOCK_MASK = const(0xF8)
_CLOCKS = (0x00, 0x28)  # M0, M1. At M2 a signature can outlast the watchdog


def config_locked(lock_block: bytes) -> bool:
    """Whether the configuration zone is locked, by block 2: before that Random gives a constant."""
    return lock_block[_LOCK_CONFIG - LOCK_BLOCK * BLOCK_SIZE] == _LOCKED


class Config:
    """One chip's configuration as read. Every check raises a BusError with what has to be put right."""

    def __init__(self, zone: bytes) -> None:
        """`zone` is the whole configuration zone, 128 bytes."""
        self.zone = zone
        self.serial = zone[0:4] + zone[8:13]
        if len(zone) != CONFIG_SIZE or zone[0:2] != b"\x01\x23":
            raise fault("serial number does not start with 0123: is it an ATECC608?")

    def check_locked(self) -> None:
        """Neither what a slot is nor what it holds can be changed any more but by GenKey."""
        if self.zone[_LOCK_CONFIG] != _LOCKED:
            raise fault("configuration zone is not locked: configure and lock it")
        if self.zone[_LOCK_DATA] != _LOCKED:
            raise fault("data zone is not locked: lock it")

    def check_signing(self, slot: int) -> None:
        """`slot` is that of a P-256 key, 0 <= slot < 16, which signs any digest at any time."""
        self.check_locked()
        self._check_key(slot)
        slot_config = self._slot_config(slot)
        key_config = self._key_config(slot)
        if not slot_config & _EXTERNAL_SIGN:
            raise fault("slot %d may not sign messages from outside" % slot)
        if slot_config & _LIMITED_USE:
            raise fault("slot %d signs a limited number of times only" % slot)
        if key_config & (_NEEDS_AUTHORISATION | _PERSISTENT_DISABLE):
            raise fault("slot %d needs to be authorised before it signs" % slot)
        if not key_config & _PUBLIC_INFO:
            raise fault("slot %d does not tell its public key" % slot)
        if self.zone[_CHIP_MODE] & _CLOCK_MASK not in _CLOCKS:
            raise fault("clock divider M2: a signature can outlast the watchdog")

    def check_creating(self, slot: int) -> None:
        """GenKey may put a new P-256 key into `slot`, 0 <= slot < 16."""
        self.check_locked()
        self._check_key(slot)
        locked = self.zone[_SLOT_LOCKED + (slot >> 3)] >> (slot & 7) & 1 == 0
        if locked or not self._slot_config(slot) & _GENKEY:
            raise fault(
                "slot %d keeps the key it has: it is locked, or may not be made anew" % slot
            )

    def _check_key(self, slot: int) -> None:
        if not 0 <= slot < SLOTS:
            raise ValueError("slots are 0 to 15")
        key_config = self._key_config(slot)
        private = key_config & _PRIVATE and self._slot_config(slot) & _SECRET
        if not private or key_config & _KEY_TYPE != _P256:
            raise fault("slot %d is not that of a P-256 private key" % slot)

    def _slot_config(self, slot: int) -> int:
        at = _SLOT_CONFIG + 2 * slot
        return self.zone[at] | self.zone[at + 1] << 8

    def _key_config(self, slot: int) -> int:
        at = _KEY_CONFIG + 2 * slot
        return self.zone[at] | self.zone[at + 1] << 8
