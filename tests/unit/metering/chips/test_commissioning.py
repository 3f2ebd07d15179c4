# SPDX-License-Identifier: Apache-2.0
"""The check at installation with modelled chips: who was fitted wrongly is found out, and nobody else."""

from collections.abc import Callable

import pytest

from sim.world.chips.atm90e32 import Input
from sim.world.chips.mains import drawing
from sim.world.chips.registers import on_spi
from sim.world.electricity import Phase
from tests.unit.metering.chips.fitted import ADE7953, THREE_PHASES, Board, SmallBoard
from wattpact.metering.chips.frames import Atm90e32Frames
from wattpact.metering.commissioning import AGREES, DIFFERS, SelfCheck


def checked(
    board: Board | SmallBoard, between: Callable[[int], None] | None = None
) -> tuple[int, str]:
    """The verdict after five minutes of a measurement every two seconds; `between(n)` happens after the n-th."""
    board.driver.read()
    board.mains.sleep_ms(1_000)
    check = SelfCheck(board.driver.counting)
    for number in range(151):
        check.take(board.mains.now_us // 1_000, board.driver.read())
        if between:
            between(number)
        board.mains.sleep_ms(2_000)
    return check.verdict()


@pytest.mark.parametrize(
    "board",
    [
        Board(2_000, 1_000, 300),
        Board(1_500, 0, 0, settings=THREE_PHASES | {"netting": 0}),
        SmallBoard(1_000, i2c=True),
        SmallBoard(1_000, i2c=False),
    ],
    ids=["three phases", "without netting", "I2C", "SPI"],
)
def test_a_chip_that_is_fitted_rightly_agrees(board: Board | SmallBoard) -> None:
    """Energy is what power adds up to."""
    assert checked(board)[0] == AGREES


def test_a_reversed_transformer_is_found_by_the_sign_of_its_phase() -> None:
    """Its current is positive all the same, and so is the sum."""
    inputs = [Input(at, 7305, 27518, reversed=at == 1) for at in range(3)]
    verdict, told = checked(Board(2_000, 500, 1_000, inputs=inputs))
    assert verdict == DIFFERS
    assert told == "L2: power is negative under a load: its current transformer is reversed"


def test_a_transformer_on_another_conductor_is_found_by_its_power_factor() -> None:
    """Energy and power are wrong alike; a heater does not have 0.5."""
    board = Board(0, 0, 0)
    board.phases = [Phase(230_000, 500_000, 866_025), drawing(1_000), drawing(1_000)]
    verdict, told = checked(board)
    assert verdict == DIFFERS
    assert told.startswith("L1: power factor 50 %: is its current transformer")


@pytest.mark.parametrize("factor", [2, 10])
def test_a_constant_that_is_wrong_by_a_factor_is_found(factor: int) -> None:
    """A meter constant of half as many pulses, as a maker's own demo has it, or a step of ten."""
    counts = ADE7953["energy_counts_per_kwh"] * factor
    board = SmallBoard(1_000, settings=ADE7953 | {"energy_counts_per_kwh": counts})
    verdict, told = checked(board)
    assert verdict == DIFFERS
    assert "wrong meter type, ratio or calibration" in told


def test_a_second_reader_that_takes_energy_is_found() -> None:
    """It reads an energy register of ours every ten seconds, as another program on the bus would."""
    board = Board(2_000, 0, 0)
    thief = on_spi(board.model, Atm90e32Frames())

    def steal(number: int) -> None:
        if number % 5 == 0:
            board.mains.sleep_ms(1_000)
            thief.read(0x80, 2)

    verdict, told = checked(board, steal)
    assert verdict == DIFFERS
    assert told.endswith("or somebody else reads it")
