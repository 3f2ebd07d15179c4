# SPDX-License-Identifier: Apache-2.0
"""An ATM90E32AS on SPI, clock by clock as far as its data sheet tells, driven by modelled mains.

Stricter than the chip: only mode 3, nothing above 1.1 MHz, no register that the data sheet does not list (Misuse),
configuration only while it is open. `counted`, `destroyed` and `taken` tell a test what went into its energy registers,
what left them unread and what was read.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isqrt

from sim.world.electricity import Phase

from .atm90e32_map import (
    ACCESS,
    CONFIGURATION,
    CRC_DIGEST,
    CRC_ERROR,
    ENABLES,
    ENERGY,
    LAST_DATA,
    LATCHED,
    MEASURED,
    METER_EN,
    OPEN,
    RESET_KEY,
    SOFT_RESET,
    STATUS,
)
from .mains import Mains, Misuse

START_US = 40_000
SETTLE_US = 200_000
GOLDEN_US = 14_000
MODE = 3
HZ_MOST = 1_100_000
LAG_US = 10_000
"""Energy is brought up to date at most so late: a frame is shorter, and must cost a test little."""


@dataclass(frozen=True)
class Input:
    """A phase of the chip: the line it measures, and the gains with which it measures that rightly."""

    line: int
    voltage_gain: int = 0x8000
    current_gain: int = 0x8000
    reversed: bool = False
    """The CT sits the wrong way round."""


@dataclass
class Faults:
    """What is wrong from now on. Frames are named by their register; counts go down to 0 as they happen."""

    absent: bool = False
    """Nothing drives MISO."""
    undriven: int = 0x00
    """What MISO floats to."""
    spoiled_reads: dict[int, int] = field(default_factory=dict[int, int])
    """Answers with a turned bit on the way, each time another one."""
    lost_frames: dict[int, int] = field(default_factory=dict[int, int])
    """Frames of which the chip saw fewer than 16 clocks."""
    refused_writes: dict[int, int] = field(default_factory=dict[int, int])
    """Writes of which it saw fewer than 32 clocks."""
    dies_after: int | None = None
    """Frames until its supply fails."""
    resets_after: int | None = None
    """Frames until it starts anew."""
    saturates: bool = False
    """Its 16-bit energy registers stop at FFFF instead of beginning again at 0: the data sheet says neither."""


class Atm90e32Model:
    """One chip with three inputs; None for one that is not wired."""

    def __init__(
        self, mains: Mains, inputs: tuple[Input | None, Input | None, Input | None]
    ) -> None:
        self.mains = mains
        self.inputs = inputs
        self.faults = Faults()
        self.counted = dict.fromkeys(ENERGY, 0)
        self.destroyed = dict.fromkeys(ENERGY, 0)
        self.resets = 0
        self._energy = dict.fromkeys(ENERGY, 0)
        self._frame = bytearray()
        self._answer = 0
        self._spoils = 0
        self._deaf = self._unseen = False
        self._supplied = True
        self._start()

    def taken(self, register: int) -> int:
        """Counts of an energy register that somebody read."""
        return self.counted[register] - self.destroyed[register] - self._energy[register]

    # -- supply

    def power_off(self) -> None:
        """Its supply fails: what it counted and nobody read is gone."""
        self._catch_up(0)
        self._lose_energy()
        self._supplied = False

    def power_on(self) -> None:
        """The supply returns; it answers some time later."""
        self._supplied = True
        self._start()

    def reset(self) -> None:
        """Every register as after power-on, by itself or by command."""
        self._catch_up(0)
        self._lose_energy()
        self._start()

    def corrupt(self, register: int, value: int) -> None:
        """A configuration register turns into something else by itself."""
        self._config[register] = value

    def _lose_energy(self) -> None:
        for register in ENERGY:
            self.destroyed[register] += self._energy[register]
            self._energy[register] = 0

    def _start(self) -> None:
        self.resets += 1
        self._config = dict(CONFIGURATION)
        self._measured = dict.fromkeys(MEASURED, 0)
        self._latched = dict.fromkeys(LATCHED, 0)
        self._enables = dict.fromkeys(ENABLES, 0)
        self._status = dict.fromkeys(STATUS, 0)
        self._remainders = dict.fromkeys(range(20), 0)
        self._access = 0
        self._golden: tuple[int, ...] = ()
        self._closed_us = self._ready_us = self._at_us = self.mains.now_us
        self._ready_us += START_US
        self._enabled_us = 0
        self._shown_us = 0
        self._last = 0

    # -- the wires

    def selected(self, mode: int, hz: int) -> None:
        """A frame begins."""
        self._frame = bytearray()
        self._unseen = False
        self._deaf = mode != MODE or hz > HZ_MOST
        for fault, act in (("dies_after", self.power_off), ("resets_after", self.reset)):
            left: int | None = getattr(self.faults, fault)
            if left is not None:
                setattr(self.faults, fault, None if left == 0 else left - 1)
                if left == 0:
                    act()

    def exchanged(self, sent: int) -> int:
        """Address in the first two bytes, value in the next two."""
        self._frame.append(sent)
        if not self._answers() or self._unseen:
            return self.faults.undriven
        if self._deaf:
            return 0x5A ^ len(self._frame)
        register = int.from_bytes(self._frame[:2], "big") & 0x3FF
        if len(self._frame) == 2 and self._counts_down(self.faults.lost_frames, register):
            self._unseen = True
            return self.faults.undriven
        if len(self._frame) == 2 and self._frame[0] & 0x80:
            self._answer = self._read(register)
            if self._counts_down(self.faults.spoiled_reads, register):
                self._spoils += 1
                self._answer ^= 1 << self._spoils * 7 % 16
        if len(self._frame) in {3, 4} and self._frame[0] & 0x80:
            return self._answer >> 8 * (4 - len(self._frame)) & 0xFF
        return 0

    def released(self) -> None:
        """A write happens here, if it had exactly 32 clocks."""
        frame, self._frame = self._frame, bytearray()
        if not self._answers() or self._deaf or self._unseen or len(frame) != 4 or frame[0] & 0x80:
            return
        register = int.from_bytes(frame[:2], "big") & 0x3FF
        if not self._counts_down(self.faults.refused_writes, register):
            self._write(register, int.from_bytes(frame[2:], "big"))

    def _answers(self) -> bool:
        present = self._supplied and not self.faults.absent
        return present and self.mains.now_us >= self._ready_us

    @staticmethod
    def _counts_down(fault: dict[int, int], register: int) -> bool:
        left = fault.get(register, 0)
        fault[register] = max(left - 1, 0)
        return left > 0

    # -- registers

    def _read(self, register: int) -> int:
        """Its value; LastSPIData keeps it before a register that clears is cleared."""
        self._catch_up(LAG_US)
        if register == LAST_DATA:
            return self._last
        value = self._value(register)
        self._last = value
        if register in self._energy:
            self._energy[register] = 0
        return value

    def _value(self, register: int) -> int:
        for known in (
            self._config,
            self._energy,
            self._measured,
            self._status,
            self._latched,
            self._enables,
        ):
            if register in known:
                return known[register]
        if register == ACCESS:
            return self._access
        if register == SOFT_RESET:
            return 0
        if register == CRC_DIGEST:
            return sum(self._golden) * 0x1021 & 0xFFFF
        if register == CRC_ERROR:
            return int(self._golden != () and self._golden != tuple(self._config.values()))
        raise Misuse(f"read of register {register:03X}, which the data sheet does not list")

    def _write(self, register: int, value: int) -> None:
        self._catch_up(0)
        self._last = value
        if register == SOFT_RESET:
            if value == RESET_KEY:
                self.reset()
        elif register == ACCESS:
            self._access = value
            self._golden = ()
            self._closed_us = self.mains.now_us
        elif register in self._config:
            if self._access == OPEN:
                if register == METER_EN and not self._config[METER_EN]:
                    self._enabled_us = self.mains.now_us
                self._config[register] = value
        elif register in self._latched:
            self._latched[register] &= ~value
        elif register in self._enables:
            self._enables[register] = value
        else:
            raise Misuse(f"write to register {register:03X}")

    # -- measuring

    def _catch_up(self, lag_us: int) -> None:
        """Count what flowed, and show what is measured every 16 cycles of the mains."""
        now_us = self.mains.now_us
        if now_us - self._at_us <= lag_us or not self._supplied:
            return
        closed = self._access != OPEN and now_us - self._closed_us >= GOLDEN_US
        if closed and not self._golden:
            self._golden = tuple(self._config.values())
        if self._config[METER_EN] & 0xFF:
            for length_us, lines in self.mains.steps(self._at_us):
                self._count(length_us, lines)
            period_us = 16_000_000_000 // self.mains.frequency_mhz
            if now_us // period_us != self._shown_us // period_us:
                self._shown_us = now_us
                if now_us - self._enabled_us >= SETTLE_US:
                    self._show(self.mains.phases(now_us - now_us % period_us))
        self._at_us = now_us

    def _powers(self, lines: Sequence[Phase]) -> list[tuple[int, int, int]]:
        """(P mW, Q mvar, S mVA) of A, B, C as its gains make them."""
        powers: list[tuple[int, int, int]] = []
        for phase, wired in enumerate(self.inputs):
            if wired is None:
                powers.append((0, 0, 0))
                continue
            line = lines[wired.line]
            up = self._config[0x61 + 4 * phase] * self._config[0x62 + 4 * phase] * self._pga(phase)
            down = wired.voltage_gain * wired.current_gain
            sign = -1 if wired.reversed else 1
            # The filters of the other line frequency are wrong here; by how much no data sheet says.
            if (self.mains.frequency_mhz > 55_000) != bool(self._config[0x33] >> 12 & 1):
                up, down = up * 97, down * 100
            active, reactive = (
                sign * line.power_mw * up // down,
                sign * line.reactive_mvar * up // down,
            )
            loaded = (abs(active) + abs(reactive)) * 25 > self._config[0x38] * 8
            apparent = isqrt(active**2 + reactive**2)
            powers.append((active, reactive, apparent) if loaded else (0, 0, 0))
        return powers

    def _pga(self, phase: int) -> int:
        return 1 << (self._config[0x34] >> 2 * phase & 3)

    def _total(self, powers: list[tuple[int, int, int]]) -> tuple[int, int, int]:
        mode = self._config[0x33]
        taking_part = [powers[phase] for phase in range(3) if mode >> 2 - phase & 1]
        active = sum(abs(each[0]) if mode & 8 else each[0] for each in taking_part)
        reactive = sum(abs(each[1]) if mode & 16 else each[1] for each in taking_part)
        if abs(active) * 25 <= self._config[0x35] * 8:
            active = 0
        return active, reactive, sum(each[2] for each in taking_part)

    def _count(self, length_us: int, lines: Sequence[Phase]) -> None:
        powers = self._powers(lines)
        step_nj = (self._config[0x31] << 16 | self._config[0x32]) * 80
        for phase, (active, reactive, apparent) in enumerate([self._total(powers), *powers]):
            for kind, power in ((0, active), (8, reactive), (16, apparent)):
                remainder = self._remainders[kind + phase] + power * length_us
                counts = abs(remainder) // step_nj
                if counts:
                    self._add(0x80 + kind + phase + (4 if remainder < 0 else 0), counts)
                    remainder -= counts * step_nj if remainder > 0 else -counts * step_nj
                self._remainders[kind + phase] = remainder

    def _add(self, register: int, counts: int) -> None:
        total = self._energy[register] + counts
        kept = min(total, 0xFFFF) if self.faults.saturates else total & 0xFFFF
        self.counted[register] += counts
        self.destroyed[register] += total - kept
        self._energy[register] = kept

    def _show(self, lines: Sequence[Phase]) -> None:
        powers = self._powers(lines)
        for phase, figures in enumerate([self._total(powers), *powers]):
            for kind, figure in enumerate(figures):
                raw = figure * 25 // 8 & 0xFFFFFFFF
                self._measured[0xB0 + 4 * kind + phase] = raw >> 16
                self._measured[0xC0 + 4 * kind + phase] = raw & 0xFFFF
            active, _, apparent = figures
            share = abs(active) * 1_000 // apparent if apparent else 0
            self._measured[0xBC + phase] = (share if active >= 0 else -share) & 0xFFFF
        state1 = 0
        alive = False
        for phase, wired in enumerate(self.inputs):
            line = lines[wired.line] if wired else Phase(0)
            gain = self._config[0x61 + 4 * phase]
            voltage = line.voltage_mv * gain // ((wired.voltage_gain if wired else 1) * 10)
            current = line.current_ma * self._config[0x62 + 4 * phase] * self._pga(phase)
            current //= wired.current_gain if wired else 1
            self._measured[0xD9 + phase] = min(voltage, 0xFFFF)
            self._measured[0xDD + phase] = min(current, 0xFFFF)
            state1 |= 1 << 14 - phase if self._below(voltage, gain, 0x08) else 0
            lost = self._below(voltage, gain, 0x09)
            state1 |= 1 << 10 - phase if lost else 0
            alive = alive or not lost
            state1 |= 1 << 2 - phase if powers[phase][0] < 0 else 0
        state1 |= 8 if self._total(powers)[0] < 0 else 0
        frequency = self.mains.frequency_mhz // 10 if alive else 0
        state1 |= 0x8000 if frequency > self._config[0x0D] else 0
        state1 |= 0x0800 if frequency < self._config[0x0C] else 0
        self._measured[0xF8] = frequency
        self._measured[0xFC] = 25
        self._latched[0x74] |= state1 & ~self._status[0x72]
        self._status[0x72] = state1

    def _below(self, voltage: int, gain: int, threshold: int) -> bool:
        """Peak against xxTh = V x 100 x sqrt 2 / (2 x Ugain / 32768)."""
        return 2 * (voltage * 0x8000) ** 2 < (2 * self._config[threshold] * gain) ** 2
