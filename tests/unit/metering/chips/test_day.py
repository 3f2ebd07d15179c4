# SPDX-License-Identifier: Apache-2.0
"""A day of virtual time: what the drivers make of it, through resets, rollovers, lost transfers and power cuts."""

from collections.abc import Callable, Sequence

import pytest

from sim.world.chips.mains import STEP_US, drawing
from sim.world.electricity import NJ_PER_UWH, Phase
from tests.unit.metering.chips.fitted import (
    ADE7953,
    COUNT_UWH,
    Board,
    SmallBoard,
    Witness,
)
from tests.unit.metering.given import SLOT_S, START, PowerCut, Shelf
from wattpact.interfaces import MeterDriver
from wattpact.metering.chips.ade7953 import Ade7953
from wattpact.metering.counters import LOST
from wattpact.metering.measurement import Site
from wattpact.metering.reading import Reading
from wattpact.metering.slots import KEEP_UWH, SlotMeter

DAY_S = 86_400
SITE = Site(rated_w=9_000, nominal_mv=230_000, exports=True)
POLL_S = 60
POLL_WH_MOST = 70
"""What flows within a poll at most."""
FORWARD, REVERSE = 0x80, 0x84
WRAP_UWH = (1 << 24) * 10**9 // ADE7953["energy_counts_per_kwh"]


def home(us: int) -> Sequence[Phase]:
    """Three phases of a house with a roof: 300 W at night, some cooking, 4 kW from the sun about noon."""
    hour = us // 3_600_000_000 % 24
    sun_w = {9: 1_000, 10: 2_200, 11: 3_400, 12: 4_000, 13: 3_700, 14: 2_000}.get(hour, 0)
    cooking_w = 2_300 if us // 60_000_000 % 60 < 20 and hour in {7, 12, 19} else 0
    return [drawing(150 - sun_w), drawing(90 + cooking_w), drawing(60)]


def flowed_uwh(lines: Callable[[int], Sequence[Phase]], us: int) -> int:
    """Net energy of the first `us`, second by second."""
    nj = sum(phase.power_mw for at in range(0, us, STEP_US) for phase in lines(at)) * STEP_US
    return nj // NJ_PER_UWH


class Day:
    """A SlotMeter on a board, ticked until a time."""

    def __init__(self, board: Board | SmallBoard, poll_s: int = POLL_S) -> None:
        self.board = board
        self.poll_s = poll_s
        self.shelf = Shelf()
        self.readings: list[Reading] = []
        self.restart(board.driver)

    @property
    def now(self) -> int:
        return START + self.board.mains.now_us // 1_000_000

    def restart(self, driver: MeterDriver) -> None:
        kept = self.shelf.kept.get(b"m", b"")
        self.meter = SlotMeter(driver, self.shelf, b"m", kept, SITE, SLOT_S, self.poll_s, self.now)

    def until(self, second: int, at: dict[int, Callable[[], None]] | None = None) -> None:
        """Run to `second` of the day; what stands in `at` happens when its second is reached."""
        events = sorted((at or {}).items(), reverse=True)
        while self.now < START + second:
            while events and self.now >= START + events[-1][0]:
                events.pop()[1]()
            self.readings += self.meter.on_tick(self.now)
            self.board.mains.sleep_ms(max(self.meter.wake_at - self.now, 1) * 1_000)


def test_a_day_of_an_atm90e32_is_counted_to_the_step() -> None:
    """Through spoiled and lost transfers nothing is lost; through a reset what the chip says, and one slot."""
    board = Board(0, 0, 0)
    board.mains.phases = home
    day = Day(board)
    faults = board.model.faults

    def spoil(register: int) -> Callable[[], None]:
        return lambda: faults.spoiled_reads.update({register: 1})

    def lose(register: int) -> Callable[[], None]:
        return lambda: faults.lost_frames.update({register: 1})

    lost_counts: dict[int, int] = {FORWARD: 0, REVERSE: 0}

    def reset() -> None:
        before = {register: board.model.taken(register) for register in lost_counts}
        board.model.reset()
        board.mains.sleep_ms(100)
        day.readings += day.meter.on_tick(day.now)
        for register, taken in before.items():
            lost_counts[register] = board.model.taken(register) - taken

    spoils = {3_000 + 1_111 * at: spoil((FORWARD, REVERSE, 0x78)[at % 3]) for at in range(60)}
    losses = {3_600 + 1_733 * at: lose((FORWARD, REVERSE, 0x32)[at % 3]) for at in range(40)}
    day.until(1)  # the first contact, from which on it counts
    begun = {register: board.model.taken(register) for register in lost_counts}
    day.until(DAY_S + 60, {**spoils, **losses, 40_000: reset})

    counters = day.meter.counters
    for register, uwh in ((FORWARD, counters.imported.uwh), (REVERSE, counters.exported.uwh)):
        counted = board.model.taken(register) - begun[register] - lost_counts[register]
        assert counted * COUNT_UWH == uwh
        assert board.model.destroyed[register] * COUNT_UWH < POLL_WH_MOST * 10**6
    assert counters.epoch == 1
    invalid = [reading for reading in day.readings if not reading.valid]
    assert [reading.reason for reading in invalid] == [LOST]
    assert invalid[0].slot == START + 40_000 - 40_000 % SLOT_S
    assert len(day.readings) == DAY_S // SLOT_S
    assert day.readings[-1].import_register_wh == counters.imported.uwh // 10**6


def one_phase(us: int) -> Sequence[Phase]:
    """The same house on one."""
    return [drawing(sum(phase.power_mw for phase in home(us)) // 1_000)]


@pytest.mark.parametrize("i2c", [True, False])
def test_a_day_of_an_ade7953_is_counted_to_the_step_through_rollovers(i2c: bool) -> None:
    """24 bits wrap every 711 Wh; spoiled answers come in between, and nothing is lost."""
    board = SmallBoard(0, i2c=i2c)
    board.mains.phases = one_phase
    witness = Witness(board)
    board.driver = Ade7953(witness, ADE7953, board.mains.sleep_ms)
    day = Day(board)

    def spoil() -> None:
        board.model.faults.spoiled_reads = 1

    day.until(1)
    begun = witness.counts
    day.until(DAY_S + 60, {2_000 + 977 * at: spoil for at in range(80)})
    counters = day.meter.counters
    net_uwh = counters.imported.uwh - counters.exported.uwh
    counted_uwh = (witness.counts - begun) * 10**9 // ADE7953["energy_counts_per_kwh"]
    assert abs(net_uwh - counted_uwh) <= 10**9 // ADE7953["energy_counts_per_kwh"]
    assert counters.exported.uwh > 5 * WRAP_UWH
    assert counters.imported.uwh > 5 * WRAP_UWH
    assert counters.epoch == 0
    assert all(reading.valid for reading in day.readings)
    assert net_uwh == pytest.approx(flowed_uwh(one_phase, board.mains.now_us), rel=0.01)


@pytest.mark.parametrize("power_w", [100, 3_600])
@pytest.mark.parametrize("cut", ["cut_before", "cut_after"])
def test_a_power_cut_loses_what_one_transfer_held_and_what_was_not_kept_yet(
    power_w: int, cut: str
) -> None:
    """Reading has cleared it in the chip, which runs on; KEEP_UWH more at most was not worth a write."""
    for write in range(1, 12):
        board = Board(power_w, 0, 0)
        day = Day(board, poll_s=10)
        board.driver.read()
        taken = board.model.taken(FORWARD)
        day.until(60)
        setattr(day.shelf, cut, day.shelf.writes + write)
        with pytest.raises(PowerCut):
            day.until(9_000 if power_w < 1_000 else 1_500)
        board.restart()
        day.restart(board.driver)
        day.until(day.now + 40 - START)
        counted_uwh = (board.model.taken(FORWARD) - taken) * COUNT_UWH
        lost_uwh = counted_uwh - day.meter.counters.imported.uwh
        transfer_uwh = power_w * 11 * 10**6 // 3_600
        assert 0 <= lost_uwh <= KEEP_UWH + transfer_uwh
        assert lost_uwh <= transfer_uwh or power_w < 1_000
