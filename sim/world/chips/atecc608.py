# SPDX-License-Identifier: Apache-2.0
"""An ATECC608B on an I2C bus, byte by byte, in a time of its own that passes while its driver waits or transfers.

Stricter than the chip where it can be: an answer can be read once, a digest signs once, time is as short or as long as
the data sheet allows, a pulse on SDA is refused on a bus that is too fast. Its private keys are in here and nowhere
else: no opcode and no attribute gives them away. Everything it draws comes from the generator it is given.
"""

from collections.abc import Callable
from dataclasses import dataclass
from errno import ENODEV
from random import Random

from cryptography.hazmat.primitives.asymmetric import ec

from wattpact.crypto.field import N

TWHI_US = 1_500
TWLO_US = 60
WATCHDOG_US = 700_000
"""The least the data sheet allows; 1.3 s is what a chip has at room temperature."""
BUS_HZ = 100_000
REVISION_608B = bytes.fromhex("00006003")
REVISION_508A = bytes.fromhex("00005000")

WAKE_TOKEN = bytes.fromhex("04113343")
OK, PARSE, ECC_FAULT, REFUSED, WATCHDOG, GARBLED = 0x00, 0x03, 0x05, 0x0F, 0xEE, 0xFF
READ, NONCE, RANDOM, INFO, GENKEY, SIGN = 0x02, 0x16, 0x1B, 0x30, 0x40, 0x41
TIMES_MS = {READ: 5, NONCE: 20, RANDOM: 23, INFO: 5, GENKEY: 215, SIGN: 220}
UNKNOWN_MS = 1

SLOTS = 16
BLOCK = 32
CHIP_MODE, SLOT_CONFIG, LOCK_DATA, LOCK_CONFIG, SLOT_LOCKED, KEY_CONFIG = 19, 20, 86, 87, 88, 96
UNLOCKED = 0x55
SIGNING_SLOT = bytes.fromhex("8320")
"""SlotConfig: secret, signs messages from inside and outside, GenKey allowed."""
P256_KEY = bytes.fromhex("3300")
"""KeyConfig: a P-256 private key that tells its public key, lockable."""
CONSTANT = bytes.fromhex("ffff0000") * 8

_CURVE = ec.SECP256R1()


def _shifted(register: int) -> int:
    """Eight steps of CRC-16/ARC."""
    for _ in range(8):
        register = register >> 1 ^ (0xA001 if register & 1 else 0)
    return register


_TABLE = [_shifted(byte) for byte in range(256)]


def checksum(content: bytes) -> bytes:
    """The chip's CRC, which is CRC-16/ARC read from the other end: computed so, it shares nothing with the driver's."""
    register = 0
    for byte in content:
        register = register >> 8 ^ _TABLE[(register ^ byte) & 0xFF]
    return int(f"{register:016b}"[::-1], 2).to_bytes(2, "little")


def framed(content: bytes) -> bytes:
    """Count, content, CRC."""
    counted = bytes([len(content) + 3]) + content
    return counted + checksum(counted)


def configuration(serial: bytes, address: int) -> bytearray:
    """A configuration zone as provisioning leaves it: 16 signing slots, M1 clock, both zones locked."""
    zone = bytearray(128)
    zone[0:13] = b"\x01\x23" + serial[:2] + REVISION_608B + serial[2:6] + b"\xee"
    zone[16] = address << 1
    zone[CHIP_MODE] = 0x28
    for slot in range(SLOTS):
        zone[SLOT_CONFIG + 2 * slot : SLOT_CONFIG + 2 * slot + 2] = SIGNING_SLOT
        zone[KEY_CONFIG + 2 * slot : KEY_CONFIG + 2 * slot + 2] = P256_KEY
    zone[SLOT_LOCKED : SLOT_LOCKED + 2] = b"\xff\xff"
    return zone


@dataclass
class Faults:
    """What is wrong with a chip from now on; counts go down to 0 as they happen."""

    dead: bool = False
    """Answers nothing, not even its address."""
    busy: bool = False
    """Takes a command and never comes back from it."""
    spoiled_answers: int = 0
    """Answers with one byte turned on the way."""
    spoiled_commands: int = 0
    """Commands with one byte turned on the way."""
    ecc_faults: int = 0
    """Signatures whose computation failed, by the chip's own notice."""
    wrong_signatures: int = 0
    """Signatures that are another digest's, and that it believes itself."""
    brown_outs: int = 0
    """Commands in which its supply fails: it sleeps, and what was loaded is gone."""
    restarts: int = 0
    """Commands in which its supply fails shorter: it answers that it woke up."""
    stuck_random: bool = False
    """One random block for ever."""


class Atecc608Model:
    """The I2C seam (`writeto`, `readfrom`) with one chip on it, and `sleep_us`, in which its time passes."""

    def __init__(self, rng: Random, secrets: dict[int, bytes], address: int = 0x60) -> None:
        """`secrets` are the private keys (32 bytes) that its slots hold from the factory."""
        self.address = address
        self.bus_hz = BUS_HZ
        self.faults = Faults()
        self.revision = REVISION_608B
        self.watchdog_us = WATCHDOG_US
        self.now_us = 0
        self.signatures = 0
        self.wakes = 0
        self.config = configuration(rng.randbytes(6), address)
        self._rng = rng
        self.__keys = {slot: int.from_bytes(secret, "big") for slot, secret in secrets.items()}
        self._awake_until_us = 0
        self._ready_us = 0
        self._answer: bytes | None = None
        self._digest: bytes | None = None
        self._stuck_block = b""

    # -- time and the bus

    @property
    def awake(self) -> bool:
        """Whether it draws current: woken, and neither put to sleep nor caught by its watchdog."""
        if self._awake_until_us and self.now_us >= self._awake_until_us:
            self._sleep()
        return self._awake_until_us != 0

    def sleep_us(self, us: int) -> None:
        """Time passes."""
        assert us > 0
        self.now_us += us

    def writeto(self, address: int, content: bytes) -> int:
        """Wake pulse, sleep, idle or a command; OSError where the chip does not acknowledge."""
        self._transfer(1)
        if address == 0:
            self._pulse()
            raise OSError(ENODEV, "no chip has address 0")
        self._address(address)
        self._transfer(len(content))
        word, frame = content[0], content[1:]
        if word == 1 and not frame:
            self._sleep()
        elif word == 2 and not frame:
            self._awake_until_us = 0  # idle: the digest stays
            self._answer = None
        elif word == 3:
            self._take(frame)
        else:
            raise OSError(ENODEV, "no such word address")
        return len(content)

    def readfrom(self, address: int, count: int) -> bytes:
        """The answer, once; what is read beyond it is FF."""
        self._transfer(1)
        self._address(address)
        if self._answer is None:
            raise OSError(ENODEV, "nothing to read")
        self._transfer(count)
        answer, self._answer = self._answer, None
        if self._counted("spoiled_answers"):
            answer = self._turned(answer)
        return answer[:count].ljust(count, b"\xff")

    def _transfer(self, count: int) -> None:
        """Nine bits a byte."""
        self.now_us += count * 9_000_000 // self.bus_hz

    def _address(self, address: int) -> None:
        """Acknowledge, or not: dead, another address, asleep, not yet awake, at work."""
        silent = self.faults.dead or address != self.address or not self.awake
        if silent or self.now_us < self._ready_us:
            raise OSError(ENODEV, "not acknowledged")

    def _pulse(self) -> None:
        """SDA is low while the eight bits of address 0 go out."""
        if self.faults.dead or self.awake or 8_000_000 // self.bus_hz < TWLO_US:
            return
        self.wakes += 1
        self._awake_until_us = self.now_us + self.watchdog_us
        self._ready_us = self.now_us + TWHI_US
        self._answer = WAKE_TOKEN

    def _sleep(self) -> None:
        self._awake_until_us = 0
        self._answer = self._digest = None

    # -- commands

    def _take(self, frame: bytes) -> None:
        """One command: what it will answer, and when."""
        if self._counted("spoiled_commands"):
            frame = self._turned(frame)
        if len(frame) < 7 or frame[0] != len(frame) or checksum(frame[:-2]) != frame[-2:]:
            self._reply(bytes([GARBLED]), UNKNOWN_MS)
            return
        if self._counted("brown_outs"):
            self._sleep()
            return
        if self._counted("restarts"):
            self._sleep()
            self._pulse()
            return
        opcode, mode, param = frame[1], frame[2], int.from_bytes(frame[3:5], "little")
        most_ms = TIMES_MS.get(opcode, UNKNOWN_MS)
        if self.now_us + most_ms * 1_000 > self._awake_until_us:
            self._reply(bytes([WATCHDOG]), UNKNOWN_MS)
            return
        commands: dict[int, Callable[[int, int, bytes], bytes | int]] = {
            READ: self._read,
            NONCE: self._nonce,
            RANDOM: self._random,
            INFO: self._info,
            GENKEY: self._genkey,
            SIGN: self._sign,
        }
        command = commands.get(opcode)
        given = PARSE if command is None else command(mode, param, frame[5:-2])
        self._reply(bytes([given]) if isinstance(given, int) else given, most_ms)

    def _reply(self, content: bytes, most_ms: int) -> None:
        """`content` after half the longest time, or up to all of it."""
        self._answer = framed(content)
        self._ready_us = self.now_us + most_ms * (500 + self._rng.randrange(501))
        if self.faults.busy:
            self._ready_us = self._awake_until_us

    def _read(self, mode: int, param: int, payload: bytes) -> bytes | int:
        """Blocks and words of the configuration zone; no slot of the modelled chip may be read."""
        if mode & 0x7F > 2 or payload:
            return PARSE
        if mode & 3:
            return REFUSED
        size = BLOCK if mode & 0x80 else 4
        at = (param >> 3) * BLOCK + (param & 7) * 4
        if param > 0x1F or (size == BLOCK and param & 7):
            return PARSE
        return bytes(self.config[at : at + size])

    def _info(self, mode: int, param: int, payload: bytes) -> bytes | int:
        return PARSE if mode or param or payload else self.revision

    def _random(self, mode: int, param: int, payload: bytes) -> bytes | int:
        if mode > 1 or param or payload:
            return PARSE
        if self.config[LOCK_CONFIG] == UNLOCKED:
            return CONSTANT
        block = self._rng.randbytes(BLOCK)
        if self.faults.stuck_random:
            self._stuck_block = block = self._stuck_block or block
        return block

    def _nonce(self, mode: int, param: int, payload: bytes) -> bytes | int:
        """Pass-through of 32 bytes to the message digest buffer, the one way this model knows."""
        if mode != 0x43 or param or len(payload) != 32:
            return PARSE
        self._digest = payload
        return OK

    def _genkey(self, mode: int, param: int, payload: bytes) -> bytes | int:
        if mode not in {0, 4} or param >= SLOTS or payload:
            return PARSE
        if not self._is_key(param):
            return REFUSED
        if mode == 4:
            lock = self.config[SLOT_LOCKED + param // 8] >> param % 8 & 1
            if not lock or not self._slot(param) & 0x2000:
                return REFUSED
            self.__keys[param] = self._scalar()
        if param not in self.__keys or not self._key(param) & 2:
            return REFUSED
        point = _multiplied(self.__keys[param])
        return point.x.to_bytes(32, "big") + point.y.to_bytes(32, "big")

    def _sign(self, mode: int, param: int, payload: bytes) -> bytes | int:
        """ECDSA with a nonce of its own drawing: never the same signature twice, and s as it comes, high or low."""
        if mode != 0xA0 or param >= SLOTS or payload:
            return PARSE
        digest, self._digest = self._digest, None
        barred = self._slot(param) & 0x20 or self._key(param) & 0x1080
        allowed = self._is_key(param) and self._slot(param) & 1 and not barred
        if digest is None or not allowed or param not in self.__keys:
            return REFUSED
        if self._counted("ecc_faults"):
            return ECC_FAULT
        if self._counted("wrong_signatures"):
            digest = self._turned(digest)
        self.signatures += 1
        hashed = int.from_bytes(digest, "big")
        while True:
            nonce = self._scalar()
            r = _multiplied(nonce).x % N
            s = pow(nonce, -1, N) * (hashed + r * self.__keys[param]) % N
            if r and s:
                return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    # -- what its configuration says

    def _is_key(self, slot: int) -> bool:
        """A P-256 private key on a chip that is wholly locked; before that, this model makes and uses no key."""
        locked = UNLOCKED not in self.config[LOCK_DATA : LOCK_CONFIG + 1]
        return locked and self._key(slot) & 0x1D == 0x11 and self._slot(slot) & 0x80 != 0

    def _slot(self, slot: int) -> int:
        at = SLOT_CONFIG + 2 * slot
        return int.from_bytes(self.config[at : at + 2], "little")

    def _key(self, slot: int) -> int:
        at = KEY_CONFIG + 2 * slot
        return int.from_bytes(self.config[at : at + 2], "little")

    # -- dice

    def _scalar(self) -> int:
        return self._rng.getrandbits(256) % (N - 1) + 1

    def _turned(self, content: bytes) -> bytes:
        """One bit of it is another."""
        at = self._rng.randrange(len(content))
        return content[:at] + bytes([content[at] ^ 1 << self._rng.randrange(8)]) + content[at + 1 :]

    def _counted(self, fault: str) -> bool:
        """Whether `fault` happens now; then one less is to come."""
        left: int = getattr(self.faults, fault)
        setattr(self.faults, fault, max(left - 1, 0))
        return left > 0


def _multiplied(scalar: int) -> ec.EllipticCurvePublicNumbers:
    """scalar x G by OpenSSL."""
    return ec.derive_private_key(scalar, _CURVE).public_key().public_numbers()
