# SPDX-License-Identifier: Apache-2.0
"""What one read of a meter gives: the counters as the device has them, and what flows at that moment.

Positive power is import, from the grid to the load. A figure that a device does not have is None, never 0. Anything
out of range is a BusError: the device, the line or the settings are wrong, and nobody computes with it.
"""

from ..compat import const
from ..errors import BusError
from ..units import POWER_W_MAX, PPM, TOTAL_WH_MAX

UWH = const(1000000)  # in one Wh
VOLTAGE_MV_MAX = const(1000000)
CURRENT_MA_MAX = const(10000000)
FREQUENCY_MHZ_MIN = const(40000)
FREQUENCY_MHZ_MAX = const(70000)

PHASE_LOSS = const(1)  # a phase of several has no voltage
VOLTAGE_SAG = const(2)  # a phase is below 90 % of its nominal voltage (EN 50160)
CT_REVERSED = const(
    4
)  # a phase exports where nothing can: its current transformer sits the wrong way round
TAMPER = const(8)  # power without voltage: a voltage tap was cut
COUNTER_LOST = const(
    16
)  # the device started anew or overflowed: its counter does not continue the last one

_NO_VOLTAGE_PPM = const(100000)  # of the nominal voltage
_SAG_PPM = const(900000)
_NO_POWER_MW = const(10000)  # less is noise


class Phase:
    """One phase: RMS voltage and current, active power signed, power factor 0 to 1000000 ppm or None."""

    def __init__(
        self,
        voltage_mv: int,
        current_ma: int,
        power_mw: int,
        power_factor_ppm: "int | None" = None,
    ) -> None:
        """Raises BusError if a figure is out of range. The sign of a power factor means nothing and is dropped."""
        if power_factor_ppm is not None:
            power_factor_ppm = _within("power factor", abs(power_factor_ppm), 0, PPM + PPM // 100)
            power_factor_ppm = min(power_factor_ppm, PPM)  # devices round up
        self.voltage_mv = _within("voltage", voltage_mv, 0, VOLTAGE_MV_MAX)
        self.current_ma = _within("current", current_ma, 0, CURRENT_MA_MAX)
        self.power_mw = _within("power", power_mw, -POWER_W_MAX * 1000, POWER_W_MAX * 1000)
        self.power_factor_ppm = power_factor_ppm


class Measurement:
    """One read of a device; immutable by convention."""

    def __init__(
        self,
        import_uwh: int,
        export_uwh: "int | None",
        phases: "list[Phase]",
        frequency_mhz: "int | None",
        power_mw: "int | None" = None,
        flags: int = 0,
    ) -> None:
        """Counters in uWh: since they began, or since they were read last where reading clears them.

        `power_mw` is the device's own total; without one the phases' powers are added. `flags` are what the device
        itself reports. Raises BusError if a figure is out of range.
        """
        if not phases:
            raise ValueError("a measurement has at least one phase")
        counter_uwh_max = TOTAL_WH_MAX * UWH
        self.import_uwh = _within("import counter", import_uwh, 0, counter_uwh_max)
        self.export_uwh = export_uwh
        if export_uwh is not None:
            _within("export counter", export_uwh, 0, counter_uwh_max)
        if frequency_mhz:  # 0: all phases are lost
            _within("frequency", frequency_mhz, FREQUENCY_MHZ_MIN, FREQUENCY_MHZ_MAX)
        if power_mw is None:
            power_mw = sum([phase.power_mw for phase in phases])
        self.power_mw = _within("power", power_mw, -POWER_W_MAX * 1000, POWER_W_MAX * 1000)
        self.phases = phases
        self.frequency_mhz = frequency_mhz
        self.flags = flags

    def flags_at(self, site: "Site") -> int:
        """What the device reports, and what its figures show where it sits."""
        flags = self.flags
        for phase in self.phases:
            live = phase.voltage_mv * PPM >= site.nominal_mv * _NO_VOLTAGE_PPM
            if not live and abs(phase.power_mw) > _NO_POWER_MW:
                flags |= TAMPER
            elif not live and len(self.phases) > 1:
                flags |= PHASE_LOSS
            elif phase.voltage_mv * PPM < site.nominal_mv * _SAG_PPM:
                flags |= VOLTAGE_SAG
            if phase.power_mw < -_NO_POWER_MW and not site.exports:
                flags |= CT_REVERSED
        return flags


class Site:
    """Where a meter sits: the most that can flow in either direction, its phase voltage, whether anything feeds in."""

    def __init__(self, rated_w: int, nominal_mv: int, exports: bool) -> None:
        """ValueError if a figure cannot be."""
        if not 0 < rated_w <= POWER_W_MAX or not 0 < nominal_mv <= VOLTAGE_MV_MAX:
            raise ValueError("rated power or nominal voltage")
        self.rated_w = rated_w
        self.nominal_mv = nominal_mv
        self.exports = exports


def _within(name: str, value: int, low: int, high: int) -> int:
    """`value` if low <= value <= high; BusError otherwise."""
    if not low <= value <= high:
        raise BusError("%s out of range: %d" % (name, value))
    return value
