# SPDX-License-Identifier: Apache-2.0
"""The check at installation: does the energy that a meter counts agree with the power that it shows?

A wrong register, factor, transformer ratio or gain shows here, and a transformer that is reversed or not on the
conductor of its voltage. It wants a steady load without motors; what comes and goes between two polls is in the energy
and not in the power.
"""

from ..compat import const
from ..units import HOUR_S, PPM
from .counters import CLEARED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .counters import Counting
    from .measurement import Measurement, Phase

STEPS_LEAST = const(20)  # so that a step is a twentieth of what is compared
AGREE_PPM = const(60000)  # a step at either end, and 1 % of meter and integration

LOAD_MW = const(200000)  # of a phase, so that its direction and its power factor mean something
FACTOR_PPM = const(700000)  # a transformer on the next conductor makes 0.5 of a heater

PENDING = const(0)
AGREES = const(1)
DIFFERS = const(2)


class SelfCheck:
    """Fed with measurements under a load that only draws; `verdict` says PENDING, AGREES or DIFFERS, and why."""

    def __init__(self, counting: "Counting") -> None:
        self._counting = counting
        self._first_uwh = 0
        self._cleared_uwh = 0
        self._power_nj = 0  # mW x ms x 1000
        self._last: "tuple[int, Measurement] | None" = None
        self._wrong = ""

    def take(self, now_ms: int, measurement: "Measurement") -> None:
        """One measurement; `now_ms` from any clock that only grows. Power in between is taken as a straight line."""
        if self._last is None:
            self._first_uwh = measurement.import_uwh
        else:
            before_ms, before = self._last
            both_mw = before.power_mw + measurement.power_mw
            self._power_nj += both_mw * (now_ms - before_ms) * 1000 // 2
            self._cleared_uwh += measurement.import_uwh
        for at, phase in enumerate(measurement.phases):
            if not self._wrong:
                self._wrong = _wrong_phase(at + 1, phase)
        self._last = (now_ms, measurement)

    def counted_uwh(self) -> int:
        """What the meter counted since the first measurement."""
        if self._last is None:
            return 0
        if self._counting.kind == CLEARED:
            return self._cleared_uwh
        return self._last[1].import_uwh - self._first_uwh

    def integrated_uwh(self) -> int:
        """What its power adds up to in that time."""
        return self._power_nj // (HOUR_S * 1000)

    def verdict(self) -> "tuple[int, str]":
        """And what it means for whoever installs it."""
        counted, integrated = self.counted_uwh(), self.integrated_uwh()
        least = STEPS_LEAST * self._counting.step_uwh
        if integrated <= -least:
            return DIFFERS, "power is negative under a load: a current transformer is reversed"
        if integrated < least and counted < least:
            return PENDING, "%d of %d Wh" % (integrated // 1000000, -(-least // 1000000))
        told = "energy says %d Wh, power %d Wh" % (counted // 1000000, integrated // 1000000)
        if abs(counted - integrated) * PPM > AGREE_PPM * max(counted, integrated):
            return (
                DIFFERS,
                told + ": wrong meter type, ratio or calibration, or somebody else reads it",
            )
        if self._wrong:
            return DIFFERS, self._wrong
        return AGREES, told


def _wrong_phase(number: int, phase: "Phase") -> str:
    """What its figures say of the transformer of a phase, or ""."""
    if phase.power_mw < -LOAD_MW:
        return "L%d: power is negative under a load: its current transformer is reversed" % number
    factor_ppm = phase.power_factor_ppm
    if phase.power_mw > LOAD_MW and factor_ppm is not None and factor_ppm < FACTOR_PPM:
        told = (
            "L%d: power factor %d %%: is its current transformer on the conductor of its voltage?"
        )
        return told % (number, factor_ppm * 100 // PPM)
    return ""
