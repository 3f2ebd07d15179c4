# SPDX-License-Identifier: Apache-2.0
"""Every chip that a board's file names is set up from that file as it stands, on its own wires."""

import json
from pathlib import Path
from typing import Any

import pytest

from sim.world.chips.ade7953 import Ade7953Model
from sim.world.chips.atm90e32 import Atm90e32Model, Input
from sim.world.chips.mains import Mains, drawing
from sim.world.chips.registers import SpiRegisters, on_spi
from sim.world.chips.spi import SpiWires
from tests.unit.metering.chips.fitted import ADE7953
from wattpact.metering.catalog import metering_chip, spi_frames

ROOT = Path(__file__).resolve().parents[4]
CHIPS = ("atm90e32", "ade7953")


def _chips() -> list[Any]:
    found: list[Any] = []
    for path in sorted(ROOT.glob("boards/*/board.json")):
        board = json.loads(path.read_text())
        for meter in board["meters"]:
            if meter["driver"] in CHIPS:
                found.append(pytest.param(board, meter, id=f"{board['board']} {meter['name']}"))
    return found


@pytest.mark.parametrize(("board", "meter"), _chips())
def test_a_board_s_chip_measures_what_its_transformers_carry(
    board: dict[str, Any], meter: dict[str, Any]
) -> None:
    """With the file's gains, mode and clock; inputs as its maker wired them."""
    calibration = meter["calibration"]
    volt = board["nominal_v"]
    mains = Mains(lambda _: [drawing(1_000, volt * 1_000)] * 3, board["line_hz"] * 1_000)
    wired = [
        Input(at, calibration[name]["voltage_gain"], calibration[name]["current_gain"])
        if name in calibration
        else None
        for at, name in enumerate("abc")
    ]
    model = Atm90e32Model(mains, (wired[0], wired[1], wired[2]))
    frames = spi_frames(meter["driver"])
    wires = SpiWires(frames.polarity, frames.phase, board["buses"][meter["bus"]]["clock_hz"])
    bus = SpiRegisters(wires, wires.select(model), frames)
    driver = metering_chip(
        meter["driver"], bus, calibration, board["line_hz"], volt, mains.sleep_ms
    )
    mains.sleep_ms(100)
    driver.read()
    mains.sleep_ms(3_600)
    measurement = driver.read()
    phases = len([name for name in "abc" if name in calibration])
    factor = min(
        calibration[name].get("current_factor", 1) for name in "abc" if name in calibration
    )
    assert measurement.import_uwh == pytest.approx(phases * factor * 1_000_000, rel=0.02)
    assert [phase.voltage_mv for phase in measurement.phases] == [volt * 1_000] * phases
    assert measurement.flags == 0


def test_an_ade7953_is_built_by_its_name_and_an_unknown_chip_is_refused() -> None:
    """The names of board.json."""
    mains = Mains(lambda _: [drawing(1_000)])
    model = Ade7953Model(mains, (0, None))
    bus = on_spi(model, spi_frames("ade7953"))
    driver = metering_chip("ade7953", bus, ADE7953, 50, 230, mains.sleep_ms)
    assert driver.read().power_mw > 0
    with pytest.raises(ValueError, match="no driver is called ade9000"):
        metering_chip("ade9000", bus, {}, 50, 230, mains.sleep_ms)
    with pytest.raises(ValueError, match="no driver is called ade9000"):
        spi_frames("ade9000")
