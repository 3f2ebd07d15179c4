# SPDX-License-Identifier: Apache-2.0
"""Register maps: what each type documents, computed from the electricity at the moment it is asked.

Written from the makers' tables, apart from the drivers' layouts. Energy is truncated to what the display shows.
"""

from collections.abc import Mapping

from sim.world.electricity import Electricity

from .slave import (
    HOLDING,
    INPUT,
    NO_ADDRESS,
    NO_VALUE,
    WRITE_MANY,
    WRITE_ONE,
    ModbusMeter,
    float_words,
)

WH = 1_000_000
KWH = 1_000 * WH


class FloatMeter(ModbusMeter):
    """Everything as float32 in two registers, high word first."""

    resolution_wh = 10

    def energy_kwh(self, uwh: int) -> float:
        """Truncated to the display's steps, before float32 rounds it again."""
        return uwh // (self.resolution_wh * WH) * self.resolution_wh / 1_000

    def floats(self, function: int) -> Mapping[int, float]:
        """Values by the address of their high word."""
        raise NotImplementedError

    def words(self, function: int) -> dict[int, int]:
        """Two registers a value."""
        found: dict[int, int] = {}
        for address, value in self.floats(function).items():
            found[address], found[address + 1] = float_words(value)
        return found


class Eastron(FloatMeter):
    """SDM120, SDM230 (one phase), SDM630, SDM72 (three): input registers, and the node's address to write."""

    functions = (HOLDING, INPUT, WRITE_MANY)
    pairs = True
    phase_count = 1
    protected = False
    """Whether settings can be written only after the password."""

    def __init__(self, world: Electricity, unit: int = 1, begins_uwh: int = 0) -> None:
        super().__init__(world, unit, begins_uwh)
        self.total_mode = 2
        """What 0156 is: 1 import, 2 import + export, 3 import - export."""
        self.energy_scale = 1.0
        """1000: somebody switched the display from kWh to Wh."""
        self._unlocked = not self.protected

    def floats(self, function: int) -> dict[int, float]:
        """Input registers, or the settings."""
        if function == HOLDING:
            return {0x0014: float(self.unit), 0x001C: float([2400, 4800, 9600].index(self.baud))}
        found: dict[int, float] = {}
        for index, phase in enumerate(self.world.phases[: self.phase_count]):
            at = 2 * index
            found[0x00 + at] = phase.voltage_mv / 1_000
            found[0x06 + at] = phase.current_ma / 1_000
            found[0x0C + at] = phase.power_mw / 1_000
            found[0x12 + at] = phase.apparent_mva / 1_000
            found[0x18 + at] = phase.reactive_mvar / 1_000
            sign = -1 if phase.power_mw < 0 else 1
            found[0x1E + at] = sign * phase.power_factor_ppm / 1_000_000
        found[0x46] = self.world.frequency_mhz / 1_000
        found[0x48] = self.energy_kwh(self.import_uwh) * self.energy_scale
        found[0x4A] = self.energy_kwh(self.export_uwh) * self.energy_scale
        total = [0, found[0x48], found[0x48] + found[0x4A], found[0x48] - found[0x4A]]
        found[0x156] = total[self.total_mode]
        return found

    def answer(self, function: int, body: bytes) -> bytes | int:
        """One setting a message: two registers that hold a float."""
        if function != WRITE_MANY:
            return super().answer(function, body)
        start, count, size = int.from_bytes(body[:2], "big"), body[3], body[4]
        if count != 2 or size != 4 or len(body) != 9:
            return NO_VALUE
        value = body[5:]
        if self.protected and start == 0x0018:
            self._unlocked = value == b"\x44\x7a\x00\x00"  # 1000.0
            return body[:4] if self._unlocked else NO_VALUE
        if start != 0x0014 or not self._unlocked:
            return NO_ADDRESS
        wanted = [unit for unit in range(1, 248) if _float_bytes(unit) == value]
        if not wanted:
            return NO_VALUE
        self.unit = wanted[0]
        return body[:4]


def _float_bytes(value: float) -> bytes:
    high, low = float_words(value)
    return high.to_bytes(2, "big") + low.to_bytes(2, "big")


class EastronThreePhase(Eastron):
    """SDM630 and SDM72: totals, too."""

    phase_count = 3
    protected = True

    def floats(self, function: int) -> dict[int, float]:
        """Averages and sums after the phases."""
        found = super().floats(function)
        if function == INPUT:
            phases = self.world.phases
            found[0x2A] = sum(phase.voltage_mv for phase in phases) / 3_000
            found[0x2E] = sum(phase.current_ma for phase in phases) / 3_000
            found[0x30] = sum(phase.current_ma for phase in phases) / 1_000
            found[0x34] = self.world.power_mw / 1_000
            found[0x38] = sum(phase.apparent_mva for phase in phases) / 1_000
            found[0x3C] = sum(phase.reactive_mvar for phase in phases) / 1_000
        return found


class Dtsu666(FloatMeter):
    """Chint, three phases: scaled floats in holding registers. As delivered it speaks DL/T645: Modbus gets silence."""

    functions = (HOLDING,)

    def __init__(
        self, world: Electricity, unit: int = 1, begins_uwh: int = 0, energy: int = 0x101E
    ) -> None:
        """`energy` is the address of the import; the export stands 10 registers on."""
        super().__init__(world, unit, begins_uwh)
        self.frame = "8N2"
        self.energy = energy
        self.ratios: tuple[int, int] = (1, 10)
        self.as_delivered = False

    def addressed(self, unit: int) -> bool:
        """Not before it was switched to Modbus at its menu."""
        return not self.as_delivered and super().addressed(unit)

    def words(self, function: int) -> dict[int, int]:
        """And the ratios, which are integers."""
        found = super().words(function)
        found[0x0006], found[0x0007] = self.ratios
        return found

    def floats(self, function: int) -> dict[int, float]:
        """Tenths of V and W, mA, thousandths, hundredths of Hz."""
        found: dict[int, float] = {0x2012: self.world.power_mw / 100}
        for index, phase in enumerate(self.world.phases):
            at = 2 * index
            found[0x2006 + at] = phase.voltage_mv / 100
            found[0x200C + at] = float(phase.current_ma)
            found[0x2014 + at] = phase.power_mw / 100
            found[0x202C + at] = phase.power_factor_ppm / 1_000
        found[0x2044] = self.world.frequency_mhz / 10
        found[self.energy] = self.energy_kwh(self.import_uwh)
        found[self.energy + 10] = self.energy_kwh(self.export_uwh)
        return found


class Ddsu666(FloatMeter):
    """Chint, one phase: floats in units, power in kW."""

    functions = (INPUT,)

    def floats(self, function: int) -> dict[int, float]:
        """Input registers."""
        phase = self.world.phases[0]
        return {
            0x2000: phase.voltage_mv / 1_000,
            0x2002: phase.current_ma / 1_000,
            0x2004: phase.power_mw / 1_000_000,
            0x2006: phase.reactive_mvar / 1_000_000,
            0x200A: phase.power_factor_ppm / 1_000_000,
            0x200E: self.world.frequency_mhz / 1_000,
            0x4000: self.energy_kwh(self.import_uwh),
            0x400A: self.energy_kwh(self.export_uwh),
        }


class Pzem004t(ModbusMeter):
    """Measures |P| and adds it up, whichever way it flows. Without voltage it has no supply."""

    functions = (HOLDING, INPUT, WRITE_ONE)
    registers_most = 10
    saved_uwh = WH
    SPAN_WH = 10_000_000

    def addressed(self, unit: int) -> bool:
        """By the general address, too."""
        return self.world.phases[0].voltage_mv >= 80_000 and unit in {self.unit, 0xF8}

    def words(self, function: int) -> dict[int, int]:
        """Of 32-bit values the low word first."""
        if function == HOLDING:
            return {1: 23_000, 2: self.unit}
        phase = self.world.phases[0]
        energy_wh = (self.import_uwh + self.export_uwh) // WH % self.SPAN_WH
        doubles = (phase.current_ma, abs(phase.power_mw) // 100, energy_wh)
        found = {0: phase.voltage_mv // 100, 7: self.world.frequency_mhz // 100, 9: 0}
        found[8] = phase.power_factor_ppm // 10_000
        for at, value in zip((1, 3, 5), doubles, strict=True):
            found[at], found[at + 1] = value & 0xFFFF, value >> 16
        return found

    def answer(self, function: int, body: bytes) -> bytes | int:
        """Address, and the reset of its energy, whose frames have no body."""
        if function == 0x42 and not body:
            self.reset()
            return b""
        if function != WRITE_ONE:
            return super().answer(function, body)
        if len(body) != 4 or body[:2] != b"\x00\x02":
            return NO_ADDRESS
        if not 1 <= body[3] <= 0xF7 or body[2]:
            return NO_VALUE
        self.unit = body[3]
        return body


class Dds238(ModbusMeter):
    """Hiking, one phase, both directions in 0.01 kWh, in one of two maps."""

    functions = (HOLDING,)
    registers_most = 26

    def __init__(
        self, world: Electricity, unit: int = 1, begins_uwh: int = 0, energy_map: int = 1
    ) -> None:
        super().__init__(world, unit, begins_uwh)
        self.energy_map = energy_map

    def words(self, function: int) -> dict[int, int]:
        """18 registers and the address; what a map does not use reads 0."""
        phase = self.world.phases[0]
        found = dict.fromkeys(range(0x12), 0)
        step = 10 * WH
        imported, exported = self.import_uwh // step, self.export_uwh // step
        at = 4 if self.energy_map == 1 else 8
        for address, value in ((0, imported + exported), (at, exported), (at + 2, imported)):
            found[address], found[address + 1] = value >> 16, value & 0xFFFF
        found[0x0C] = phase.voltage_mv // 100
        found[0x0D] = phase.current_ma // 10
        found[0x0E] = phase.power_mw // 1_000 & 0xFFFF
        found[0x0F] = phase.reactive_mvar // 1_000 & 0xFFFF
        found[0x10] = phase.power_factor_ppm // 1_000
        found[0x11] = self.world.frequency_mhz // 10
        found[0x15] = self.unit << 8 | 1
        return found


def modelled(name: str, world: Electricity, unit: int = 1, begins_uwh: int = 0) -> ModbusMeter:
    """The model of a meter by the name that the firmware's catalogue gives to it. KeyError for another."""
    if name.startswith("dtsu666"):
        return Dtsu666(world, unit, begins_uwh, 0x401E if name.endswith("2016") else 0x101E)
    if name.startswith("dds238"):
        return Dds238(world, unit, begins_uwh, int(name[-1]))
    kinds: dict[str, type[ModbusMeter]] = {
        "sdm120": Eastron,
        "sdm230": Eastron,
        "sdm630": EastronThreePhase,
        "sdm72": EastronThreePhase,
        "pzem004t": Pzem004t,
        "ddsu666": Ddsu666,
    }
    meter = kinds[name](world, unit, begins_uwh)
    if name == "sdm230":
        meter.registers_most = 60
    if name == "sdm120":
        meter.baud = 2_400
    return meter
