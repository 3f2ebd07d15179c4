# SPDX-License-Identifier: Apache-2.0
"""What passes between the drivers of metering chips and modelled chips, register by register and wait for wait.

The models are CPython's; what they said is kept, so that a board's interpreter can be given the same answers.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sim.world.chips.ade7953 import Ade7953Model
from sim.world.chips.atm90e32 import Atm90e32Model, Input
from sim.world.chips.mains import Mains, drawing
from sim.world.chips.registers import I2cRegisters, on_spi
from sim.world.electricity import Phase
from wattpact.errors import BusError
from wattpact.metering.chips.ade7953 import Ade7953
from wattpact.metering.chips.atm90e32 import Atm90e32
from wattpact.metering.chips.frames import Atm90e32Frames
from wattpact.metering.measurement import Measurement

from .form import Case

if TYPE_CHECKING:
    from wattpact.interfaces import MeterDriver, RegisterBus

GAINS = {"voltage_gain": 7305, "current_gain": 27518}
THREE = {"line_hz": 50, "nominal_v": 230, "a": GAINS, "b": GAINS | {"phi": -9}, "c": GAINS}
APART = {
    "line_hz": 60,
    "nominal_v": 120,
    "netting": 0,
    "a": GAINS | {"reversed": 1},
    "c": GAINS | {"current_factor": 2, "power_offset": -7},
}
SMALL = {
    "channel": 0,
    "voltage_counts_per_v": 26_000,
    "current_counts_per_a": 100_000,
    "power_counts_per_kw": 154_000,
    "energy_counts_per_kwh": 23_590_800,
    "phase_delay": -200,
}
READS = 3
PERIOD_MS = 4_321


class Recorder:
    """The RegisterBus seam and the wait, with every call kept, as numbers in hex: r, w, s."""

    def __init__(self, bus: "RegisterBus", mains: Mains) -> None:
        self.bus = bus
        self.mains = mains
        self.steps: list[str] = []

    def read(self, register: int, width: int) -> int:
        try:
            value = self.bus.read(register, width)
        except BusError:
            self.steps.append(f"r{register:x}/{width}=")
            raise
        self.steps.append(f"r{register:x}/{width}={value:x}")
        return value

    def write(self, register: int, width: int, value: int) -> None:
        step = f"w{register:x}/{width}={value:x}"
        try:
            self.bus.write(register, width, value)
        except BusError:
            self.steps.append(step + "!")
            raise
        self.steps.append(step)

    def sleep_ms(self, ms: int) -> None:
        self.steps.append(f"s{ms:x}")
        self.mains.sleep_ms(ms)


def figures(measurement: Measurement) -> list[Any]:
    """All of a measurement, as integers."""
    return [
        measurement.import_uwh,
        measurement.export_uwh,
        measurement.power_mw,
        measurement.frequency_mhz,
        measurement.flags,
        [
            [phase.voltage_mv, phase.current_ma, phase.power_mw, phase.power_factor_ppm]
            for phase in measurement.phases
        ],
    ]


def _healthy(_: Any) -> None:
    pass


def _absent(model: Any) -> None:
    model.faults.absent = True


def _lossy(model: Atm90e32Model) -> None:
    model.faults.spoiled_reads = {0x80: 1, 0x84: 1, 0x78: 1}
    model.faults.lost_frames = {0x80: 1}


def _reset(model: Any) -> None:
    model.reset()
    model.mains.sleep_ms(100)


def _spoiled(model: Ade7953Model) -> None:
    model.faults.spoiled_reads = 2


WORLDS: tuple[tuple[str, str, dict[str, Any], Callable[[Any], None]], ...] = (
    ("three phases, netted", "atm90e32", THREE, _healthy),
    ("two legs, each for itself, one reversed", "atm90e32", APART, _healthy),
    ("lost and spoiled transfers", "atm90e32", THREE, _lossy),
    ("a reset on the way", "atm90e32", THREE, _reset),
    ("no ATM90E32", "atm90e32", THREE, _absent),
    ("one phase that exports", "ade7953", SMALL, _healthy),
    ("spoiled answers", "ade7953", SMALL, _spoiled),
    ("a reset of the ADE7953", "ade7953", SMALL, _reset),
    ("no ADE7953", "ade7953", SMALL, _absent),
)


def _built(chip: str, settings: dict[str, Any]) -> "tuple[Any, Recorder, MeterDriver]":
    """A model, the bus to it, and the driver."""
    hz = settings.get("line_hz", 50)
    phases = [Phase(230_000, 2_345_678, 400_000), drawing(-1_500), drawing(12)]
    mains = Mains(lambda _: phases, hz * 1_000)
    model: Atm90e32Model | Ade7953Model
    if chip == "atm90e32":
        wired = tuple(Input(at, 7305, 27518) for at in range(3))
        model = Atm90e32Model(mains, (wired[0], wired[1], wired[2]))
        mains.sleep_ms(100)
        bus = Recorder(on_spi(model, Atm90e32Frames()), mains)
        return model, bus, Atm90e32(bus, settings, bus.sleep_ms)
    model = Ade7953Model(mains, (1, None))
    bus = Recorder(I2cRegisters(model), mains)
    return model, bus, Ade7953(bus, settings, bus.sleep_ms)


def chip_cases() -> "list[Case]":
    """Three reads of a chip with `settings`; `results` are their figures, or the error as text.

    `steps` are all that passed on the bus, in hex: rREGISTER/WIDTH=VALUE (no value: the bus failed),
    wREGISTER/WIDTH=VALUE (with !: the bus failed), sMS for a wait.
    """
    made: list[Case] = []
    for name, chip, settings, prepare in WORLDS:
        model, bus, driver = _built(chip, settings)
        results: list[Any] = []
        for number in range(READS):
            if number == 1 or prepare is _absent:
                prepare(model)
            try:
                results.append(figures(driver.read()))
            except BusError as error:
                results.append(str(error))
            bus.mains.sleep_ms(PERIOD_MS)
        made.append(
            {
                "name": name,
                "chip": chip,
                "settings": settings,
                "results": results,
                "steps": " ".join(bus.steps),
                "ok": prepare is not _absent,
            }
        )
    return made
