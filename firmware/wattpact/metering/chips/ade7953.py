# SPDX-License-Identifier: Apache-2.0
"""An ADE7953 on SPI or I2C, of which one current channel measures the connection.

Its energy register is signed, 24 bits wide, and is made to go on counting when it is read (RSTREAD off): so a lost
transfer loses nothing and a second reader takes nothing away. What it advanced is split here by its sign; what flowed
both ways between two reads has cancelled out in the chip. A register counts only after two reads agree.
"""

from ...compat import const
from ...errors import BusError
from ..counters import CLEARED, Counting
from ..measurement import COUNTER_LOST, Measurement, Phase
from . import ade7953_registers as reg
from .settings import check_keys, whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ...interfaces import RegisterBus
    from .ade7953_registers import Place
    from .settings import Settings

TRIES = const(4)
START_MS = const(100)
CHECKSUM_MS = const(20)
AGREE_COUNTS = const(256)  # 40 kW count no more within a millisecond

_KWH_UWH = const(1000000000)
_PERIOD_MHZ = const(223750000)
_KEYS = (
    "channel",
    "voltage_counts_per_v",
    "current_counts_per_a",
    "power_counts_per_kw",
    "energy_counts_per_kwh",
    "pga_voltage",
    "pga_current",
    "voltage_gain",
    "current_gain",
    "power_gain",
    "phase_delay",
    "reversed",
)
_GAIN_LOW, _GAIN_HIGH = const(0x200000), const(0x600000)

SILENT = "no chip answers: check supply, wires, and that the bus was the one it heard first"


class Ade7953:
    """A MeterDriver over one chip: what it gives is an advance, as if reading cleared. BusError says what to check."""

    def __init__(
        self, bus: "RegisterBus", settings: "Settings", sleep_ms: "Callable[[int], None]"
    ) -> None:
        """ValueError names the key of `settings` that is wrong (docs/metering.md has them). Touches nothing yet."""
        check_keys(settings, _KEYS)
        self._bus = bus
        self._sleep_ms = sleep_ms
        self._channel = channel = whole(settings, "channel", 0, 1)
        self._per_v = whole(settings, "voltage_counts_per_v", 1000, 1 << 23)
        self._per_a = whole(settings, "current_counts_per_a", 1000, 1 << 23)
        self._per_kw = whole(settings, "power_counts_per_kw", 1000, 1 << 23)
        self._per_kwh = whole(settings, "energy_counts_per_kwh", 100000, 1 << 30)
        self._sign = -1 if whole(settings, "reversed", 0, 1, 0) else 1
        self._registers = _registers(settings, channel)
        span_uwh = (reg.ENERGY_SPAN >> 1) * _KWH_UWH // self._per_kwh
        self.counting = Counting(CLEARED, _KWH_UWH // self._per_kwh + 1, span_uwh)
        self._started = False
        self._checksum = -1
        self._flags = 0
        self._last = 0
        self._parts = [0, 0]  # imported, exported, in uWh / counts per kWh

    def read(self) -> Measurement:
        """Energy since the last measurement, and what flows now. What a BusError interrupts is in the next one."""
        self._make_run()
        counts = self._read_energy()
        phase = self._read_phase()
        frequency_mhz = _PERIOD_MHZ // (self._read(reg.PERIOD) + 1)
        if not self._runs():
            raise fault("it lost its settings while it was read: check its supply")
        advance = _signed(counts - self._last) * self._sign
        self._last = counts
        self._parts[0 if advance > 0 else 1] += abs(advance) * _KWH_UWH
        imported_uwh, exported_uwh = [part // self._per_kwh for part in self._parts]
        measurement = Measurement(
            imported_uwh, exported_uwh, [phase], frequency_mhz, None, self._flags
        )
        self._parts = [part % self._per_kwh for part in self._parts]
        self._flags = 0
        return measurement

    # -- setting up

    def _make_run(self) -> None:
        """Set it up at the start, and again when it lost its settings: then its counter began anew."""
        if self._started and self._runs():
            return
        if self._started:
            self._flags |= COUNTER_LOST
        self._started = False
        self._set_up()
        self._last = self._read_energy()
        self._started = True

    def _set_up(self) -> None:
        self._sleep_ms(START_MS)
        self._checksum = -1
        try:
            self._write_once(reg.WRITE_PROTECT, 0)
            self._write(reg.CONFIG, reg.CONFIG_VALUE)
        except BusError:
            raise fault(SILENT)
        for _ in range(TRIES):
            self._write_once(reg.UNLOCK, reg.UNLOCK_KEY)
            self._write_once(reg.OPTIMUM, reg.OPTIMUM_VALUE)  # nothing may come between the two
            if self._read(reg.OPTIMUM) == reg.OPTIMUM_VALUE:
                break
        else:
            raise fault("register 120 cannot be written: check wires and clock")
        for place, value in self._registers:
            self._write(place, value)
        self._write(reg.WRITE_PROTECT, reg.PROTECT_ALL)
        self._sleep_ms(CHECKSUM_MS)
        for place, value in self._registers:
            if self._read(place) != value:
                raise fault("it does not keep its settings: check its supply")
        self._checksum = self._read_checksum()

    def _runs(self) -> bool:
        """Whether it meters as it was set up; BusError if it does not answer."""
        for _ in range(TRIES):
            config = self._read(reg.CONFIG)
            if config == reg.CONFIG_RESET:
                return False
            if config == reg.CONFIG_VALUE and self._read(reg.OPTIMUM) == reg.OPTIMUM_VALUE:
                return self._read_checksum() == self._checksum
        if self._read(reg.OPTIMUM) == reg.OPTIMUM_VALUE:
            return False
        raise fault(SILENT)

    def _read_checksum(self) -> int:
        """What two reads in a row say; it is ready again after 143 us."""
        before = -1
        for _ in range(TRIES):
            after = self._read(reg.CHECKSUM)
            if after in (before, self._checksum):
                return after
            before = after
            self._sleep_ms(1)
        raise fault("register 37F reads differently each time: check wires and clock")

    # -- transfers

    def _read(self, place: "Place") -> int:
        return self._bus.read(place[0], place[1])

    def _write_once(self, place: "Place", value: int) -> None:
        self._bus.write(place[0], place[1], value)

    def _write(self, place: "Place", value: int) -> None:
        for _ in range(TRIES):
            self._write_once(place, value)
            if self._read(place) == value:
                return
        raise fault("register %03X cannot be written: check wires and clock" % place[0])

    def _read_energy(self) -> int:
        """The later of two reads in a row that say about the same: nothing else tells a turned bit."""
        place = _of(reg.ENERGY_A, self._channel)
        before = self._read(place)
        for _ in range(TRIES):
            after = self._read(place)
            if abs(_signed(after - before)) < AGREE_COUNTS:
                return after
            before = after
        raise fault("register 21E reads differently each time: check wires and clock")

    def _read_phase(self) -> Phase:
        power = _signed(self._read(_of(reg.POWER_A, self._channel)))
        apparent = abs(_signed(self._read(_of(reg.APPARENT_A, self._channel))))
        factor_ppm = min(abs(power) * 1000000 // apparent, 1000000) if apparent else None
        return Phase(
            self._read(reg.VOLTAGE) * 1000 // self._per_v,
            self._read(_of(reg.CURRENT_A, self._channel)) * 1000 // self._per_a,
            power * self._sign * 1000000 // self._per_kw,
            factor_ppm,  # not PFA: that takes its sign from the reactive energy
        )


def _registers(settings: "Settings", channel: int) -> "list[tuple[Place, int]]":
    """What is written and read back, in this order."""
    pga = whole(settings, "pga_current", 0, 4 if channel else 5, 0)
    delay = whole(settings, "phase_delay", -383, 383, 0)
    gains = [
        whole(settings, key, _GAIN_LOW, _GAIN_HIGH, reg.UNITY)
        for key in ("voltage_gain", "current_gain", "power_gain")
    ]
    return [
        (reg.LINE_CYCLE_MODE, reg.KEEP_ON_READ),
        (reg.ACCUMULATION, reg.SIGNED_ENERGY),
        (reg.PGA_VOLTAGE, whole(settings, "pga_voltage", 0, 4, 0)),
        (reg.PGA_CURRENT_B if channel else reg.PGA_CURRENT_A, pga),
        (
            reg.PHASE_DELAY_B if channel else reg.PHASE_DELAY_A,
            delay if delay >= 0 else reg.SIGN_OF_DELAY - delay,
        ),
        (reg.VOLTAGE_GAIN, gains[0]),
        (reg.CURRENT_GAIN_B if channel else reg.CURRENT_GAIN_A, gains[1]),
        (reg.POWER_GAIN_B if channel else reg.POWER_GAIN_A, gains[2]),
    ]


def _of(place: "Place", channel: int) -> "Place":
    return place[0] + channel, place[1]


def _signed(value: int) -> int:
    """Two's complement of 24 bits, and what lies between two counters that wrap there."""
    return ((value + (1 << 23)) & 0xFFFFFF) - (1 << 23)


def fault(text: str) -> BusError:
    """The error that leaves this driver."""
    return BusError("ADE7953: " + text)
