# SPDX-License-Identifier: Apache-2.0
"""What a board's figures mean in registers of an ATM90E32AS. Pure.

    {"line_hz": 50, "nominal_v": 230, "netting": 1,
     "a": {"voltage_gain": 7305, "current_gain": 27518, "current_factor": 1, ...}, "b": {...}, "c": {...}}

A phase that is not named is not wired. docs/metering.md says what each key means.
"""

from ...compat import const
from . import atm90e32_registers as reg
from .settings import check_keys, line_hz, whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .settings import Settings

PL_CONST = const(
    140625000
)  # 450e9 / 3200 imp/kWh: the chip's own default; an app note and a demo have others
COUNT_UWH = const(3125)  # 0.01 pulses at 3200 imp/kWh

_CHIP_KEYS = ("line_hz", "nominal_v", "netting", "rogowski", "a", "b", "c")
_PHASE_KEYS = (
    "voltage_gain",
    "current_gain",
    "current_factor",
    "pga",
    "voltage_offset",
    "current_offset",
    "power_offset",
    "reactive_offset",
    "power_gain",
    "phi",
    "reversed",
)
_NAMES = ("a", "b", "c")
_SAG_PERCENT = const(78)  # of the nominal voltage, Atmel 46103A
_LOSS_PERCENT = const(10)
_START = const(7500)  # 2.4 W in all
_START_PHASE = const(750)  # 0.24 W
_SAG_PEAK_PERIODS = const(0x143F)  # 20 ms for peaks, 63 ms for a sag


class PhaseSetup:
    """One wired phase: 0, 1, 2 for A, B, C."""

    def __init__(self, index: int, settings: "Settings") -> None:
        check_keys(settings, _PHASE_KEYS)
        self.index = index
        self.voltage_gain = whole(settings, "voltage_gain", 1, 0xFFFF)
        self.current_gain = whole(settings, "current_gain", 1, 0xFFFF)
        self.current_factor = whole(settings, "current_factor", 1, 16, 1)
        self.pga = whole(settings, "pga", 1, 4, 1)
        if self.pga == 3:
            raise ValueError("pga: 1, 2 or 4")
        self.reversed = whole(settings, "reversed", 0, 1, 0) == 1
        self.weight = -self.current_factor if self.reversed else self.current_factor
        self.phi = whole(settings, "phi", -255, 255, 0)
        self.power_gain = _s16(settings, "power_gain")
        self.power_offset = _s16(settings, "power_offset")
        self.reactive_offset = _s16(settings, "reactive_offset")
        self.voltage_offset = _s16(settings, "voltage_offset")
        self.current_offset = _s16(settings, "current_offset")

    def threshold(self, nominal_v: int, percent: int) -> int:
        """SagTh, PhaseLossTh: V x 100 x sqrt 2 / (2 x gain / 32768), all in one division, so that no gain gives 0."""
        return nominal_v * percent * 141421 * 32768 // (100000 * 2 * self.voltage_gain)


class Setup:
    """One chip.

    `registers` are (address, value) in the order in which they are written, without MeterEn. `energy` are the
    registers that are read, each with its weight: factor of its current transformer, negative for export.
    """

    def __init__(self, settings: "Settings") -> None:
        """ValueError names the key that is wrong."""
        check_keys(settings, _CHIP_KEYS)
        self.phases = [
            PhaseSetup(index, settings[name])
            for index, name in enumerate(_NAMES)
            if name in settings
        ]
        if not self.phases:
            raise ValueError("a, b, c: at least one phase is needed")
        self.netting = whole(settings, "netting", 0, 1, 1) == 1
        turned = [phase for phase in self.phases if phase.reversed]
        factors = [phase.current_factor for phase in self.phases]
        if self.netting and len(turned) not in (0, len(self.phases)):
            raise ValueError(
                "reversed: the chip nets phases, so turn that CT round, or set netting to 0"
            )
        if self.netting and min(factors) != max(factors):
            raise ValueError(
                "current_factor: the chip nets phases, so it is the same for all of them"
            )
        self.energy: "list[tuple[int, int]]" = []
        for phase in self.phases[:1] if self.netting else self.phases:
            at = 0 if self.netting else 1 + phase.index
            self.energy.append((reg.FORWARD + at, phase.weight))
            self.energy.append((reg.REVERSE + at, -phase.weight))
        self.line_hz = line_hz(settings)
        self.registers = self._registers(whole(settings, "nominal_v", 100, 400), settings)

    def _registers(self, nominal_v: int, settings: "Settings") -> "list[tuple[int, int]]":
        wired = 0
        gains = 0
        for phase in self.phases:
            wired |= 4 >> phase.index
            gains |= (phase.pga >> 1) << 2 * phase.index
        mode0 = reg.MODE_CF2_REACTIVE | wired
        if self.line_hz == 60:
            mode0 |= reg.MODE_60HZ
        if whole(settings, "rogowski", 0, 1, 0):
            mode0 |= reg.MODE_ROGOWSKI
        if wired == 5:
            mode0 |= reg.MODE_3P3W  # two legs on A and C: split phase
        # One threshold serves all phases: that of the least gain, with which no phase's sag is missed.
        low = [(reg.SAG_THRESHOLD, _SAG_PERCENT), (reg.LOSS_THRESHOLD, _LOSS_PERCENT)]
        written = [(reg.SAG_PEAK_DETECT, _SAG_PEAK_PERIODS)]
        for address, percent in low:
            threshold = max([phase.threshold(nominal_v, percent) for phase in self.phases])
            if threshold > 0xFFFF:
                raise ValueError("voltage_gain: too low for a nominal voltage of %d V" % nominal_v)
            written.append((address, threshold))
        written += [
            (reg.FREQUENCY_LOW, (self.line_hz - 3) * 100),
            (reg.FREQUENCY_HIGH, (self.line_hz + 3) * 100),
            (reg.PL_CONST_HIGH, PL_CONST >> 16),
            (reg.PL_CONST_LOW, PL_CONST & 0xFFFF),
            (reg.MODE0, mode0),
            (reg.MODE1, gains),
        ]
        for kind in range(3):
            written.append((reg.START_THRESHOLDS + kind, _START))
            written.append((reg.PHASE_THRESHOLDS + kind, _START_PHASE))
        for offset in range(6):
            written.append((reg.FUNDAMENTAL + offset, 0))
        for phase in self.phases:
            two, four = 2 * phase.index, 4 * phase.index
            phi = phase.phi if phase.phi >= 0 else 0x8000 - phase.phi
            written += [
                (reg.POWER_OFFSET + two, phase.power_offset),
                (reg.POWER_OFFSET + 1 + two, phase.reactive_offset),
                (reg.POWER_GAIN + two, phase.power_gain),
                (reg.PHI + two, phi),
                (reg.VOLTAGE_GAIN + four, phase.voltage_gain),
                (reg.CURRENT_GAIN + four, phase.current_gain),
                (reg.VOLTAGE_OFFSET + four, phase.voltage_offset),
                (reg.CURRENT_OFFSET + four, phase.current_offset),
            ]
        return written


def _s16(settings: "Settings", key: str) -> int:
    """Two's complement in 16 bits; 0 if there is none."""
    return whole(settings, key, -0x8000, 0x7FFF, 0) & 0xFFFF
