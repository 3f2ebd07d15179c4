# SPDX-License-Identifier: Apache-2.0
"""The modelled ADE7953 says what the data sheet says, on SPI and on I2C, and is at least as strict."""

import pytest

from sim.world.chips.ade7953 import I2C_ADDRESS, Ade7953Model
from sim.world.chips.mains import Mains, Misuse, drawing
from sim.world.chips.registers import I2cRegisters, SpiRegisters, on_spi
from sim.world.chips.spi import SpiWires
from sim.world.electricity import Phase
from wattpact.errors import BusError
from wattpact.metering.chips.frames import Ade7953Frames

KWH = 23_590_800


class Bench:
    """A chip after its start, on SPI and on I2C at once, which no board does and a test may."""

    def __init__(self, *lines: Phase) -> None:
        self.lines = lines
        self.mains = Mains(lambda _: self.lines)
        self.model = Ade7953Model(self.mains, (0, 1))
        self.spi = on_spi(self.model, Ade7953Frames())
        self.i2c = I2cRegisters(self.model)
        self.mains.sleep_ms(100)

    def tuned(self) -> "Bench":
        self.spi.write(0x0FE, 1, 0xAD)
        self.spi.write(0x120, 2, 0x30)
        return self


def bench(power_w: int = 0, other_w: int = 0) -> Bench:
    return Bench(drawing(power_w), drawing(other_w)).tuned()


def test_it_answers_66_ms_after_its_supply_came() -> None:
    """On I2C it does not acknowledge, on SPI nobody drives the wire; then RESET is shown, once."""
    mains = Mains(lambda _: (Phase(0),) * 2)
    chip = Ade7953Model(mains, (0, None))
    spi, i2c = on_spi(chip, Ade7953Frames()), I2cRegisters(chip)
    assert spi.read(0x102, 2) == 0xFFFF
    with pytest.raises(BusError, match="acknowledge"):
        i2c.read(0x102, 2)
    mains.sleep_ms(67)
    assert [spi.read(0x102, 2), i2c.read(0x102, 2)] == [0x8004, 0x8004]
    assert [i2c.read(0x32E, 4), i2c.read(0x32E, 4)] == [0x100000, 0]


def test_both_wires_lead_to_the_same_registers() -> None:
    """And a 24-bit register has two addresses."""
    chip = bench()
    chip.i2c.write(0x281, 3, 0x412345)
    assert chip.spi.read(0x381, 4) == 0x412345
    chip.spi.write(0x382, 4, 0x3FFFFF)
    assert chip.i2c.read(0x282, 3) == 0x3FFFFF
    assert [chip.i2c.read(0x702, 1), chip.i2c.read(0x004, 1)] == [3, 0x40]


def test_another_address_is_not_acknowledged_and_a_stop_forgets_the_register() -> None:
    """The read needs a repeated start."""
    chip = bench()
    with pytest.raises(OSError, match="not acknowledged"):
        chip.model.writeto(0x39, b"\x01\x02", False)
    chip.model.writeto(I2C_ADDRESS, b"\x01\x02")
    with pytest.raises(OSError, match="no register"):
        chip.model.readfrom(I2C_ADDRESS, 2)


def test_a_wrong_width_or_an_unknown_register_is_misuse() -> None:
    """What a real chip would answer to that is nobody's business."""
    chip = bench()
    chip.model.writeto(I2C_ADDRESS, b"\x01\x02", False)
    with pytest.raises(Misuse, match="3 bytes of register 102"):
        chip.model.readfrom(I2C_ADDRESS, 3)
    with pytest.raises(Misuse, match="1 bytes to register 102"):
        chip.model.writeto(I2C_ADDRESS, b"\x01\x02\x00")
    with pytest.raises(Misuse, match="read of register 105"):
        chip.i2c.read(0x105, 2)
    with pytest.raises(Misuse, match="write to register 31E"):
        chip.i2c.write(0x31E, 4, 0)


@pytest.mark.parametrize(
    ("polarity", "phase", "hz"), [(0, 1, 10**6), (1, 0, 10**6), (0, 0, 6 * 10**6)]
)
def test_other_modes_and_faster_clocks_are_not_understood(
    polarity: int, phase: int, hz: int
) -> None:
    """Modes 0 and 3 sample at the same edge; 5 MHz is the most."""
    chip = bench()
    wires = SpiWires(polarity, phase, hz)
    wrong = SpiRegisters(wires, wires.select(chip.model), Ade7953Frames())
    wrong.write(0x102, 2, 0x0004)
    assert wrong.read(0x102, 2) == 0xFFFF
    assert chip.spi.read(0x102, 2) == 0x8004


def test_mode_3_is_as_good_as_mode_0() -> None:
    """Drivers of both kinds are about."""
    chip = bench()
    wires = SpiWires(1, 1, 10**6)
    assert SpiRegisters(wires, wires.select(chip.model), Ade7953Frames()).read(0x102, 2) == 0x8004


def test_120_opens_for_the_next_transfer_only() -> None:
    """Whatever comes between closes it, and without it 2 % too much is measured."""
    chip = Bench(drawing(3_600), drawing(0))
    chip.spi.write(0x0FE, 1, 0xAD)
    chip.spi.read(0x102, 2)
    chip.spi.write(0x120, 2, 0x30)
    assert chip.spi.read(0x120, 2) == 0
    chip.spi.read(0x31E, 4)
    chip.mains.sleep_ms(10_000)
    wrong = chip.spi.read(0x31E, 4)
    chip.tuned().spi.read(0x31E, 4)
    chip.mains.sleep_ms(10_000)
    assert round(wrong / chip.spi.read(0x31E, 4), 2) == 1.02


def test_protected_registers_keep_their_values() -> None:
    """By width; WRITE_PROTECT itself can always be written."""
    chip = bench()
    chip.spi.write(0x040, 1, 7)
    for register, width in ((0x007, 1), (0x102, 2), (0x281, 3), (0x382, 4)):
        before = chip.spi.read(register, width)
        chip.spi.write(register, width, 1)
        assert chip.spi.read(register, width) == before
    chip.spi.write(0x040, 1, 0)
    chip.spi.write(0x007, 1, 1)
    assert chip.spi.read(0x007, 1) == 1


def test_its_last_transfer_can_be_read_without_changing_it() -> None:
    """What, where, which value."""
    chip = bench()
    chip.spi.write(0x101, 2, 100)
    for _ in range(2):
        assert [chip.spi.read(0x0FD, 1), chip.spi.read(0x1FE, 2)] == [0xCA, 0x101]
        assert chip.spi.read(0x1FF, 2) == 100
    chip.spi.read(0x102, 2)
    assert [chip.spi.read(0x0FD, 1), chip.spi.read(0x1FE, 2)] == [0x35, 0x102]


def test_energy_is_cleared_by_reading_only_while_rstread_is_set() -> None:
    """It is by default."""
    chip = bench(3_600)
    chip.spi.read(0x31E, 4)
    chip.mains.sleep_ms(10_000)
    assert round(chip.spi.read(0x31E, 4) / KWH * 1_000) == 10
    assert chip.spi.read(0x31E, 4) < 200
    chip.spi.write(0x004, 1, 0)
    chip.mains.sleep_ms(10_000)
    assert round(chip.spi.read(0x31E, 4) / KWH * 1_000) == 10
    assert round(chip.spi.read(0x21E, 3) / KWH * 1_000) == 10


def test_energy_is_signed_and_wraps_from_the_greatest_to_the_least() -> None:
    """24 bits, with the sign spread over 32."""
    chip = bench(3_600, -3_600)
    chip.spi.write(0x004, 1, 0)
    chip.model.preset_energy(0x7FFFFF)
    chip.mains.sleep_ms(1_000)
    assert chip.spi.read(0x31E, 4) >> 20 == 0xFF8
    chip.spi.read(0x31F, 4)
    assert chip.spi.read(0x21F, 3) >> 20 == 0xF


def test_rms_power_and_period_have_the_scales_of_the_board() -> None:
    """The power factor takes its sign from the reactive energy, which makes it no direction."""
    chip = Bench(Phase(230_000, -2_070_000, 1_002_548), drawing(0)).tuned()
    chip.mains.sleep_ms(100)
    assert chip.spi.read(0x31C, 4) == 230 * 26_000
    assert chip.spi.read(0x31A, 4) == 1_000_000
    assert chip.spi.read(0x312, 4) - (1 << 32) == -2_070 * 154
    assert chip.spi.read(0x10A, 2) == round(0x7FFF * 0.9)
    assert chip.spi.read(0x10E, 2) == 0x117A


def test_an_unlocked_interface_is_switched_away_by_noise() -> None:
    """A locked one is not."""
    for config, answers in ((0x8004, False), (0x0004, True)):
        chip = bench()
        chip.spi.write(0x102, 2, config)
        chip.model.faults.noise = 1
        chip.spi.read(0x102, 2)
        assert (chip.spi.read(0x102, 2) == config) is answers


def test_its_checksum_follows_the_settings() -> None:
    """Only if it is enabled; otherwise it is FFFFFFFF."""
    chip = bench()
    assert chip.spi.read(0x37F, 4) == 0xFFFFFFFF
    chip.spi.write(0x102, 2, 0x0104)
    chip.mains.sleep_ms(20)
    before = chip.spi.read(0x37F, 4)
    chip.spi.write(0x281, 3, 0x400001)
    chip.mains.sleep_ms(20)
    assert chip.spi.read(0x37F, 4) != before
    with pytest.raises(Misuse, match="within 143 us"):
        chip.spi.read(0x37F, 4)


def test_a_reset_by_its_bit_takes_everything_back() -> None:
    """And it needs its time again."""
    chip = bench(3_600)
    chip.spi.write(0x102, 2, 0x0084)
    assert chip.spi.read(0x102, 2) == 0xFFFF
    chip.mains.sleep_ms(100)
    assert [chip.spi.read(0x102, 2), chip.spi.read(0x120, 2)] == [0x8004, 0]
    assert chip.model.destroyed[0x31E] > 0
