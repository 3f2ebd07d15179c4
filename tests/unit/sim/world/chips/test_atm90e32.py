# SPDX-License-Identifier: Apache-2.0
"""The modelled ATM90E32AS says what the data sheet says, counts what flows, and is at least as strict."""

import pytest

from sim.world.chips.atm90e32 import Atm90e32Model, Input
from sim.world.chips.atm90e32_map import CONFIGURATION
from sim.world.chips.mains import Mains, Misuse, drawing
from sim.world.chips.registers import SpiRegisters, on_spi
from sim.world.chips.spi import SpiWires
from sim.world.electricity import Phase
from wattpact.metering.chips.frames import Atm90e32Frames

WIRED = (Input(0), Input(1), Input(2))
OPEN, LAST, ACCESS = 0x55AA, 0x78, 0x7F


class Bench:
    """A chip that is awake and meters, and its registers."""

    def __init__(
        self, *lines: Phase, inputs: tuple[Input | None, ...] = WIRED, hz: int = 50
    ) -> None:
        self.lines = lines
        self.mains = Mains(lambda _: self.lines, hz * 1_000)
        self.model = Atm90e32Model(self.mains, (inputs[0], inputs[1], inputs[2]))
        self.bus = on_spi(self.model, Atm90e32Frames())
        self.mains.sleep_ms(50)
        self.write(ACCESS, OPEN)

    def read(self, register: int) -> int:
        return self.bus.read(register, 2)

    def write(self, register: int, value: int) -> None:
        self.bus.write(register, 2, value)

    def metering(self) -> "Bench":
        self.write(0x00, 1)
        self.mains.sleep_ms(1_000)
        return self


def bench(*powers_w: int) -> Bench:
    return Bench(*[drawing(power_w) for power_w in (*powers_w, 0, 0, 0)[:3]]).metering()


# -- the wires


def test_it_answers_40_ms_after_its_supply_came() -> None:
    """Before that nobody drives the wire."""
    mains = Mains(lambda _: (Phase(0),) * 3)
    bus = on_spi(Atm90e32Model(mains, WIRED), Atm90e32Frames())
    assert bus.read(0x01, 2) == 0
    mains.sleep_ms(41)
    assert bus.read(0x01, 2) == 0x0210


def test_after_a_reset_every_register_is_what_the_data_sheet_says() -> None:
    """Whatever was written before."""
    chip = bench()
    chip.write(0x61, 1234)
    chip.write(0x70, 0x789A)
    chip.mains.sleep_ms(50)
    assert [chip.read(register) for register in CONFIGURATION] == list(CONFIGURATION.values())


@pytest.mark.parametrize(("polarity", "phase"), [(0, 0), (0, 1), (1, 0)])
def test_another_mode_than_3_gives_garbage(polarity: int, phase: int) -> None:
    """And what is written in it changes nothing."""
    chip = bench()
    wires = SpiWires(polarity, phase, 200_000)
    wrong = SpiRegisters(wires, wires.select(chip.model), Atm90e32Frames())
    wrong.write(0x61, 2, 77)
    assert wrong.read(0x01, 2) != 0x0210
    assert chip.read(0x61) == 0x8000


def test_a_clock_above_1100_khz_gives_garbage() -> None:
    """1.1 MHz still works."""
    chip = bench()
    for hz, works in ((1_100_000, True), (1_200_000, False)):
        wires = SpiWires(1, 1, hz)
        bus = SpiRegisters(wires, wires.select(chip.model), Atm90e32Frames())
        assert (bus.read(0x01, 2) == 0x0210) is works


@pytest.mark.parametrize("length", [2, 3, 5, 8])
def test_a_write_of_other_than_32_clocks_changes_nothing(length: int) -> None:
    """Neither the register nor LastSPIData."""
    chip = bench()
    wires = SpiWires(1, 1, 200_000)
    select = wires.select(chip.model)
    chip.read(0x01)
    select(0)
    wires.write_readinto(bytes.fromhex("0061123456789a00")[:length], bytearray(length))
    select(1)
    assert chip.read(LAST) == 0x0210
    assert chip.read(0x61) == 0x8000


def test_two_chips_selected_at_once_are_misuse() -> None:
    """They would drive MISO against each other."""
    chip = bench()
    wires = SpiWires(1, 1, 200_000)
    other = Atm90e32Model(chip.mains, WIRED)
    wires.select(other)(0)
    with pytest.raises(Misuse, match="two chips"):
        wires.select(chip.model)(0)


def test_a_register_that_the_data_sheet_does_not_list_is_misuse() -> None:
    """To read and to write; so is writing what can only be read."""
    chip = bench()
    with pytest.raises(Misuse, match="read of register 03B"):
        chip.read(0x3B)
    for register in (0x3B, 0xD9, 0x80, 0x78):
        with pytest.raises(Misuse, match="write to register"):
            chip.write(register, 1)


# -- LastSPIData


def test_last_spi_data_is_that_of_the_last_read_or_write_and_stays_when_read() -> None:
    """It is what a driver knows of a transfer that went wrong."""
    chip = bench()
    chip.write(0x61, 0x1234)
    assert [chip.read(LAST), chip.read(LAST)] == [0x1234, 0x1234]
    chip.read(0x01)
    assert chip.read(LAST) == 0x0210


def test_energy_is_cleared_by_reading_and_last_spi_data_still_has_it() -> None:
    """1 kW is 800 counts in 9 s, and the answer may have been spoiled on the way."""
    chip = bench(1_000)
    chip.read(0x80)
    chip.mains.sleep_ms(9_000)
    chip.model.faults.spoiled_reads[0x80] = 1
    spoiled = chip.read(0x80)
    assert chip.read(LAST) in {799, 800, 801}
    assert spoiled != chip.read(LAST)
    assert chip.read(0x80) == 0


def test_a_read_that_breaks_off_after_its_address_has_cleared_the_register() -> None:
    """16 clocks are enough; fewer change nothing."""
    chip = bench(1_000)
    wires = SpiWires(1, 1, 200_000)
    select = wires.select(chip.model)
    chip.read(0x80)
    chip.mains.sleep_ms(9_000)
    for sent, cleared in ((b"\x80", False), (b"\x80\x80", True)):
        select(0)
        wires.write_readinto(sent, bytearray(len(sent)))
        select(1)
        assert (chip.read(LAST) >= 799) is cleared
    assert chip.read(0x80) == 0


# -- configuration


def test_configuration_is_written_only_while_it_is_open() -> None:
    """A driver that forgets 55AA finds its gains unchanged."""
    chip = bench()
    chip.write(ACCESS, 0)
    chip.write(0x61, 0x1234)
    assert chip.read(LAST) == 0x1234
    assert chip.read(0x61) == 0x8000


def test_a_setting_that_changes_by_itself_is_noticed() -> None:
    """14 ms after it was closed the chip knows what it should be."""
    chip = bench()
    chip.write(ACCESS, 0)
    chip.mains.sleep_ms(20)
    digest = chip.read(0x7A)
    assert digest != 0
    assert chip.read(0x79) == 0
    chip.model.corrupt(0x61, 0x8001)
    assert chip.read(0x79) == 1


# -- measuring


def test_a_chip_that_was_not_enabled_measures_nothing() -> None:
    """No energy, no power, no voltage, no frequency."""
    chip = Bench(drawing(1_000), drawing(0), drawing(0))
    chip.mains.sleep_ms(10_000)
    assert [chip.read(register) for register in (0x80, 0xB0, 0xC0, 0xD9, 0xF8)] == [0] * 5


def test_figures_have_the_units_of_the_data_sheet() -> None:
    """0.01 V, mA, 0.32 mW in two words, thousandths, 0.01 Hz."""
    chip = Bench(Phase(230_150, -1_047_300, 477_000), drawing(0), drawing(0)).metering()
    assert chip.read(0xD9) == 0x59E7
    assert chip.read(0xDD) == 5_000
    power = (chip.read(0xB1) << 16 | chip.read(0xC1)) - (1 << 32)
    assert abs(power * 32 // 100_000 + 1_047) <= 1
    assert chip.read(0xBD) == 0x10000 - 910
    assert chip.read(0xF8) == 5_000
    assert chip.read(0x72) & 4


def test_figures_change_every_16_cycles_of_the_mains() -> None:
    """320 ms at 50 Hz; whoever reads faster reads the same."""
    chip = bench(1_000)
    chip.mains.sleep_us(-chip.mains.now_us % 320_000 + 20_000)
    before = chip.read(0xDD)
    chip.lines = (drawing(2_000), drawing(0), drawing(0))
    chip.mains.sleep_ms(200)
    assert chip.read(0xDD) == before
    chip.mains.sleep_ms(200)
    assert chip.read(0xDD) > 1.9 * before


def test_a_count_is_3125_microwatthours() -> None:
    """320 a Wh, as the meter constant 3200 has it; the other direction has registers of its own."""
    chip = bench(3_600, -1_800)
    for register in (0x80, 0x81, 0x82, 0x84, 0x85, 0x86):
        chip.read(register)
    chip.mains.sleep_ms(10_000)
    figures = [chip.read(register) for register in (0x81, 0x82, 0x85, 0x86)]
    assert [round(figure / 3200, 1) for figure in figures] == [1.0, 0, 0, 0.5]
    assert round(chip.read(0x80) / 1600, 2) == 1.0
    assert chip.read(0x84) == 0


def test_the_sum_is_arithmetic_unless_it_is_told_otherwise() -> None:
    """ABSEnP adds what two phases exchange, which no meter of a connection does."""
    chip = bench(3_600, -3_600)
    chip.write(0x33, 0x008F)
    chip.read(0x80)
    chip.mains.sleep_ms(10_000)
    assert chip.read(0x80) > 6_300
    chip.write(0x33, 0x0087)
    chip.read(0x80)
    chip.mains.sleep_ms(10_000)
    assert chip.read(0x80) <= 1


def test_what_is_below_the_threshold_is_no_load() -> None:
    """0.24 W of a phase."""
    chip = Bench(Phase(230_000, 230), drawing(0), drawing(0)).metering()
    chip.read(0x81)
    chip.mains.sleep_ms(600_000)
    assert chip.read(0x81) > 0
    chip.write(0x38, 750)
    chip.read(0x81)
    chip.mains.sleep_ms(600_000)
    assert chip.read(0x81) == 0


@pytest.mark.parametrize("saturates", [False, True])
def test_a_full_register_begins_again_or_stops(saturates: bool) -> None:
    """The data sheet does not say which; either way energy is gone, and the model knows how much."""
    chip = bench(22_000)
    chip.read(0x80)
    chip.model.faults.saturates = saturates
    counted = chip.model.counted[0x80]
    chip.mains.sleep_ms(40_000)
    left = chip.read(0x80)
    assert (left == 0xFFFF) is saturates
    assert chip.model.counted[0x80] - counted == left + chip.model.destroyed[0x80]
    assert chip.model.destroyed[0x80] > 0


def test_gains_scale_what_is_measured_and_counted() -> None:
    """Half the gain of the current gives half the power."""
    chip = Bench(*[drawing(3_600)] * 3, inputs=(Input(0, 7305, 27518),) * 3)
    for register, value in ((0x61, 7305), (0x62, 27518 // 2)):
        chip.write(register, value)
    chip.metering().read(0x81)
    chip.mains.sleep_ms(10_000)
    assert round(chip.read(0x81) / 1600, 2) == 1.0
    assert chip.read(0xDD) == 15_652 // 2


def test_a_reversed_transformer_turns_the_power_and_not_the_current() -> None:
    """Which is how it is found."""
    chip = Bench(
        drawing(1_000), drawing(0), drawing(0), inputs=(Input(0, reversed=True), None, None)
    )
    chip.metering()
    assert chip.read(0xB1) == 0xFFCF or chip.read(0xB1) >> 15
    assert chip.read(0xDD) == 4_347


def test_mains_of_the_other_frequency_are_measured_wrongly() -> None:
    """By how much nobody says; here it is 3 %."""
    chip = Bench(drawing(3_600), drawing(0), drawing(0), hz=60).metering()
    chip.read(0x81)
    chip.mains.sleep_ms(10_000)
    assert round(chip.read(0x81) / 3200, 2) == 0.97
    chip.write(0x33, 0x1087)
    chip.read(0x81)
    chip.mains.sleep_ms(10_000)
    assert round(chip.read(0x81) / 3200, 2) == 1.0


def test_sag_and_loss_of_a_phase_are_shown_and_a_sag_is_kept_until_it_is_cleared() -> None:
    """Thresholds of 179 V and 23 V; a 1 that is written clears, a 0 does not."""
    chip = Bench(*[drawing(100)] * 3)
    for register, volt in ((0x08, 179), (0x09, 23)):
        chip.write(register, volt * 141_421 * 0x8000 // (1_000 * 2 * 0x8000))
    chip.metering()
    assert chip.read(0x72) & 0x7700 == 0
    chip.lines = (drawing(100), Phase(150_000, 1_500), Phase(0))
    chip.mains.sleep_ms(400)
    assert chip.read(0x72) & 0x7700 == 0x3100
    chip.lines = (drawing(100),) * 3
    chip.mains.sleep_ms(400)
    assert chip.read(0x72) & 0x7700 == 0
    assert chip.read(0x74) & 0x7700 == 0x3100
    chip.write(0x74, 0x1000)
    assert chip.read(0x74) & 0x7700 == 0x2100


def test_what_nobody_read_before_a_power_cut_is_gone() -> None:
    """And stands in `destroyed`; afterwards nothing is metered until somebody sets it up."""
    chip = bench(3_600)
    chip.model.power_off()
    gone = chip.model.destroyed[0x80]
    assert gone > 0
    assert chip.read(0x80) == 0
    chip.model.power_on()
    chip.mains.sleep_ms(10_000)
    assert [chip.read(0x00), chip.read(0x80), chip.read(0x61)] == [0, 0, 0x8000]
    assert chip.model.counted[0x80] == gone
