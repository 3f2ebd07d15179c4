# SPDX-License-Identifier: Apache-2.0
"""The ATM90E32's driver against the modelled chip: what it sets up, measures, recovers, and refuses to invent."""

from contextlib import suppress
from typing import Any

import pytest

from sim.world.chips.atm90e32 import Atm90e32Model, Input
from sim.world.chips.atm90e32_map import ENERGY
from sim.world.chips.mains import drawing
from sim.world.chips.registers import SpiRegisters, on_spi
from sim.world.chips.spi import SpiWires
from sim.world.electricity import Phase
from tests.unit.metering.chips.fitted import COUNT_UWH, GAINS, THREE_PHASES, Board, running
from wattpact.errors import BusError
from wattpact.metering.chips.atm90e32 import Atm90e32
from wattpact.metering.chips.frames import Atm90e32Frames
from wattpact.metering.measurement import COUNTER_LOST, PHASE_LOSS, VOLTAGE_SAG

FORWARD, REVERSE, LAST = 0x80, 0x84, 0x78
SETTLED = 200
"""Counts of half a second at 3600 W, which a chip that settles may lose."""
SPLIT_GAINS = {"voltage_gain": 3920, "current_gain": 39473}
SPLIT: dict[str, Any] = {"line_hz": 60, "nominal_v": 120, "a": SPLIT_GAINS, "c": SPLIT_GAINS}


def with_phase(**changes: int) -> dict[str, Any]:
    """One phase, A."""
    return {"line_hz": 50, "nominal_v": 230, "a": GAINS | changes}


# -- setting up


def test_it_is_set_up_as_the_board_says_and_closed_again() -> None:
    """PL constant for 3200 imp/kWh, frequencies 47 and 53 Hz, gains; MeterEn last, then 7FH is closed."""
    board = Board(0, 0, 0)
    board.driver.read()
    written = dict(board.tap.written)
    assert (written[0x31], written[0x32]) == (0x0861, 0xC468)
    assert (written[0x0C], written[0x0D]) == (0x125C, 0x14B4)
    assert (written[0x33], written[0x34]) == (0x0087, 0)
    assert [written[register] for register in (0x61, 0x65, 0x69)] == [7305] * 3
    assert [written[register] for register in (0x62, 0x66, 0x6A)] == [27518] * 3
    assert [written[register] for register in (0x35, 0x38)] == [7500, 750]
    assert board.tap.written[-2:] == [(0x00, 1), (0x7F, 0)]


def test_mains_of_60_hz_and_split_phase_have_their_mode() -> None:
    """1185H, with phase B out of the sums, and 57 to 63 Hz."""
    board = Board(0, 0, settings=SPLIT, inputs=(Input(0), None, Input(1)), frequency_mhz=60_000)
    board.driver.read()
    written = dict(board.tap.written)
    assert (written[0x33], written[0x0C], written[0x0D]) == (0x1185, 0x1644, 0x189C)


def test_two_phases_of_three_are_a_mode_of_their_own_only_as_a_and_c() -> None:
    """A and B are two independent phases: 86H."""
    settings = {"line_hz": 50, "nominal_v": 230, "a": GAINS, "b": GAINS}
    board = Board(0, 0, settings=settings)
    board.driver.read()
    assert dict(board.tap.written)[0x33] == 0x0086


def test_gains_offsets_and_pga_are_written_where_the_data_sheet_has_them() -> None:
    """Two's complement, a delay of the voltage in bit 15, 2x as 01 and 4x as 10."""
    settings = with_phase(pga=4, phi=-9, power_offset=-2, reactive_offset=3, voltage_offset=-1)
    settings["b"] = GAINS | {"pga": 2, "phi": 7, "power_gain": -5, "current_offset": 6}
    settings["rogowski"] = 1
    board = Board(0, 0, settings=settings)
    board.driver.read()
    written = dict(board.tap.written)
    assert written[0x34] == 0b0110
    assert written[0x33] == 0x0486
    assert [written[register] for register in (0x48, 0x41, 0x42, 0x63)] == [
        0x8009,
        0xFFFE,
        3,
        0xFFFF,
    ]
    assert [written[register] for register in (0x4A, 0x49, 0x68)] == [7, 0xFFFB, 6]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"line_hz": 55}, "line_hz: 50 or 60"),
        ({"line_hz": "50"}, "line_hz: an integer"),
        ({"nominal_v": 12}, "nominal_v: 12 is not within 100 to 400"),
        ({"a": {"voltage_gain": 7305}}, "current_gain: an integer is needed"),
        ({"a": GAINS | {"current_gain": 0x10000}}, "current_gain: 65536 is not within"),
        ({"a": GAINS | {"curent_factor": 2}}, "curent_factor: unknown"),
        ({"a": GAINS | {"pga": 3}}, "pga: 1, 2 or 4"),
        ({"d": GAINS}, "d: unknown"),
        ({"a": GAINS | {"reversed": 1}}, "turn that CT round"),
        ({"a": GAINS | {"current_factor": 2}}, "current_factor: the chip nets phases"),
        ({"a": GAINS | {"voltage_gain": 1000}}, "voltage_gain: too low"),
    ],
)
def test_settings_that_cannot_be_are_ours_and_say_which(changes: dict[str, Any], told: str) -> None:
    """Before anything is written to the chip."""
    with pytest.raises(ValueError, match=told):
        Board(0, 0, 0, settings=THREE_PHASES | changes)


def test_a_board_without_phases_is_refused() -> None:
    """A chip of which nothing is wired measures nothing."""
    with pytest.raises(ValueError, match="at least one phase"):
        Board(0, settings={"line_hz": 50, "nominal_v": 230})


def test_a_write_that_does_not_arrive_is_repeated() -> None:
    """LastSPIData says so."""
    board = Board(1_000, 0, 0)
    board.model.faults.refused_writes = {0x61: 2, 0x33: 1, 0x7F: 1}
    passed = running(board)
    assert passed(9_000)[0] == pytest.approx(2_500_000, abs=2 * COUNT_UWH)


def test_a_register_that_cannot_be_written_is_named() -> None:
    """Four times; and the chip is not taken for a whole one at the next read."""
    board = Board(1_000, 0, 0)
    board.model.faults.refused_writes = {0x65: 4}
    with pytest.raises(BusError, match="ATM90E32: register 65 cannot be written"):
        board.driver.read()
    board.tap.written.clear()
    board.driver.read()
    assert (0x65, 7305) in board.tap.written


def test_mains_of_the_other_frequency_are_not_metered() -> None:
    """The chip's filters are set up for 50 Hz: at 60 it says 3 % too little, and the driver says nothing."""
    board = Board(1_000, settings=with_phase(), frequency_mhz=60_000)
    with pytest.raises(BusError, match="60000 mHz: check line_hz"):
        board.driver.read()


# -- a chip that is not there


@pytest.mark.parametrize("level", [0x00, 0xFF])
def test_a_missing_chip_is_an_error_and_never_0_w(level: int) -> None:
    """MISO floats to one side or the other."""
    board = Board(1_000, 0, 0)
    board.model.faults.absent = True
    board.model.faults.undriven = level
    with pytest.raises(BusError, match="ATM90E32: no chip answers: check supply, select pin"):
        board.driver.read()


@pytest.mark.parametrize("level", [0x00, 0xFF])
def test_a_chip_that_goes_missing_is_one_too(level: int) -> None:
    """And one that is back goes on."""
    board = Board(1_000, 0, 0)
    board.driver.read()
    board.model.faults.absent = True
    board.model.faults.undriven = level
    for _ in range(3):
        with pytest.raises(BusError, match="ATM90E32"):
            board.driver.read()
    board.model.faults.absent = False
    assert board.driver.read().power_mw > 900_000


@pytest.mark.parametrize(
    ("polarity", "phase", "hz"), [(0, 0, 200_000), (1, 0, 200_000), (1, 1, 4_000_000)]
)
def test_a_wrong_mode_or_clock_looks_like_no_chip(polarity: int, phase: int, hz: int) -> None:
    """And the error says what to check."""
    board = Board(1_000, 0, 0)
    wires = SpiWires(polarity, phase, hz)
    bus = SpiRegisters(wires, wires.select(board.model), Atm90e32Frames())
    driver = Atm90e32(bus, board.settings, board.mains.sleep_ms)
    with pytest.raises(BusError, match="mode 3, at most 1 MHz"):
        driver.read()


@pytest.mark.parametrize("level", [0x00, 0xFF])
def test_a_chip_that_dies_at_any_frame_of_a_read_invents_nothing(level: int) -> None:
    """Every frame in turn: no figures, or the right ones; and what was taken comes with the next measurement."""
    for dies_after in range(_frames_of_a_read()):
        board = Board(3_600, 0, 0)
        board.driver.read()
        taken = board.model.taken(FORWARD)
        board.mains.sleep_ms(5_000)
        board.model.faults.dies_after = dies_after
        board.model.faults.undriven = level
        total = 0
        with suppress(BusError):
            total = board.driver.read().import_uwh
        board.model.power_on()
        board.mains.sleep_ms(100)
        measurement = board.driver.read()
        assert measurement.flags & COUNTER_LOST
        assert measurement.export_uwh == 0
        total += measurement.import_uwh
        missing = board.model.taken(FORWARD) - taken - total // COUNT_UWH
        assert 0 <= missing <= 1_600 + SETTLED


def _frames_of_a_read() -> int:
    board = Board(3_600, 0, 0)
    board.driver.read()
    board.tap.asked.clear()
    board.driver.read()
    return len(board.tap.asked)


# -- measuring


def test_figures_arrive_in_milliunits() -> None:
    """As the mains are, within the steps of the chip."""
    board = Board(0, 0, 0)
    board.phases = [Phase(230_150, 1_047_180, 477_000), Phase(229_000, -500_000), Phase(231_000)]
    board.driver.read()
    board.mains.sleep_ms(400)
    now = board.driver.read()
    first, second, third = now.phases
    assert (first.voltage_mv, first.current_ma) == (230_150, 4_999)
    assert abs(first.power_mw - 1_047_180) <= 1
    assert first.power_factor_ppm == 910_000
    assert abs(second.power_mw + 500_000) <= 1
    assert (third.power_mw, third.current_ma) == (0, 0)
    assert now.frequency_mhz == 50_000
    assert abs(now.power_mw - 547_180) <= 2


def test_energy_is_that_of_the_registers_to_the_count() -> None:
    """Each count 3125 uWh, nothing rounded."""
    board = Board(3_000, 200, -700)
    passed = running(board)
    counted = board.model.taken(FORWARD)
    total = sum(passed(5_000)[0] for _ in range(100))
    assert total == (board.model.taken(FORWARD) - counted) * COUNT_UWH
    assert total == pytest.approx(2_500 * 500 * 10**6 / 3600, rel=0.003)


def test_import_and_export_are_two_counters() -> None:
    """By the direction of the sum."""
    board = Board(500, 0, 0)
    passed = running(board)
    assert passed(5_000)[1] == 0
    board.phases = [drawing(-2_000), drawing(500), drawing(500)]
    imported, exported = passed(3_600)
    assert imported <= 2 * COUNT_UWH
    assert exported == pytest.approx(1_000_000, abs=2 * COUNT_UWH)


def test_without_netting_each_phase_counts_for_itself() -> None:
    """What one exports another still imports."""
    board = Board(2_000, -1_000, 0, settings=THREE_PHASES | {"netting": 0})
    imported, exported = running(board)(3_600)
    assert imported == pytest.approx(2_000_000, abs=2 * COUNT_UWH)
    assert exported == pytest.approx(1_000_000, abs=2 * COUNT_UWH)


def test_a_reversed_transformer_is_put_right_in_the_settings() -> None:
    """Of one phase without netting, of all of them with it."""
    for netting, turned in ((0, (0,)), (1, (0, 1, 2))):
        gains = [GAINS | {"reversed": int(at in turned)} for at in range(3)]
        settings = THREE_PHASES | {"netting": netting}
        settings |= dict(zip("abc", gains, strict=True))
        inputs = [Input(at, 7305, 27518, reversed=at in turned) for at in range(3)]
        board = Board(1_000, 1_000, 1_000, settings=settings, inputs=inputs)
        imported, exported = running(board)(3_600)
        assert (imported, exported) == (pytest.approx(3_000_000, abs=3 * COUNT_UWH), 0)
        assert [phase.power_mw for phase in board.driver.read().phases] == [1_000_000] * 3


def test_a_transformer_beyond_65_a_measures_with_half_the_gain_twice() -> None:
    """Energy, power and current; 80 A fit the register then."""
    settings = with_phase(current_gain=27518 // 2, current_factor=2)
    board = Board(18_400, settings=settings)
    imported, _ = running(board)(3_600)
    assert imported == pytest.approx(18_400_000, rel=0.003)
    assert imported % (2 * COUNT_UWH) == 0
    assert board.driver.read().phases[0].current_ma == pytest.approx(80_000, abs=4)


def test_two_chips_on_one_bus_are_two_meters() -> None:
    """A six-channel board: two select pins, one set of wires."""
    first = Board(1_000, 500, 250)
    second = Atm90e32Model(first.mains, (Input(1, 7305, 27518), Input(2, 7305, 27518), None))
    wires = SpiWires(1, 1, 200_000)
    drivers = [
        Atm90e32(
            SpiRegisters(wires, wires.select(chip), Atm90e32Frames()),
            settings,
            first.mains.sleep_ms,
        )
        for chip, settings in (
            (first.model, THREE_PHASES),
            (second, {"line_hz": 50, "nominal_v": 230, "a": GAINS, "b": GAINS}),
        )
    ]
    for driver in drivers:
        driver.read()
    first.mains.sleep_ms(36_000)
    imported = [driver.read().import_uwh for driver in drivers]
    assert imported[0] == pytest.approx(17_500_000, rel=0.02)
    assert imported[1] == pytest.approx(7_500_000, rel=0.02)
    second.power_off()
    assert drivers[0].read().power_mw > 1_700_000
    with pytest.raises(BusError, match="no chip answers"):
        drivers[1].read()


def test_split_phase_counts_both_legs() -> None:
    """120 V each, on A and C, at 60 Hz."""
    inputs = (Input(0, 3920, 39473), None, Input(1, 3920, 39473))
    board = Board(settings=SPLIT, inputs=inputs, frequency_mhz=60_000)
    board.phases = [drawing(1_200, 120_000), drawing(-300, 120_000)]
    imported, exported = running(board)(3_600)
    assert (imported, exported) == (pytest.approx(900_000, abs=2 * COUNT_UWH), 0)
    now = board.driver.read()
    assert [phase.voltage_mv for phase in now.phases] == [120_000, 120_000]
    assert now.frequency_mhz == 60_000


# -- what reading clears


@pytest.mark.parametrize("spoiled", [1, 2])
def test_a_spoiled_answer_loses_nothing(spoiled: int) -> None:
    """The chip still has it in LastSPIData."""
    board = Board(3_600, 0, 0)
    passed = running(board)
    counted = board.model.taken(FORWARD)
    board.model.faults.spoiled_reads = {FORWARD: spoiled}
    total = passed(5_000)[0] + passed(5_000)[0]
    assert total == (board.model.taken(FORWARD) - counted) * COUNT_UWH


def test_a_spoiled_answer_of_last_spi_data_loses_nothing_either() -> None:
    """It is read until it says the same twice."""
    board = Board(3_600, 0, 0)
    passed = running(board)
    counted = board.model.taken(FORWARD)
    board.model.faults.spoiled_reads = {LAST: 1}
    assert passed(5_000)[0] == (board.model.taken(FORWARD) - counted) * COUNT_UWH


def test_a_frame_that_never_arrived_is_not_taken_for_its_predecessor() -> None:
    """LastSPIData then holds what was read before, which must not become energy."""
    board = Board(3_600, 0, 0)
    passed = running(board)
    counted = board.model.taken(FORWARD)
    board.model.faults.lost_frames = {FORWARD: 2, REVERSE: 1}
    imported, exported = passed(5_000)
    assert imported == (board.model.taken(FORWARD) - counted) * COUNT_UWH
    assert exported == 0


def test_a_count_that_looks_like_the_marker_is_a_count() -> None:
    """PL_CONST_LOW is read before each energy register, and energy may be as great."""
    board = Board(0, 0, 0)
    passed = running(board)
    board.model._energy[FORWARD] = 0xC468
    assert passed(0)[0] == 0xC468 * COUNT_UWH


def test_what_cannot_be_recovered_is_said() -> None:
    """LastSPIData never reads the same twice: no energy is made up, and the register is not continuous."""

    class Restless:
        """A bus on which 78H is disturbed each time differently."""

        def __init__(self, board: Board) -> None:
            self.bus = board.tap
            self.turns = 0

        def read(self, register: int, width: int) -> int:
            value = self.bus.read(register, width)
            if register == LAST and self.turns:
                self.turns += 1
                value ^= self.turns
            return value

        def write(self, register: int, width: int, value: int) -> None:
            self.bus.write(register, width, value)

    board = Board(3_600, 0, 0)
    bus = Restless(board)
    driver = Atm90e32(bus, board.settings, board.mains.sleep_ms)
    driver.read()
    board.mains.sleep_ms(5_000)
    bus.turns = 1
    measurement = driver.read()
    assert measurement.flags & COUNTER_LOST
    assert measurement.import_uwh == 0


def test_a_bus_error_at_any_transfer_loses_nothing_or_says_so() -> None:
    """What was taken before it is kept for the next measurement; only within an energy transfer it is lost."""

    class Failing:
        """A bus that fails at its `left`th read."""

        def __init__(self, board: Board, left: int) -> None:
            self.bus = board.tap
            self.left = left

        def read(self, register: int, width: int) -> int:
            self.left -= 1
            if self.left == 0:
                raise BusError("silence")
            return self.bus.read(register, width)

        def write(self, register: int, width: int, value: int) -> None:
            self.bus.write(register, width, value)

    lost = 0
    for left in range(1, _frames_of_a_read() + 1):
        board = Board(3_600, 0, 0)
        bus = Failing(board, 0)
        driver = Atm90e32(bus, board.settings, board.mains.sleep_ms)
        driver.read()
        taken = board.model.taken(FORWARD)
        board.mains.sleep_ms(5_000)
        bus.left = left
        with pytest.raises(BusError, match="silence"):
            driver.read()
        measurement = driver.read()
        counts = board.model.taken(FORWARD) - taken
        lost += measurement.flags & COUNTER_LOST != 0
        assert measurement.flags & COUNTER_LOST or measurement.import_uwh == counts * COUNT_UWH
        assert measurement.import_uwh <= counts * COUNT_UWH
    assert lost == 6  # register, 78H and the marker after them, of two registers


def test_a_register_near_its_end_is_counted_and_not_trusted() -> None:
    """204 Wh at once: whoever polls so rarely may have lost a round of the register."""
    for seconds, lost in ((180, False), (195, True)):
        board = Board(3_600, 0, 0)
        board.driver.read()
        board.mains.sleep_ms(seconds * 1_000)
        measurement = board.driver.read()
        assert (measurement.flags & COUNTER_LOST != 0) is lost
        assert measurement.import_uwh == pytest.approx(seconds * 10**6, rel=0.01)


def test_a_second_reader_takes_energy_and_the_model_knows() -> None:
    """No register says so: it is for the commissioning check to find."""
    board = Board(3_600, 0, 0)
    passed = running(board)
    thief = on_spi(board.model, Atm90e32Frames())
    board.mains.sleep_ms(5_000)
    stolen = thief.read(FORWARD, 2)
    assert stolen >= 1_500
    assert passed(5_000)[0] == pytest.approx(5_000_000, rel=0.01)


# -- resets


def test_a_chip_that_started_anew_is_set_up_and_says_so_once() -> None:
    """Its gains are gone: nothing that it says before that is believed."""
    board = Board(3_600, 0, 0)
    passed = running(board)
    board.mains.sleep_ms(2_000)
    board.model.reset()
    board.mains.sleep_ms(2_000)
    measurement = board.driver.read()
    assert measurement.flags & COUNTER_LOST
    assert measurement.import_uwh == 0
    assert passed(3_600)[0] == pytest.approx(3_600_000, abs=2 * COUNT_UWH)
    assert board.model.resets == 4  # built, set up, by itself, set up


def test_a_reset_at_any_frame_of_a_read_is_noticed() -> None:
    """Zeros of a chip that was just reset are not energy: no figures, or those from before it."""
    for frame in range(_frames_of_a_read()):
        board = Board(3_600, 0, 0)
        board.driver.read()
        taken = board.model.taken(FORWARD)
        board.mains.sleep_ms(2_000)
        board.model.faults.resets_after = frame
        total = 0
        with suppress(BusError):
            measurement = board.driver.read()
            assert measurement.power_mw > 3_500_000
            total = measurement.import_uwh
        board.mains.sleep_ms(100)
        measurement = board.driver.read()
        assert measurement.flags & COUNTER_LOST
        total += measurement.import_uwh
        missing = board.model.taken(FORWARD) - taken - total // COUNT_UWH
        assert 0 <= missing <= 640 + SETTLED


@pytest.mark.parametrize("register", [0x00, 0x32, 0x61])
def test_a_setting_that_changed_by_itself_makes_it_set_up_anew(register: int) -> None:
    """The chip's own checker finds it, or the driver, which reads two of them all the time."""
    board = Board(3_600, 0, 0)
    passed = running(board)
    board.model.corrupt(register, 7304)
    board.mains.sleep_ms(1_000)
    assert board.driver.read().flags & COUNTER_LOST
    assert passed(3_600)[0] == pytest.approx(3_600_000, abs=2 * COUNT_UWH)


def test_a_board_that_starts_anew_takes_over_a_chip_that_ran_on() -> None:
    """What flowed meanwhile is in its registers; they are not reset."""
    board = Board(3_600, 0, 0)
    passed = running(board)
    passed(1_000)
    counted, resets = board.model.taken(FORWARD), board.model.resets
    board.mains.sleep_ms(4_000)
    board.restart()
    measurement = board.driver.read()
    assert board.model.resets == resets
    assert measurement.flags == 0
    assert measurement.import_uwh == (board.model.taken(FORWARD) - counted) * COUNT_UWH


def test_a_chip_that_is_not_heard_for_a_while_is_not_reset() -> None:
    """Its answers do not arrive, but it meters: all of it is there when they do again."""
    board = Board(3_600, 0, 0)
    running(board)(1_000)
    taken, resets = board.model.taken(FORWARD), board.model.resets
    board.model.faults.undriven = 0xFF
    for _ in range(3):
        board.mains.sleep_ms(5_000)
        board.model.faults.absent = True
        with pytest.raises(BusError, match="no chip answers"):
            board.driver.read()
        board.restart()
        with pytest.raises(BusError, match="no chip answers"):
            board.driver.read()
        board.model.faults.absent = False
    measurement = board.driver.read()
    assert (measurement.flags, board.model.resets) == (0, resets)
    assert measurement.import_uwh == (board.model.taken(FORWARD) - taken) * COUNT_UWH


def test_other_settings_make_it_set_up_the_chip_anew() -> None:
    """A board whose file was changed."""
    board = Board(3_600, 0, 0)
    board.driver.read()
    board.settings = THREE_PHASES | {"a": GAINS | {"voltage_gain": 7400}}
    board.restart()
    resets = board.model.resets
    board.driver.read()
    assert board.model.resets == resets + 1


# -- phases


def test_a_lost_phase_and_a_short_sag_are_reported() -> None:
    """The sag is over when it is read: the chip latched it; it is told once."""
    board = Board(100, 100, 100)
    board.driver.read()
    board.phases = [drawing(100), drawing(100), Phase(0)]
    board.mains.sleep_ms(1_000)
    assert board.driver.read().flags & (PHASE_LOSS | VOLTAGE_SAG) == PHASE_LOSS
    board.phases = [drawing(100), Phase(170_000, 75_000), drawing(100)]
    board.mains.sleep_ms(1_000)
    board.model._catch_up(0)
    board.phases = [drawing(100)] * 3
    board.mains.sleep_ms(1_000)
    assert board.driver.read().flags & VOLTAGE_SAG
    assert board.driver.read().flags == 0


def test_no_energy_register_is_read_that_is_not_used() -> None:
    """Reading clears: somebody else's registers stay as they are."""
    board = Board(3_600, 0, 0)
    running(board)(5_000)
    assert set(board.tap.asked) & set(ENERGY) == {FORWARD, REVERSE}
