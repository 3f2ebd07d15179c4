# SPDX-License-Identifier: Apache-2.0
"""PZEM-004T v3.0: one phase, no direction, no export. 16-bit registers; of 32-bit values the low word comes first.

It is silent without mains voltage. Nothing here can reset its energy (function 42) or calibrate it (41).
"""

from ...compat import const
from ..counters import WHOLE, Counting
from ..measurement import UWH, Measurement, Phase
from . import mains
from .frame import READ_INPUT, registers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...interfaces import ModbusLine

_ALL = b"\x00\x00\x00\x0a"
# Registers: voltage 0.1 V, current mA (2), power 0.1 W (2), energy Wh (2), frequency 0.1 Hz, power factor 0.01, alarm.
_VOLTAGE, _CURRENT, _POWER, _ENERGY = const(0), const(1), const(3), const(5)
_FREQUENCY, _FACTOR = const(7), const(8)
SPAN_WH = const(10000000)  # the display ends at 9999.99 kWh


class Pzem004t:
    """One module at `unit`; 248 addresses whichever is alone on its line."""

    def __init__(self, line: "ModbusLine", unit: int) -> None:
        self.counting = Counting(WHOLE, UWH, SPAN_WH * UWH)
        self._line = line
        self._unit = unit

    def read(self) -> Measurement:
        """All in one answer."""
        words = registers(self._line.request(self._unit, READ_INPUT, _ALL))
        frequency_mhz = words[_FREQUENCY] * 100
        mains.check(frequency_mhz)
        phase = Phase(
            words[_VOLTAGE] * 100,
            _double(words, _CURRENT),
            _double(words, _POWER) * 100,
            words[_FACTOR] * 10000,
        )
        return Measurement(_double(words, _ENERGY) * UWH, None, [phase], frequency_mhz)


def _double(words: "list[int]", at: int) -> int:
    return words[at + 1] << 16 | words[at]
