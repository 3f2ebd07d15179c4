# SPDX-License-Identifier: Apache-2.0
"""An ATM90E32AS: set up, watched for resets, read without losing what reading clears.

Reading an energy register clears it, and the wires carry no checksum. So what came is compared with LastSPIData, the
chip's own memory of its last transfer; before that a register of a known value is read, so that a frame which never
arrived is told from one whose answer was spoiled. What was taken stays here until a measurement leaves with it.
"""

from ...compat import const
from ...errors import BusError
from ..counters import CLEARED, Counting
from ..measurement import COUNTER_LOST, PHASE_LOSS, VOLTAGE_SAG, Measurement, Phase
from . import atm90e32_registers as reg
from .atm90e32_setup import COUNT_UWH, PL_CONST, Setup

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ...interfaces import RegisterBus
    from .atm90e32_setup import PhaseSetup
    from .settings import Settings

TRIES = const(4)
AGREED = const(3)
COUNTS_SAFE = const(60000)  # of 65535: what the chip does beyond them nobody says
RESET_MS = const(50)  # T1 is 40 at most
SETTLE_MS = const(500)
APART_MHZ = const(5000)

_MARKER = PL_CONST & 0xFFFF  # in PL_CONST_LOW, before a reset and after it
_FLOATING = const(0xFFFF)  # what no chip drives; as a count it is beyond COUNTS_SAFE
_UNKNOWN, _NOT_ARRIVED = const(-1), const(-2)

SILENT = "no chip answers: check supply, select pin, wires, SPI mode 3, at most 1 MHz"


class Atm90e32:
    """A MeterDriver over one chip. BusError says what to check."""

    def __init__(
        self, bus: "RegisterBus", settings: "Settings", sleep_ms: "Callable[[int], None]"
    ) -> None:
        """ValueError if `settings` are wrong (atm90e32_setup.py). Touches nothing yet."""
        self._bus = bus
        self._setup = Setup(settings)
        self._sleep_ms = sleep_ms
        factors = [abs(weight) for _, weight in self._setup.energy]
        span_uwh = COUNTS_SAFE * COUNT_UWH * min(factors)
        self.counting = Counting(CLEARED, COUNT_UWH * max(factors), span_uwh)
        self._started = False
        self._flags = 0
        self._imported = 0
        self._exported = 0

    def read(self) -> Measurement:
        """Energy since the last measurement, and what flows now. What a BusError interrupts is in the next one."""
        self._make_run()
        for register, weight in self._setup.energy:
            counts = self._take(register) * weight
            self._imported += max(counts, 0)
            self._exported -= min(counts, 0)
        flags = self._read_flags()
        phases = [self._read_phase(phase) for phase in self._setup.phases]
        frequency_mhz = self._read_frequency()
        if not self._runs():
            raise fault("it lost its settings while it was read: check its supply")
        measurement = Measurement(
            self._imported * COUNT_UWH,
            self._exported * COUNT_UWH,
            phases,
            frequency_mhz,
            None,
            flags | self._flags,
        )
        self._imported = self._exported = self._flags = 0
        return measurement

    # -- setting up

    def _make_run(self) -> None:
        """Set it up where that is needed. One that runs as it should goes on: it may hold what flowed meanwhile."""
        if not self._started:
            if not (self._as_set_up() and self._runs()):
                self._set_up()
            self._started = True
        elif not self._runs():
            self._flags |= COUNTER_LOST
            self._started = False
            self._set_up()
            self._started = True

    def _set_up(self) -> None:
        """MeterEn is the last to be written: until then nobody takes a half-made chip for a whole one.

        One that hears and is not heard is left alone: a reset would cost what it counted.
        """
        if not self._speaks():
            raise fault(SILENT)
        self._bus.write(reg.SOFT_RESET, reg.WIDTH, reg.RESET_KEY)
        self._sleep_ms(RESET_MS)
        self._write(reg.ACCESS, reg.OPEN)
        for register, value in self._setup.registers:
            self._write(register, value)
        self._write(reg.METER_EN, 1)
        self._write(reg.ACCESS, reg.CLOSED)
        if not self._as_set_up():
            raise fault("it does not keep its settings: check its supply")
        self._sleep_ms(SETTLE_MS)
        for register, _ in self._setup.energy:
            self._read(register)  # what it counted while it settled

    def _as_set_up(self) -> bool:
        for register, value in self._setup.registers + [(reg.ACCESS, reg.CLOSED)]:
            if self._read(register) != value and self._read(register) != value:
                return False
        return True

    def _answers(self) -> bool:
        """Whether the marker can be read."""
        return self._read(reg.PL_CONST_LOW) == _MARKER

    def _speaks(self) -> bool:
        """Whether a chip is there at all, in whatever state: this register nobody writes."""
        for _ in range(TRIES):
            if self._read(reg.CHANNEL_MAP) == reg.CHANNEL_MAP_VALUE:
                return True
        return False

    def _runs(self) -> bool:
        """Whether it meters as it was set up; BusError if it does not answer. After a reset MeterEn is 0."""
        for _ in range(TRIES):
            enabled = self._read(reg.METER_EN)
            if self._answers() and enabled in (0, 1):
                spoiled = self._read(reg.CRC_ERROR) and self._read(reg.CRC_ERROR)
                return enabled == 1 and not spoiled
        if self._speaks():
            return False
        raise fault(SILENT)

    # -- transfers

    def _read(self, register: int) -> int:
        return self._bus.read(register, reg.WIDTH)

    def _write(self, register: int, value: int) -> None:
        """Write until LastSPIData holds what was written."""
        for _ in range(TRIES):
            self._bus.write(register, reg.WIDTH, value)
            if self._read(reg.LAST_DATA) == value:
                return
        raise fault("register %02X cannot be written: check wires and clock" % register)

    def _take(self, register: int) -> int:
        """The counts that this read cleared; none if that cannot be known, and then the measurement says so."""
        for _ in range(TRIES):
            if not self._answers():
                continue  # disturbed, or no chip: nothing was cleared
            try:
                value = self._cleared(register)
            except BusError:
                self._flags |= COUNTER_LOST
                raise
            if value == _NOT_ARRIVED:
                continue
            if not 0 <= value < COUNTS_SAFE:
                self._flags |= COUNTER_LOST
            return max(value, 0)
        raise fault("energy cannot be read: check wires and clock")

    def _cleared(self, register: int) -> int:
        """What reading an energy register cleared; _NOT_ARRIVED if it did not, _UNKNOWN if nobody knows."""
        value = self._read(register)
        if self._read(reg.LAST_DATA) != value:
            value = self._agreed_last()
            if value == _MARKER:
                return _NOT_ARRIVED
        if value == _FLOATING:
            return _UNKNOWN
        for _ in range(TRIES):
            if self._answers():
                return value
        return _UNKNOWN  # a chip that died on the way

    def _agreed_last(self) -> int:
        """What LastSPIData says three times in a row; _UNKNOWN if it does not. Two frames that are lost look alike."""
        held = agreed = 0
        for _ in range(2 * TRIES):
            again = self._read(reg.LAST_DATA)
            agreed = agreed + 1 if again == held else 1
            held = again
            if agreed == AGREED:
                return held
        return _UNKNOWN

    # -- what flows

    def _read_flags(self) -> int:
        """Loss as it is, sags as they were since the last time: the chip sees those that last 63 ms."""
        state = self._read(reg.STATE1)
        latched = self._read(reg.INT_STATE1)
        if latched:
            self._bus.write(reg.INT_STATE1, reg.WIDTH, latched)
        flags = 0
        for phase in self._setup.phases:
            if state >> reg.LOSS_A - phase.index & 1:
                flags |= PHASE_LOSS
            elif (latched | state) >> reg.SAG_A - phase.index & 1:
                flags |= VOLTAGE_SAG
        return flags

    def _read_frequency(self) -> int:
        """In mHz, 0 if all phases are lost. The chip's filters fit one frequency: at the other it measures wrongly."""
        frequency_mhz = self._read(reg.FREQUENCY) * 10
        if frequency_mhz and abs(frequency_mhz - self._setup.line_hz * 1000) > APART_MHZ:
            told = "the mains have %d mHz: check line_hz in the board's file"
            raise fault(told % frequency_mhz)
        return frequency_mhz

    def _read_phase(self, phase: "PhaseSetup") -> Phase:
        at = phase.index
        return Phase(
            self._read(reg.VOLTAGE + at) * 10,
            self._read(reg.CURRENT + at) * phase.current_factor,
            self._read_power(1 + at) * phase.weight * 8 // 25,
            _signed(self._read(reg.POWER_FACTOR + 1 + at), 16) * 1000,
        )

    def _read_power(self, at: int) -> int:
        """In 0.32 mW. Two registers, and between them the chip may show new figures."""
        for _ in range(TRIES):
            high = self._read(reg.POWER_HIGH + at)
            low = self._read(reg.POWER_LOW + at)
            if self._read(reg.POWER_HIGH + at) == high:
                return _signed(high << 16 | low, 32)
        raise fault("power changes while it is read: check wires and clock")


def _signed(value: int, bits: int) -> int:
    """Two's complement."""
    return value - (1 << bits) if value >> bits - 1 else value


def fault(text: str) -> BusError:
    """The error that leaves this driver."""
    return BusError("ATM90E32: " + text)
