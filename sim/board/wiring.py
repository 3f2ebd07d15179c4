# SPDX-License-Identifier: Apache-2.0
"""What board.json says is soldered, as models on the wires between the pins that it names. Real time passes for them.

All meters of a board measure the same mains; a chip has the gains with which board.json's calibration is right.
"""

import time
from collections.abc import Sequence
from typing import Any

from sim.world.chips.ade7953 import Ade7953Model
from sim.world.chips.atm90e32 import Atm90e32Model, Input
from sim.world.chips.mains import Mains, drawing
from sim.world.chips.modbus.meters import modelled
from sim.world.chips.modbus.slave import ModbusMeter, request_size
from sim.world.chips.spi import SpiChip
from sim.world.electricity import Electricity, Phase

from .wires import Wires

PHASES = ("a", "b", "c")
SILENCE_US = 20_000
"""After so long what began is over: more than 3.5 characters at 2400 baud."""


class House:
    """The mains of one house: three phases that draw the same, until `power_w` is set anew."""

    def __init__(self, power_w: int, voltage_v: int, frequency_hz: int) -> None:
        """`power_w` of each phase; negative feeds in."""
        self.power_w = power_w
        self._voltage_mv = voltage_v * 1000
        self._began_ns = time.monotonic_ns()
        self.mains = Mains(self._phases, frequency_hz * 1000)
        self.electricity = Electricity(list(self._phases(0)), frequency_hz * 1000)

    def pass_time(self) -> int:
        """Chips and meters live as long as has passed outside; microseconds since the beginning."""
        now_us = (time.monotonic_ns() - self._began_ns) // 1000
        self.electricity.pass_time(now_us - self.mains.now_us)
        self.electricity.phases[:] = self._phases(now_us)
        self.mains.now_us = now_us
        return now_us

    def _phases(self, us: int) -> Sequence[Phase]:
        return [drawing(self.power_w, self._voltage_mv) for _ in PHASES]


class Chip:
    """A chip on SPI, in real time."""

    def __init__(self, house: House, chip: SpiChip) -> None:
        self._house = house
        self.model = chip

    def selected(self, mode: int, hz: int) -> None:
        """As the model's."""
        self._house.pass_time()
        self.model.selected(mode, hz)

    def exchanged(self, sent: int) -> int:
        """As the model's."""
        return self.model.exchanged(sent)

    def released(self) -> None:
        """As the model's."""
        self._house.pass_time()
        self.model.released()


class I2cChip:
    """A chip on I2C, in real time."""

    def __init__(self, house: House, chip: Ade7953Model) -> None:
        self._house = house
        self.model = chip

    def writeto(self, address: int, content: bytes) -> int:
        """As the model's."""
        self._house.pass_time()
        return self.model.writeto(address, content)

    def readfrom(self, address: int, count: int) -> bytes:
        """As the model's."""
        return self.model.readfrom(address, count)


class ModbusLine:
    """Meters on one line."""

    def __init__(self, house: House) -> None:
        self.meters: list[ModbusMeter] = []
        self._house = house
        self._begun = b""
        self._heard_us = 0

    def hear(self, content: bytes) -> bytes:
        """The answer of the meter that is meant, when the request is whole."""
        now_us = self._house.pass_time()
        if now_us - self._heard_us > SILENCE_US:
            self._begun = b""
        self._heard_us = now_us
        self._begun += content
        size = request_size(self._begun)
        if not size or len(self._begun) < size:
            return b""
        frame, self._begun = self._begun[:size], self._begun[size:]
        answer = b""
        for meter in self.meters:
            said = meter.hear(frame, now_us)
            if said:
                meter.spoke(now_us)
                answer += said
        return answer


def wired(board: dict[str, Any], house: House) -> Wires:
    """The wires of `board`, which is a board.json. ValueError for a driver of which there is no model."""
    wires = Wires()
    lines: dict[str, ModbusLine] = {}
    for meter in board["meters"]:
        bus = board["buses"][meter["bus"]]
        if bus["kind"] == "uart":
            line = lines.setdefault(meter["bus"], ModbusLine(house))
            try:
                model = modelled(meter["driver"], house.electricity, meter["unit"])
            except KeyError:
                raise ValueError("no model of a Modbus meter %s" % meter["driver"]) from None
            line.meters.append(model)
            wires.solder_uart(bus["tx"], bus["rx"], line, bus["de"])
        elif bus["kind"] == "spi":
            pins = (bus["sck"], bus["mosi"], bus["miso"], meter["cs"])
            wires.solder_spi(*pins, Chip(house, spi_model(meter, house.mains)))
        elif meter["driver"] == "ade7953":
            chip = Ade7953Model(house.mains, (0, 1))
            wires.solder_i2c(bus["scl"], bus["sda"], I2cChip(house, chip))
        else:
            raise ValueError("no model of %s on I2C" % meter["driver"])
    return wires


def spi_model(meter: dict[str, Any], mains: Mains) -> SpiChip:
    """The model of a row of board.json."""
    if meter["driver"] == "ade7953":
        return Ade7953Model(mains, (0, 1))
    if meter["driver"] != "atm90e32":
        raise ValueError("no model of %s on SPI" % meter["driver"])
    calibration = meter.get("calibration", {})
    first, second, third = (
        Input(line, calibration[phase]["voltage_gain"], calibration[phase]["current_gain"])
        if phase in calibration
        else None
        for line, phase in enumerate(PHASES)
    )
    return Atm90e32Model(mains, (first, second, third))
