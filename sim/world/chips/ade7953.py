# SPDX-License-Identifier: Apache-2.0
"""An ADE7953 on SPI or I2C, byte by byte as far as its data sheet tells, driven by modelled mains.

Stricter than the chip: a register that the data sheet does not list, or a width that is not its own, is Misuse; without
the unlocked 120H it measures wrongly; its serial interface must be locked, or noise may switch it away.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from errno import ENODEV
from math import isqrt
from zlib import crc32

from sim.world.electricity import Phase

from .ade7953_map import (
    BYTES,
    CHECKSUM,
    CONFIG,
    ENERGY,
    LAST_ADDRESS,
    LAST_OP,
    LAST_VALUES,
    LCYCMODE,
    MEASURED,
    RESERVED,
    SIGNED,
    STATUS_A,
    STATUS_A_CLEARING,
    STATUS_B,
    STATUS_B_CLEARING,
    UNLOCK,
    WRITABLE,
    WRITE_PROTECT,
)
from .mains import Mains, Misuse

START_US = 66_000
LAG_US = 10_000
SPI_MODES = (0, 3)
SPI_HZ_MOST = 5_000_000
I2C_BYTE_US = 23
"""Nine bits at 400 kHz."""
CHECKSUM_US = 143
I2C_ADDRESS = 0x38
READ, WRITE = 0x35, 0xCA
RESET_BIT, SAG_BIT, CRC_BIT = 1 << 20, 1 << 19, 1 << 21
NANOJOULES_PER_KWH = 3_600_000 * 1_000_000_000
SPAN = 1 << 24
UNITY = 0x400000


@dataclass(frozen=True)
class Wiring:
    """What the analogue side of a board gives at unity gains: counts per V, A, W and kWh."""

    counts_per_v: int = 26_000
    counts_per_a: int = 100_000
    counts_per_w: int = 154
    counts_per_kwh: int = 23_590_800


@dataclass
class Faults:
    """What is wrong from now on; counts go down to 0 as they happen."""

    absent: bool = False
    """Nothing drives MISO, and nobody acknowledges."""
    undriven: int = 0xFF
    """What MISO floats to."""
    spoiled_reads: int = 0
    """Answers with a turned bit on the way."""
    lost_writes: int = 0
    """Writes that do not arrive whole."""
    noise: int = 0
    """Disturbances that switch an unlocked chip to another interface."""
    dies_after: int | None = None
    """Frames until its supply fails."""


class Ade7953Model:
    """One chip with two current channels, each on a line; `None` for one that is not wired."""

    def __init__(
        self, mains: Mains, channels: tuple[int, int | None], wiring: Wiring | None = None
    ) -> None:
        self.mains = mains
        self.channels = channels
        self.wiring = wiring or Wiring()
        self.faults = Faults()
        self.counted = dict.fromkeys(ENERGY, 0)
        self.destroyed = dict.fromkeys(ENERGY, 0)
        self._energy = dict.fromkeys(ENERGY, 0)
        self._supplied = True
        self._frame = bytearray()
        self._answer = b""
        self._deaf = False
        self._pointer: int | None = None
        self._start()

    # -- supply

    def power_off(self) -> None:
        """Its supply fails; what it counted is gone."""
        self._catch_up(0)
        self._supplied = False

    def power_on(self) -> None:
        """The supply returns."""
        self._supplied = True
        self._start()

    def reset(self) -> None:
        """As by its RESET pin."""
        self._catch_up(0)
        self._start()

    def preset_energy(self, value: int) -> None:
        """Channel A stands at `value`, -2**23 <= value < 2**23, as after a long time."""
        self._catch_up(0)
        self._energy[0x31E] = value % SPAN

    def _start(self) -> None:
        for register in ENERGY:
            self.destroyed[register] += _signed(self._energy[register])
        self._registers = dict(WRITABLE)
        self._measured = dict.fromkeys(MEASURED, 0) | {0x702: 3, CHECKSUM: 0xFFFFFFFF}
        self._energy = dict.fromkeys(ENERGY, 0)
        self._remainders = dict.fromkeys(ENERGY, 0)
        self._status = {STATUS_A: RESET_BIT, STATUS_B: 0}
        self._last = (0, 0, 0)
        self._unlocked = False
        self._lost = False
        self._checksum_us = self.mains.now_us
        self._at_us = self.mains.now_us
        self._ready_us = self.mains.now_us + START_US

    # -- SPI

    def selected(self, mode: int, hz: int) -> None:
        """A frame begins."""
        self._frame = bytearray()
        self._answer = b""
        self._deaf = mode not in SPI_MODES or hz > SPI_HZ_MOST
        self._begin()

    def exchanged(self, sent: int) -> int:
        """Address in two bytes, direction in one, then the value."""
        self._frame.append(sent)
        if not self._answers() or self._deaf:
            return self.faults.undriven
        if len(self._frame) == 3 and sent == 0x80:
            self._answer = self._answered(int.from_bytes(self._frame[:2], "big"))
        at = len(self._frame) - 4
        return self._answer[at] if 0 <= at < len(self._answer) else 0

    def released(self) -> None:
        """A write happens here, if it has the register's length."""
        frame, self._frame = self._frame, bytearray()
        if self._deaf or not self._answers() or len(frame) < 3:
            return
        if frame[2] == 0x80:
            if len(frame) != 3 + len(self._answer):
                raise Misuse(f"{len(frame)} bytes to read {len(self._answer)}")
        elif frame[2] == 0x00:
            self._written(int.from_bytes(frame[:2], "big"), bytes(frame[3:]))
        else:
            raise Misuse(f"direction {frame[2]:02X}")

    # -- I2C

    def writeto(self, address: int, content: bytes, stop: bool = True) -> int:
        """A register's address, alone before a repeated start, or with a value."""
        self.mains.sleep_us(I2C_BYTE_US * (1 + len(content)))
        self._begin()
        self._acknowledge(address)
        if len(content) < 2:
            raise Misuse("no whole register address")
        register = int.from_bytes(content[:2], "big")
        self._pointer = None
        if len(content) > 2:
            self._written(register, content[2:])
        elif not stop:
            self._pointer = register
        return len(content)

    def readfrom(self, address: int, count: int) -> bytes:
        """The value that the repeated start asks for."""
        self.mains.sleep_us(I2C_BYTE_US * (1 + count))
        self._acknowledge(address)
        pointer, self._pointer = self._pointer, None
        if pointer is None:
            raise OSError(ENODEV, "no register was addressed")
        answer = self._answered(pointer)
        if len(answer) != count:
            raise Misuse(f"{count} bytes of register {pointer:03X}, which has {len(answer)}")
        return answer

    def _acknowledge(self, address: int) -> None:
        if address != I2C_ADDRESS or not self._answers():
            raise OSError(ENODEV, "not acknowledged")

    # -- frames

    def _begin(self) -> None:
        left = self.faults.dies_after
        if left is not None:
            self.faults.dies_after = None if left == 0 else left - 1
            if left == 0:
                self.power_off()
        if self._counted_down("noise") and self._registers[CONFIG] & 0x8000:
            self._lost = True

    def _answers(self) -> bool:
        ready = self._supplied and self.mains.now_us >= self._ready_us
        return ready and not self.faults.absent and not self._lost

    def _counted_down(self, fault: str) -> bool:
        left: int = getattr(self.faults, fault)
        setattr(self.faults, fault, max(left - 1, 0))
        return left > 0

    def _answered(self, register: int) -> bytes:
        self._catch_up(LAG_US)
        home, width = _home(register)
        if home == CHECKSUM:
            if self.mains.now_us - self._checksum_us < CHECKSUM_US:
                raise Misuse("the checksum was read twice within 143 us")
            self._checksum_us = self.mains.now_us
        value = self._value(home) % SPAN if width > 2 and home != CHECKSUM else self._value(home)
        if register not in {LAST_OP, LAST_ADDRESS, *LAST_VALUES}:
            self._last = (READ, register, value)
        if width == 4 and home in SIGNED:
            value = _signed(value) & 0xFFFFFFFF
        if home in self._energy and self._registers[LCYCMODE] & 0x40:
            self._energy[home] = 0
        self._unlocked = False
        answer = value.to_bytes(width, "big")
        if self._counted_down("spoiled_reads"):
            answer = bytes([answer[0] ^ 0x10]) + answer[1:]
        return answer

    def _value(self, home: int) -> int:
        for known in (self._registers, self._energy, self._measured, self._status):
            if home in known:
                return known[home]
        if home in {STATUS_A_CLEARING, STATUS_B_CLEARING}:
            value = self._status[home - 1]
            self._status[home - 1] = 0
            return value
        if home == LAST_OP:
            return self._last[0]
        if home == LAST_ADDRESS:
            return self._last[1]
        if home in LAST_VALUES:
            return self._last[2]
        raise Misuse(f"read of register {home:03X}, which the data sheet does not list")

    def _written(self, register: int, content: bytes) -> None:
        self._catch_up(0)
        home, width = _home(register)
        if self._counted_down("lost_writes"):
            return
        if len(content) != width:
            raise Misuse(f"{len(content)} bytes to register {register:03X}, which has {width}")
        value = int.from_bytes(content, "big")
        self._last = (WRITE, register, value)
        unlocked, self._unlocked = self._unlocked, register == UNLOCK and value == 0xAD
        if register == UNLOCK or (home == RESERVED and not unlocked):
            return
        if home not in self._registers:
            raise Misuse(f"write to register {register:03X}")
        guard = {1: 1, 2: 2, 3: 4, 4: 4}[width]
        if self._registers[WRITE_PROTECT] & guard and home != WRITE_PROTECT:
            return
        if home == CONFIG and value & 0x80:
            self.reset()
            return
        self._registers[home] = value % SPAN

    # -- measuring

    def _catch_up(self, lag_us: int) -> None:
        now_us = self.mains.now_us
        if now_us - self._at_us <= lag_us or not self._supplied:
            return
        for length_us, lines in self.mains.steps(self._at_us):
            self._count(length_us, lines)
        self._at_us = now_us
        self._show(self.mains.phases(now_us))

    def _gains(self, channel: int) -> tuple[int, int, int]:
        """(voltage, current, power) gain of a channel as multiples of UNITY; 2 % too much without the unlocked 120H."""
        pga = self._registers[0x008 + channel]
        if pga > 5 - channel:
            raise Misuse(f"PGA {pga} of channel {channel}")
        flaw = 1 if self._registers[RESERVED] == 0x30 else 0
        volt = self._registers[0x381] << self._registers[0x007]
        amp = self._registers[0x38C if channel else 0x380] * (22 if pga == 5 else 1 << pga)
        watt = self._registers[0x38E if channel else 0x382]
        return volt, amp, watt if flaw else watt * 102 // 100

    def _line(self, lines: Sequence[Phase], channel: int) -> Phase:
        index = self.channels[channel]
        return Phase(0) if index is None else lines[index]

    def _count(self, length_us: int, lines: Sequence[Phase]) -> None:
        for channel in (0, 1):
            line = self._line(lines, channel)
            volt, amp, watt = self._gains(channel)
            unit = UNITY**3 * NANOJOULES_PER_KWH
            for kind, power in ((0x31E, line.power_mw), (0x320, line.reactive_mvar)):
                remainder = self._remainders[kind + channel]
                gained = power * length_us * volt * amp * watt * self.wiring.counts_per_kwh
                counts, remainder = divmod(remainder + gained, unit)
                self._remainders[kind + channel] = remainder
                self.counted[kind + channel] += counts
                self._energy[kind + channel] = (self._energy[kind + channel] + counts) % SPAN

    def _show(self, lines: Sequence[Phase]) -> None:
        wiring = self.wiring
        for channel in (0, 1):
            line = self._line(lines, channel)
            volt, amp, watt = self._gains(channel)
            all_three = volt * amp * watt // UNITY**2
            active = line.power_mw * wiring.counts_per_w * all_three // (1_000 * UNITY)
            reactive = line.reactive_mvar * wiring.counts_per_w * all_three // (1_000 * UNITY)
            self._measured[0x312 + channel] = active
            self._measured[0x314 + channel] = reactive
            self._measured[0x310 + channel] = apparent = isqrt(active**2 + reactive**2)
            amps = line.current_ma * wiring.counts_per_a * amp // (1_000 * UNITY)
            self._measured[0x31A + channel] = amps
            # The sign of a power factor is that of the reactive energy, not the direction.
            share = abs(active) * 0x7FFF // apparent if apparent else 0
            self._measured[0x10A + channel] = (share if reactive >= 0 else -share) & 0xFFFF
        line = self._line(lines, 0)
        volts = line.voltage_mv * wiring.counts_per_v * self._gains(0)[0] // (1_000 * UNITY)
        self._measured[0x31C] = volts
        self._measured[0x10E] = 223_750_000 // self.mains.frequency_mhz - 1
        if volts * 1_414 // 1_000 < self._registers[0x300] and self._registers[0x000]:
            self._status[STATUS_A] |= SAG_BIT
        if self._registers[CONFIG] & 0x100:
            content = repr(sorted(self._registers.items())).encode()
            before, self._measured[CHECKSUM] = self._measured[CHECKSUM], crc32(content)
            if before not in {0xFFFFFFFF, self._measured[CHECKSUM]}:
                self._status[STATUS_A] |= CRC_BIT


def _home(register: int) -> tuple[int, int]:
    """Where a register's value is kept, and its width in bytes."""
    width = BYTES.get(register >> 8)
    if width is None:
        raise Misuse(f"register {register:03X}")
    return register + 0x100 if width == 3 and register != 0x2FF else register, width


def _signed(value: int) -> int:
    return value - SPAN if value >= SPAN // 2 else value
