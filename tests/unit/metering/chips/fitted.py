# SPDX-License-Identifier: Apache-2.0
"""Boards with a metering chip: the driver, the modelled chip, and a bus that listens in."""

from collections.abc import Callable, Sequence
from typing import Any

from sim.world.chips.ade7953 import Ade7953Model
from sim.world.chips.atm90e32 import Atm90e32Model, Input
from sim.world.chips.mains import Mains, drawing
from sim.world.chips.registers import I2cRegisters, on_spi
from sim.world.electricity import Phase
from wattpact.interfaces import RegisterBus
from wattpact.metering.chips.ade7953 import Ade7953
from wattpact.metering.chips.atm90e32 import Atm90e32
from wattpact.metering.chips.frames import Ade7953Frames, Atm90e32Frames

GAINS = {"voltage_gain": 7305, "current_gain": 27518}
THREE_PHASES: dict[str, Any] = {
    "line_hz": 50,
    "nominal_v": 230,
    "a": GAINS,
    "b": GAINS,
    "c": GAINS,
}
ADE7953: dict[str, Any] = {
    "channel": 0,
    "voltage_counts_per_v": 26_000,
    "current_counts_per_a": 100_000,
    "power_counts_per_kw": 154_000,
    "energy_counts_per_kwh": 23_590_800,
}
COUNT_UWH = 3_125


class Tap:
    """The RegisterBus seam, listening in: (register, value) of every write, registers of every read."""

    def __init__(self, bus: RegisterBus) -> None:
        self.bus = bus
        self.written: list[tuple[int, int]] = []
        self.asked: list[int] = []

    def read(self, register: int, width: int) -> int:
        self.asked.append(register)
        return self.bus.read(register, width)

    def write(self, register: int, width: int, value: int) -> None:
        self.written.append((register, value))
        self.bus.write(register, width, value)


class Board:
    """An ATM90E32 with three inputs that are wired as CircuitSetup's, on mains that a test changes."""

    def __init__(
        self,
        *powers_w: int,
        settings: dict[str, Any] | None = None,
        inputs: Sequence[Input | None] = (),
        frequency_mhz: int = 50_000,
    ) -> None:
        self.phases: Sequence[Phase] = [drawing(power_w) for power_w in powers_w]
        self.mains = Mains(lambda _: self.phases, frequency_mhz)
        wired = inputs or [
            Input(at, 7305, 27518) if at < len(powers_w) else None for at in range(3)
        ]
        self.model = Atm90e32Model(self.mains, (wired[0], wired[1], wired[2]))
        self.tap = Tap(on_spi(self.model, Atm90e32Frames()))
        self.settings = settings or THREE_PHASES
        self.mains.sleep_ms(100)
        self.restart()

    def restart(self) -> None:
        """The board starts anew; its chip goes on."""
        self.driver = Atm90e32(self.tap, self.settings, self.mains.sleep_ms)


class SmallBoard:
    """An ADE7953 on SPI or I2C."""

    def __init__(
        self, *powers_w: int, settings: dict[str, Any] | None = None, i2c: bool = True
    ) -> None:
        self.phases: Sequence[Phase] = [drawing(power_w) for power_w in powers_w]
        self.mains = Mains(lambda _: self.phases)
        self.model = Ade7953Model(self.mains, (0, 1 if len(powers_w) > 1 else None))
        bus = I2cRegisters(self.model) if i2c else on_spi(self.model, Ade7953Frames())
        self.tap = Tap(bus)
        self.settings = settings or ADE7953
        self.driver = Ade7953(self.tap, self.settings, self.mains.sleep_ms)


class Witness(Tap):
    """A bus that notes what the chip had counted when its energy register was read."""

    def __init__(self, board: SmallBoard) -> None:
        super().__init__(board.tap)
        self.model = board.model
        self.counts = 0

    def read(self, register: int, width: int) -> int:
        value = super().read(register, width)
        if register == 0x21E:
            self.counts = self.model.counted[0x31E]
        return value


def running(board: "Board | SmallBoard") -> "Callable[[int], tuple[int, int]]":
    """Start the driver; then `passed(ms)` is (import, export) in uWh of so much time."""
    board.driver.read()

    def passed(ms: int) -> tuple[int, int]:
        board.mains.sleep_ms(ms)
        measurement = board.driver.read()
        assert measurement.export_uwh is not None
        assert measurement.flags == 0
        return measurement.import_uwh, measurement.export_uwh

    return passed
