# SPDX-License-Identifier: Apache-2.0
"""Meters that give everything as float32: Eastron SDM, Chint DTSU666 and DDSU666, each with its layout."""

from ...compat import const
from ...errors import BusError
from ..counters import FLOAT, Counting
from ..measurement import UWH, Measurement, Phase
from . import mains
from .float32 import scaled
from .frame import registers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...interfaces import ModbusLine
    from .layouts import Layout

KWH_WH = const(1000)
STEP_WH = const(10)
_RATIOS = (1, 10)  # current 1, voltage 1.0


class FloatMeter:
    """One meter at `unit` of a line. Its energy steps by 1 or 10 Wh, as its display does: it is rounded to whole Wh."""

    def __init__(self, line: "ModbusLine", unit: int, layout: "Layout") -> None:
        self.counting = Counting(FLOAT, STEP_WH * UWH)
        self._line = line
        self._unit = unit
        self._layout = layout
        self._floats: "dict[int, int]" = {}

    def read(self) -> Measurement:
        """Import and export come in one answer where their registers are neighbours."""
        layout = self._layout
        self._check_ratios()
        for address, count in layout.blocks:
            words = self._words(address, count)
            for at in range(0, count, 2):
                self._floats[address + at] = words[at] << 16 | words[at + 1]
        frequency_mhz = self._value(layout.frequency, layout.frequency_scale)
        mains.check(frequency_mhz)
        phases = [
            Phase(
                self._value(voltage, layout.voltage_scale),
                abs(self._value(current, layout.current_scale)),  # some give it the power's sign
                self._value(power, layout.power_scale),
                self._value(factor, layout.factor_scale),
            )
            for voltage, current, power, factor in layout.phases
        ]
        return Measurement(
            self._value(layout.energy[0], KWH_WH) * UWH,
            self._value(layout.energy[1], KWH_WH) * UWH,
            phases,
            frequency_mhz,
            self._value(layout.power, layout.power_scale),
        )

    def _words(self, address: int, count: int) -> "list[int]":
        body = bytes((address >> 8, address & 0xFF, 0, count))
        return registers(self._line.request(self._unit, self._layout.function, body))

    def _value(self, address: int, scale: int) -> int:
        return scaled(self._floats[address], scale)

    def _check_ratios(self) -> None:
        """Whether energy includes them no manual says, so that only meters without them are read."""
        if self._layout.ratios:
            found = tuple(self._words(*self._layout.ratios))
            if found != _RATIOS:
                raise BusError("transformer ratios are %d and %d tenths, not 1" % found)
