# SPDX-License-Identifier: Apache-2.0
"""`machine` as far as the adapters use it, for CPython: every part remembers how it was made and what was asked of it.

What hangs on the wires is the test's: `chips` at a select pin, `serials` at a UART, `i2c_chips` at an address.
"""

from collections.abc import Callable
from typing import Any

chips: dict[int, Callable[[bytes], bytes]] = {}
serials: dict[int, Any] = {}
i2c_chips: dict[int, dict[int, bytes]] = {}
made: list[tuple[str, Any]] = []
pins: dict[int, "Pin"] = {}
resets: list[str] = []


class Pin:
    """Remembers every level it had."""

    IN = 1
    OUT = 3

    def __init__(self, id: int, mode: int = -1, pull: int = -1, *, value: Any = None) -> None:
        self.id = id
        self.mode = mode
        self.levels: list[int] = []
        if value is not None:
            self.levels.append(value)
        pins[id] = self

    def __call__(self, x: int) -> None:
        self.levels.append(x)


class SPI:
    """Wires; whoever's select pin is low answers."""

    def __init__(
        self,
        id: int,
        baudrate: int = 1_000_000,
        *,
        polarity: int = 0,
        phase: int = 0,
        sck: Pin | None = None,
        mosi: Pin | None = None,
        miso: Pin | None = None,
    ) -> None:
        assert sck is not None
        assert mosi is not None
        assert miso is not None
        wires = (sck.id, mosi.id, miso.id)
        made.append(("SPI", (id, baudrate, polarity, phase, wires)))

    def write_readinto(self, write_buf: bytes, read_buf: bytearray) -> None:
        selected = [pin for pin in chips if pins[pin].levels[-1:] == [0]]
        assert len(selected) <= 1, "two chips selected at once"
        read_buf[:] = chips[selected[0]](write_buf) if selected else b"\xff" * len(write_buf)


class I2C:
    """Chips with 16-bit registers."""

    def __init__(self, id: int, *, scl: Pin, sda: Pin, freq: int = 400000) -> None:
        made.append(("I2C", (id, freq, (scl.id, sda.id))))

    def readfrom_mem(self, addr: int, memaddr: int, nbytes: int, *, addrsize: int = 8) -> bytes:
        assert addrsize == 16
        if addr not in i2c_chips:
            raise OSError("no device")
        return i2c_chips[addr][memaddr][:nbytes]

    def writeto_mem(self, addr: int, memaddr: int, buf: bytes, *, addrsize: int = 8) -> None:
        assert addrsize == 16
        if addr not in i2c_chips:
            raise OSError("no device")
        i2c_chips[addr][memaddr] = bytes(buf)


class UART:
    """A line to `serials[id]`, which has `heard(bytes)` and `waiting`."""

    def __init__(
        self,
        id: int,
        baudrate: int = 9600,
        bits: int = 8,
        parity: int | None = None,
        stop: int = 1,
        *,
        tx: Any = None,
        rx: Any = None,
        rxbuf: int | None = None,
        timeout: int | None = None,
    ) -> None:
        wires = (getattr(tx, "id", tx), getattr(rx, "id", rx))
        made.append(("UART", (id, baudrate, bits, parity, stop, wires)))
        self._far = serials[id]

    def any(self) -> int:
        return len(self._far.waiting)

    def read(self, nbytes: int = -1) -> bytes | None:
        size = len(self._far.waiting) if nbytes < 0 else nbytes
        found = bytes(self._far.waiting[:size])
        del self._far.waiting[:size]
        return found or None

    def write(self, buf: bytes) -> int:
        self._far.heard(bytes(buf))
        return len(buf)

    def flush(self) -> None:
        if getattr(self._far, "stuck", False):
            raise OSError("ETIMEDOUT")


class WDT:
    """Counts how often it was fed."""

    fed = 0

    def __init__(self, *, id: int = 0, timeout: int = 5000) -> None:
        made.append(("WDT", timeout))

    def feed(self) -> None:
        WDT.fed += 1


class RTC:
    """The system's time: `unix_s` is what the test says it is."""

    written: list[tuple[int, ...]] = []

    def datetime(self, datetimetuple: tuple[int, ...]) -> None:
        RTC.written.append(datetimetuple)


def reset() -> None:
    resets.append("reset")
