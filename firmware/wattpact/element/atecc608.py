# SPDX-License-Identifier: Apache-2.0
"""An ATECC608A or B on an I2C bus: woken for one sequence of commands and put to sleep after it, always.

What a sequence loads (the digest) is lost when the chip sleeps, and its watchdog puts it to sleep 0.7 to 1.7 s after
it was woken. So a fault that may pass is answered by waking it anew and beginning again, a bounded number of times.
Wants a bus of 100 kHz: addressing 0 then holds SDA low for the 60 us that wake the chip.
"""

from ..compat import const
from ..crypto.p256 import on_curve
from . import packet
from .config import BLOCK_SIZE, CONFIG_SIZE, LOCK_BLOCK, Config, config_locked
from .packet import PassingFault, fault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from ..interfaces import I2c

    T = TypeVar("T")

ADDRESS = const(0x60)  # as delivered; Trust&GO (TNGTLS) parts are at 35, TrustFLEX parts at 36
TRIES = const(4)
WAKE_US = const(2000)  # tWHI is 1500
PAUSE_US = const(25000)  # what a self-test on waking takes
POLL_US = const(5000)
TIME_MARGIN = const(1500)  # us waited per ms that a command takes at most

_SLEEP = b"\x01"
_CONFIG_32 = const(0x80)  # Read: configuration zone, 32 bytes
_DIGEST_BUFFER = const(0x43)  # Nonce: pass-through, 32 bytes, to the message digest buffer
_EXTERNAL_FROM_BUFFER = const(0xA0)  # Sign: a message from outside, in the message digest buffer
_PUBLIC, _CREATE = const(0), const(4)  # GenKey
_FAMILY = b"\x00\x00\x60"  # Info: 508 and 204 are others; the fourth byte is the revision


class Atecc608:
    """One chip. Every method wakes it and lets it sleep again; BusError says what to check."""

    def __init__(self, i2c: "I2c", sleep_us: "Callable[[int], None]", address: int) -> None:
        """`sleep_us(us)` waits at least so long. Touches nothing yet."""
        self._i2c = i2c
        self._sleep_us = sleep_us
        self._address = address

    def read_config(self) -> Config:
        """All that its maker and its owner set up, from a chip of the right family."""
        return self._awake(self._config)

    def read_public_key(self, slot: int) -> bytes:
        """65 bytes, computed from the private key in `slot`, 0 <= slot < 16."""
        return self._awake(lambda: self._genkey(_PUBLIC, slot))

    def read_random(self, count: int) -> bytes:
        """`count` bytes of its generator, 0 < count <= 512; refused as long as it gives a constant."""
        return self._awake(lambda: self._random(count))

    def create_key(self, slot: int) -> bytes:
        """Make a new private key in `slot` and return its public key, 65 bytes. What the slot held is gone for ever.

        After a BusError from the middle of it the slot may hold a new key; `read_public_key` tells which.
        """
        self.read_config().check_creating(slot)
        return self._awake(lambda: self._genkey(_CREATE, slot))

    def sign(self, slot: int, digest: bytes) -> bytes:
        """r || s as the chip gives them, 64 bytes: s may be high, and nobody checked anything."""
        return self._awake(lambda: self._signature(slot, digest))

    def _awake(self, work: "Callable[[], T]") -> "T":
        """What `work` returns, which runs in one wake; at most TRIES of them. What went wrong first is told first."""
        first = last = ""
        for _ in range(TRIES):
            try:
                self._wake()
                return work()
            except PassingFault as error:
                last = str(error)
                first = first or last
            finally:
                self._send_sleep()
            self._sleep_us(PAUSE_US)
        told = first if first == last else "%s; at last %s" % (first, last)
        raise fault("%s (%d tries)" % (told, TRIES))

    def _wake(self) -> None:
        """From a known state: other traffic on the bus may have woken it, and then its watchdog runs."""
        self._send_sleep()
        try:
            self._i2c.writeto(0, b"\x00")
        except OSError:
            pass  # nobody has this address; the chip sees SDA low, and that is all
        self._sleep_us(WAKE_US)
        try:
            token = self._i2c.readfrom(self._address, len(packet.WAKE_TOKEN))
        except OSError:
            raise PassingFault(packet.SILENT % self._address)
        if token != packet.WAKE_TOKEN:
            packet.decode_reply(token, 0, "waking")

    def _send_sleep(self) -> None:
        try:
            self._i2c.writeto(self._address, _SLEEP)
        except OSError:
            pass  # it sleeps already, or is not there, and then waking it says so

    def _execute(
        self, command: "packet.Command", param1: int, param2: int, payload: bytes, size: int
    ) -> bytes:
        """`size` bytes of an awake chip's answer. It answers no address while it works."""
        name, opcode, time_ms = command
        try:
            self._i2c.writeto(self._address, packet.encode_command(opcode, param1, param2, payload))
        except OSError:
            raise PassingFault("%s: it went to sleep on the way: check the supply" % name)
        for _ in range(time_ms * TIME_MARGIN // POLL_US + 1):
            self._sleep_us(POLL_US)
            try:
                raw = self._i2c.readfrom(self._address, size + packet.FRAME_EXTRA)
            except OSError:
                continue
            return packet.decode_reply(raw, size, name)
        waited_ms = time_ms * TIME_MARGIN // 1000
        raise PassingFault("%s: no answer within %d ms: check the supply" % (name, waited_ms))

    def _block(self, number: int) -> bytes:
        return self._execute(packet.READ, _CONFIG_32, number << 3, b"", BLOCK_SIZE)

    def _config(self) -> Config:
        revision = self._execute(packet.INFO, 0, 0, b"", 4)
        if revision[:3] != _FAMILY:
            told = "".join(["%02X" % byte for byte in revision])
            raise fault("revision %s is not that of an ATECC608 (000060xx)" % told)
        return Config(b"".join([self._block(each) for each in range(CONFIG_SIZE // BLOCK_SIZE)]))

    def _genkey(self, mode: int, slot: int) -> bytes:
        public_key = b"\x04" + self._execute(packet.GENKEY, mode, slot, b"", 64)
        if not on_curve(public_key):
            raise PassingFault("GenKey: public key is not on the curve")
        return public_key

    def _random(self, count: int) -> bytes:
        if not config_locked(self._block(LOCK_BLOCK)):
            raise fault("configuration zone is not locked: random numbers are a constant")
        drawn = b""
        before = b""
        while len(drawn) < count:
            block = self._execute(packet.RANDOM, 0, 0, b"", BLOCK_SIZE)
            if block == before or block[:4] * 8 == block:
                raise fault("Random: the generator is stuck: replace the chip")
            drawn += block
            before = block
        return drawn[:count]

    def _signature(self, slot: int, digest: bytes) -> bytes:
        self._execute(packet.RANDOM, 0, 0, b"", BLOCK_SIZE)  # renews the seed its nonces come from
        self._execute(packet.NONCE, _DIGEST_BUFFER, 0, digest, 1)
        return self._execute(packet.SIGN, _EXTERNAL_FROM_BUFFER, slot, b"", 64)
