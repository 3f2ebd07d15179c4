# SPDX-License-Identifier: Apache-2.0
"""The seams. Type-only: nothing imports this module at run time, on either interpreter.

A seam stands here when two real implementations exist or are fixed by the design: a board's adapter and
the simulator's or the host's. Cores take them as arguments and never build one.
"""

from typing import Protocol

from .metering.counters import Counting
from .metering.measurement import Measurement


class Clock(Protocol):
    """Where time comes from. Cores never hold one: they are told `now`."""

    def now(self) -> int:
        """Unix seconds UTC; never goes back."""
        ...


class Entropy(Protocol):
    """A hardware source of random bytes. It has no fallback and fails closed."""

    def read(self, count: int) -> bytes:
        """`count` bytes, or OSError: then the node does not start."""
        ...


class RegisterBus(Protocol):
    """Registers of a metering chip, whatever the wire (SPI, I2C). BusError if the chip does not answer."""

    def read(self, register: int, width: int) -> int:
        """Unsigned value of `width` bytes."""
        ...

    def write(self, register: int, width: int, value: int) -> None:
        """Write `width` bytes."""
        ...


class I2c(Protocol):
    """An I2C bus, as `machine.I2C` is one. Whoever does not acknowledge its address is an OSError."""

    def writeto(self, __address: int, __content: bytes) -> int:
        """Write to a 7-bit address, then STOP; how many bytes were acknowledged."""
        ...

    def readfrom(self, __address: int, __count: int) -> bytes:
        """Read `count` bytes from a 7-bit address, then STOP; what the chip does not drive reads FF."""
        ...


class ModbusLine(Protocol):
    """One Modbus RTU transaction on a serial line. BusError on silence, bad CRC or an exception reply."""

    def request(self, unit: int, function: int, body: bytes) -> bytes:
        """The reply's body without unit, function and CRC."""
        ...


class SerialWire(Protocol):
    """Bytes on a serial line, half duplex or not: an ESP32's UART with its DE pin, or a PC's serial device."""

    def discard(self) -> None:
        """Throw away what has come in and was not read."""
        ...

    def write(self, content: bytes) -> None:
        """Send; return when the last stop bit has left and the line is free for the answer."""
        ...

    def read(self, count: int, timeout_ms: int) -> bytes:
        """`count` bytes as soon as they are there, fewer if not within `timeout_ms`. BusError if the line is gone."""
        ...

    def sleep_ms(self, ms: int) -> None:
        """Wait at least so long."""
        ...


class MeterDriver(Protocol):
    """A metering chip or a Modbus meter behind its bus, ready to be read."""

    counting: Counting
    """How it counts; docs/metering.md has the table."""

    def read(self) -> Measurement:
        """Counters and what flows now. BusError on anything wrong: silence, CRC, exception reply, NaN, out of range."""
        ...


class Access(Protocol):
    """A way into the network: Wi-Fi, Ethernet, cellular."""

    async def up(self) -> None:
        """Returns when there is an address; LinkError says why there is none."""
        ...

    def is_up(self) -> bool:
        """Whether there is an address."""
        ...

    def down(self) -> None:
        """Leave; fine if it was not up."""
        ...


class Link(Protocol):
    """Carries bytes between nodes. Delivery is at least once and in no order."""

    def send(self, to: bytes, payload: bytes) -> None:
        """To one node's inbox; `to` is its 8-byte kid."""
        ...

    def publish(self, kind: str, payload: bytes) -> None:
        """A broadcast of this node, readable by every member."""
        ...

    def listen(self, kind: str, sender: bytes) -> None:
        """Hear broadcasts `kind` of `sender` from now on."""
        ...


class Store(Protocol):
    """Durable key-value storage. `keep` returns after the bytes would survive a power cut."""

    def keep(self, key: bytes, value: bytes) -> None:
        """Write or overwrite."""
        ...

    def drop(self, key: bytes) -> None:
        """Forget; unknown keys are fine."""
        ...

    def items(self) -> "list[tuple[bytes, bytes]]":
        """Everything kept, sorted by key."""
        ...


class Signer(Protocol):
    """Holds one private key and signs digests; the key never leaves it."""

    public_key: bytes
    """Uncompressed point, 65 bytes."""

    def sign(self, digest: bytes) -> bytes:
        """r || s, 64 bytes, low-s, over a 32-byte digest. BusError if a chip holds the key and does not answer."""
        ...


class Verifier(Protocol):
    """Checks ECDSA P-256 signatures; may remember verdicts."""

    def verify(self, items: "list[tuple[bytes, bytes, bytes]]") -> "list[bool]":
        """One verdict per (public key 65 B, digest 32 B, signature 64 B); never raises."""
        ...
