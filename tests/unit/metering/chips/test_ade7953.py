# SPDX-License-Identifier: Apache-2.0
"""The ADE7953's driver against the modelled chip, on SPI and on I2C."""

from typing import Any

import pytest

from sim.world.chips.mains import drawing
from sim.world.chips.registers import I2cRegisters
from sim.world.electricity import Phase
from tests.unit.metering.chips.fitted import ADE7953, SmallBoard, running
from wattpact.errors import BusError
from wattpact.metering.chips.ade7953 import Ade7953
from wattpact.metering.measurement import COUNTER_LOST

COUNTS_PER_KWH = ADE7953["energy_counts_per_kwh"]
STEP_UWH = 10**9 // COUNTS_PER_KWH + 1
ENERGY_A = 0x31E


@pytest.mark.parametrize("i2c", [True, False])
def test_it_is_set_up_as_its_data_sheet_wants_it(i2c: bool) -> None:
    """Interface locked, 120H right after its key, energy that reading leaves alone, everything protected."""
    board = SmallBoard(1_000, i2c=i2c)
    board.driver.read()
    written = board.tap.written
    assert written[0] == (0x040, 0)
    assert (0x102, 0x0104) in written
    assert written[written.index((0x0FE, 0xAD)) + 1] == (0x120, 0x30)
    assert (0x004, 0) in written
    assert written[-1] == (0x040, 7)


def test_gains_and_delays_are_those_of_its_channel() -> None:
    """Sign and magnitude for the delay; 22x for A only."""
    changes = {"pga_current": 5, "phase_delay": -200, "power_gain": 0x410000, "pga_voltage": 1}
    board = SmallBoard(1_000, settings=ADE7953 | changes)
    board.driver.read()
    written = dict(board.tap.written)
    assert [written[at] for at in (0x008, 0x108, 0x282, 0x007)] == [5, 0x2C8, 0x410000, 1]
    board = SmallBoard(0, 1_000, settings=ADE7953 | {"channel": 1, "phase_delay": 3})
    board.driver.read()
    written = dict(board.tap.written)
    assert [written[at] for at in (0x009, 0x109, 0x28E, 0x28C)] == [0, 3, 0x400000, 0x400000]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"channel": 2}, "channel: 2 is not within"),
        ({"channel": 1, "pga_current": 5}, "pga_current: 5 is not within 0 to 4"),
        ({"phase_delay": 400}, "phase_delay"),
        ({"power_gain": 0x100000}, "power_gain"),
        ({"energy_counts_per_kwh": 0}, "energy_counts_per_kwh"),
        ({"energy_counts": 1}, "energy_counts: unknown"),
        ({"voltage_counts_per_v": None}, "voltage_counts_per_v: an integer"),
    ],
)
def test_settings_that_cannot_be_are_ours_and_say_which(changes: dict[str, Any], told: str) -> None:
    """Before anything is written."""
    with pytest.raises(ValueError, match=told):
        SmallBoard(0, settings=ADE7953 | changes)


@pytest.mark.parametrize("i2c", [True, False])
def test_figures_arrive_in_milliunits(i2c: bool) -> None:
    """The power factor is P / S: the chip's own takes its sign from the reactive energy."""
    board = SmallBoard(0, i2c=i2c)
    board.phases = [Phase(230_150, -1_047_300, 477_000)]
    board.driver.read()
    board.mains.sleep_ms(1_000)
    now = board.driver.read()
    assert now.phases[0].voltage_mv == 230_150
    assert now.phases[0].current_ma == pytest.approx(5_000, abs=1)
    assert now.power_mw == pytest.approx(-1_047_300, abs=7)
    assert now.phases[0].power_factor_ppm == pytest.approx(910_000, abs=200)
    assert now.frequency_mhz == pytest.approx(50_000, abs=12)


@pytest.mark.parametrize(("level", "i2c"), [(0x00, False), (0xFF, False), (0x00, True)])
def test_a_missing_chip_is_an_error_and_never_0_w(level: int, i2c: bool) -> None:
    """At the start, and later."""
    board = SmallBoard(1_000, i2c=i2c)
    board.model.faults.absent = True
    board.model.faults.undriven = level
    with pytest.raises(BusError, match="ADE7953: no chip answers"):
        board.driver.read()
    board.model.faults.absent = False
    assert board.driver.read().power_mw > 0
    board.model.faults.absent = True
    with pytest.raises(BusError, match=r"answers|acknowledges"):
        board.driver.read()


def test_import_and_export_are_split_by_sign_and_add_up_to_the_count() -> None:
    """The register is signed; a fraction of a microwatthour is carried on."""
    board = SmallBoard(1_000)
    passed = running(board)
    counted = board.model.counted[ENERGY_A]
    imported = sum(passed(1_000)[0] for _ in range(500))
    counts = board.model.counted[ENERGY_A] - counted
    assert abs(imported - counts * 10**9 // COUNTS_PER_KWH) <= STEP_UWH * 2
    board.phases = [drawing(-500)]
    passed(1_000)
    assert passed(3_600)[1] == pytest.approx(500_000, rel=0.01)


def test_a_reversed_channel_is_put_right() -> None:
    """Power and energy change their sign."""
    board = SmallBoard(-1_000, settings=ADE7953 | {"reversed": 1})
    assert running(board)(3_600) == (pytest.approx(1_000_000, rel=0.01), 0)
    assert board.driver.read().power_mw == pytest.approx(1_000_000, abs=7)


@pytest.mark.parametrize("power_w", [3_000, -3_000])
def test_a_register_that_wraps_goes_on(power_w: int) -> None:
    """From 7FFFFF to 800000 and back."""
    board = SmallBoard(power_w)
    board.driver.read()
    board.model.preset_energy((1 << 23) - 10 if power_w > 0 else -(1 << 23) + 10)
    board.driver._last = (1 << 23) - 10 if power_w > 0 else (1 << 23) + 10
    board.mains.sleep_ms(3_600)
    measurement = board.driver.read()
    moved = (measurement.import_uwh, measurement.export_uwh or 0)
    assert min(moved) == 0
    assert max(moved) == pytest.approx(3_000_000, rel=0.01)


def test_a_spoiled_answer_is_read_again() -> None:
    """A turned bit of the counter would be energy one way now and the other way next time."""
    board = SmallBoard(1_000)
    passed = running(board)
    for spoiled in range(1, 4):
        board.mains.sleep_ms(3_600)
        board.driver._runs()
        board.model.faults.spoiled_reads = spoiled
        imported, exported = passed(0)
        assert imported == pytest.approx(1_000_000, rel=0.05)
        assert exported == 0


def test_a_lost_transfer_and_a_second_reader_take_nothing() -> None:
    """Reading does not clear."""
    board = SmallBoard(1_000)
    passed = running(board)
    thief = I2cRegisters(board.model)
    board.mains.sleep_ms(3_600)
    assert thief.read(ENERGY_A, 4) > 0
    assert passed(0)[0] == pytest.approx(1_000_000, rel=0.02)


def test_a_write_that_does_not_arrive_is_repeated() -> None:
    """Four times at most."""
    board = SmallBoard(1_000)
    board.model.faults.lost_writes = 3
    assert running(board)(3_600)[0] == pytest.approx(1_000_000, rel=0.01)
    board = SmallBoard(1_000)
    board.model.faults.lost_writes = 50
    with pytest.raises(BusError, match="ADE7953"):
        board.driver.read()


def test_a_locked_interface_stands_noise() -> None:
    """An unlocked one would be switched to another and fall silent."""
    board = SmallBoard(1_000)
    passed = running(board)
    board.model.faults.noise = 1
    assert passed(3_600)[0] == pytest.approx(1_000_000, rel=0.01)


def test_a_chip_that_started_anew_is_set_up_and_says_so_once() -> None:
    """What it counts from then on counts."""
    board = SmallBoard(3_600)
    passed = running(board)
    board.mains.sleep_ms(1_000)
    board.model.reset()
    board.mains.sleep_ms(1_000)
    measurement = board.driver.read()
    assert measurement.flags & COUNTER_LOST
    assert (measurement.import_uwh, measurement.export_uwh) == (0, 0)
    assert passed(1_000)[0] == pytest.approx(1_000_000, rel=0.02)


@pytest.mark.parametrize(("register", "value"), [(0x382, 0x400001), (0x102, 0x0006)])
def test_a_setting_that_changed_by_itself_is_noticed(register: int, value: int) -> None:
    """By the checksum, or in CONFIG itself; then it is set up anew."""
    board = SmallBoard(3_600)
    passed = running(board)
    right = board.model._registers[register]
    board.model._registers[register] = value
    board.mains.sleep_ms(100)
    assert board.driver.read().flags & COUNTER_LOST
    assert board.model._registers[register] == right
    assert passed(1_000)[0] == pytest.approx(1_000_000, rel=0.02)


def test_a_chip_that_dies_at_any_transfer_invents_nothing() -> None:
    """An error, or figures from before."""
    board = SmallBoard(3_600)
    board.driver.read()
    board.tap.asked.clear()
    board.driver.read()
    for dies_after in range(len(board.tap.asked)):
        for i2c, level in ((True, 0), (False, 0x00), (False, 0xFF)):
            board = SmallBoard(3_600, i2c=i2c)
            board.driver.read()
            board.mains.sleep_ms(1_000)
            board.model.faults.dies_after = dies_after
            board.model.faults.undriven = level
            with pytest.raises(BusError):
                board.driver.read()
            board.model.power_on()
            board.mains.sleep_ms(100)
            measurement = board.driver.read()
            assert measurement.flags & COUNTER_LOST
            assert (measurement.import_uwh, measurement.export_uwh) == (0, 0)


def test_a_board_that_starts_anew_goes_on_with_a_chip_that_ran_on() -> None:
    """What flowed between its last read and its first one is not known, and no energy is made up for it."""
    board = SmallBoard(3_600)
    passed = running(board)
    passed(1_000)
    board.driver = Ade7953(board.tap, board.settings, board.mains.sleep_ms)
    assert board.driver.read().import_uwh == 0
    assert passed(1_000)[0] == pytest.approx(1_000_000, rel=0.02)
