# SPDX-License-Identifier: Apache-2.0
"""A plant's meters on a PC's serial line: read by the board's drivers, and again after the adapter was pulled out."""

from pathlib import Path

from host.plant.memory import PlantMemory
from host.plant.settings import ModbusMeter
from host.plant.wires import Lines
from sim.world.chips.modbus.meters import modelled
from sim.world.chips.modbus.serving import PtyLine
from sim.world.electricity import Electricity, Phase

SLOT_S = 900
START = 1_748_858_400
WH = 1_000_000


def test_two_panels_share_a_line_and_a_lost_adapter_is_invalid_until_it_is_back(
    tmp_path: Path,
) -> None:
    world = Electricity([Phase(230_000, -500_000)], 50_000)
    device = tmp_path / "ttyUSB0"  # a name that outlives the adapter behind it
    memory = PlantMemory(tmp_path / "memory.db")
    lines = Lines()
    meters = [
        lines.meter(
            ModbusMeter(str(device), "sdm120", unit, None, 8_000),
            memory,
            b"m%d" % unit,
            b"",
            SLOT_S,
            START,
        )
        for unit in (1, 2)
    ]

    def read(now: int) -> list[bool]:
        for meter in meters:
            meter.on_tick(now)
        return [meter.measurement is not None for meter in meters]

    def adapter() -> PtyLine:
        return PtyLine([modelled("sdm120", world, unit, 1_000 * WH) for unit in (1, 2)])

    assert read(START) == [False, False]
    assert "no device" in meters[0].fault
    with adapter() as path:
        device.symlink_to(path)
        assert read(START + 15) == [True, True]
        assert meters[1].measurement is not None
        assert meters[1].measurement.power_mw == -500_000
        device.unlink()
    assert read(START + 30) == [False, False]
    with adapter() as path:
        device.symlink_to(path)
        assert read(START + 45) == [True, True]
    memory.close()
