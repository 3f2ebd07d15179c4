# SPDX-License-Identifier: Apache-2.0
"""Hiking DDS238-2 ZN/S: one phase, both directions, in one of two maps that only their sums tell apart.

16-bit registers; of 32-bit values the high word comes first.
"""

from ...compat import const
from ...errors import BusError
from ..counters import WHOLE, Counting
from ..measurement import UWH, Measurement, Phase
from . import mains
from .frame import READ_HOLDING, registers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...interfaces import ModbusLine

# Registers: total energy (2) and, by map, export and import (2 each) in 0.01 kWh; voltage 0.1 V, current 0.01 A,
# power W (signed), reactive power, power factor 0.001, frequency 0.01 Hz.
MAP_1 = (0x04, 0x06)
MAP_2 = (0x08, 0x0A)
_ALL = b"\x00\x00\x00\x12"
_TOTAL = const(0x00)
_VOLTAGE, _CURRENT, _POWER, _FACTOR, _FREQUENCY = 0x0C, 0x0D, 0x0E, 0x10, 0x11
_STEP_WH = const(10)


class Dds238:
    """One meter at `unit`; `energy` is MAP_1 or MAP_2."""

    def __init__(self, line: "ModbusLine", unit: int, energy: "tuple[int, int]") -> None:
        self.counting = Counting(WHOLE, _STEP_WH * UWH)
        self._line = line
        self._unit = unit
        self._export, self._import = energy

    def read(self) -> Measurement:
        """All in one answer. BusError if the total is not the sum of both: then it is the other map."""
        words = registers(self._line.request(self._unit, READ_HOLDING, _ALL))
        frequency_mhz = words[_FREQUENCY] * 10
        mains.check(frequency_mhz)
        imported, exported = _double(words, self._import), _double(words, self._export)
        if abs(_double(words, _TOTAL) - imported - exported) > 1:
            raise BusError("total is not import plus export: is it the other map?")
        power_w = words[_POWER] - (words[_POWER] >> 15 << 16)
        phase = Phase(
            words[_VOLTAGE] * 100, words[_CURRENT] * 10, power_w * 1000, words[_FACTOR] * 1000
        )
        step_uwh = self.counting.step_uwh
        return Measurement(imported * step_uwh, exported * step_uwh, [phase], frequency_mhz)


def _double(words: "list[int]", at: int) -> int:
    return words[at] << 16 | words[at + 1]
