# SPDX-License-Identifier: Apache-2.0
"""A day of virtual time: what slots and registers say against what the modelled meter counted, to the step."""

from collections.abc import Callable
from random import Random

import pytest

from sim.world.chips.modbus.bus import Bus
from sim.world.chips.modbus.meters import Eastron, Pzem004t, modelled
from sim.world.electricity import Electricity, Phase
from tests.unit.metering.given import SITE, SLOT_S, START, PowerCut, Shelf
from wattpact.metering.catalog import modbus_meter
from wattpact.metering.counters import BACK, JUMPED
from wattpact.metering.modbus.line import RtuLine
from wattpact.metering.reading import Reading
from wattpact.metering.slots import SlotMeter

WH = 1_000_000
DAY_S = 86_400
POLL_S = 30
KEY = b"m1"


class Day:
    """A meter on its line, a board that polls it, a household that changes its mind every half minute."""

    def __init__(self, name: str, begins_wh: int = 0, exports: bool = True) -> None:
        self.rng = Random(name)
        self.world = Electricity(
            [Phase() for _ in range(3 if name in {"sdm630", "dtsu666"} else 1)]
        )
        self.model = modelled(name, self.world, begins_uwh=begins_wh * WH)
        self.bus = Bus([self.model], self.model.baud, self.model.frame)
        self.driver = modbus_meter(name, RtuLine(self.bus, self.model.baud, 300), 1)
        self.begins_wh = begins_wh
        self.exports = exports
        self.shelf = Shelf()
        self.readings: list[Reading] = []
        self.events: dict[int, Callable[[], None]] = {}
        self.lost_uwh = [0, 0]
        """Import and export that flowed between the last value believed before a new epoch and its first one."""
        self._seen_uwh = [0, 0]
        self.restart()

    @property
    def now(self) -> int:
        """Board and world have the same clock."""
        return START + self.bus.now_us // 1_000_000

    @property
    def flowed_uwh(self) -> list[int]:
        """Import and export since the day began."""
        return [self.world.imported_uwh, self.world.exported_uwh]

    def restart(self) -> None:
        """The board, from what it kept."""
        kept = self.shelf.kept.get(KEY, b"")
        self.meter = SlotMeter(self.driver, self.shelf, KEY, kept, SITE, SLOT_S, POLL_S, self.now)

    def run(self, seconds: int = DAY_S) -> None:
        """Then all loads are off and the meter is read once more."""
        end = self.now + seconds
        while self.now < end:
            if self.now % 30 == 0:
                self._change()
            for at in [each for each in self.events if START + each <= self.now]:
                self.events.pop(at)()
            if self.now >= self.meter.wake_at:
                self._tick()
            events = [START + at for at in self.events]
            next_s = min(self.meter.wake_at, self.now + 30 - self.now % 30, *events, end)
            self.bus.pass_time(max(1, next_s - self.now) * 1_000_000 - self.bus.now_us % 1_000_000)
        for phase in self.world.phases:
            phase.power_mw = 0
        self.bus.pass_time(POLL_S * 1_000_000)
        self._tick()

    def _change(self) -> None:
        for phase in self.world.phases:
            most_w = 4_000
            least_w = -3_000 if self.exports else 0
            phase.power_mw = self.rng.randrange(least_w * 1_000, most_w * 1_000)
            phase.reactive_mvar = self.rng.randrange(-500_000, 500_000)

    def _tick(self) -> None:
        epoch = self.meter.counters.epoch
        before_s, now = self.meter.counters.time, self.now
        try:
            self.readings += self.meter.on_tick(now)
        except PowerCut:
            self.restart()
            return
        if self.meter.counters.epoch > epoch:
            for direction in (0, 1):
                gap_uwh = self.flowed_uwh[direction] - self._seen_uwh[direction]
                self.lost_uwh[direction] += gap_uwh
        if self.meter.counters.time != before_s:
            self._seen_uwh = self.flowed_uwh

    def off_by_uwh(self) -> list[int]:
        """How far the registers are from what flowed, less what nobody can know."""
        registers = self.meter.counters
        begun = self.begins_wh * WH
        return [
            registers.imported.uwh - begun - self.flowed_uwh[0] + self.lost_uwh[0],
            registers.exported.uwh - begun - self.flowed_uwh[1] + self.lost_uwh[1],
        ]

    def told_wh(self) -> int:
        """Import of all valid slots."""
        return sum(each.import_wh for each in self.readings)


def disturb(day: Day) -> None:
    """A few hundred transfers go wrong, some of them at the end of a slot."""
    faults = day.bus.faults
    for number in range(400):
        kind = ("silent", "spoiled", "cut", "noise", "refused")[number % 5]
        count = day.rng.randrange(1, 5)

        def happen(kind: str = kind, count: int = count) -> None:
            setattr(faults, kind, count)

        near = SLOT_S * day.rng.randrange(1, 96) + day.rng.randrange(-3, 3)
        day.events[near if number % 2 else day.rng.randrange(60, DAY_S - 60)] = happen


@pytest.mark.parametrize("name", ["sdm120", "sdm630", "dtsu666", "dds238-v2", "ddsu666"])
def test_a_day_with_lost_transfers_is_counted_to_the_step(name: str) -> None:
    """Every slot is valid, and together they are what the registers advanced."""
    day = Day(name, begins_wh=123_450)
    disturb(day)
    day.run()
    step_uwh = day.driver.counting.step_uwh
    assert all(abs(off) <= step_uwh for off in day.off_by_uwh())
    assert len(day.readings) == 96
    assert [each.reason for each in day.readings if not each.valid] == []
    assert day.meter.counters.epoch == 0
    last = day.readings[-1]
    assert day.told_wh() == last.import_register_wh - day.begins_wh
    assert sum(each.export_wh for each in day.readings) == last.export_register_wh - day.begins_wh


def test_a_day_through_a_rollover_is_counted_to_the_step() -> None:
    """A PZEM a few kWh before the end of its display."""
    day = Day("pzem004t", begins_wh=0, exports=False)
    assert isinstance(day.model, Pzem004t)
    begins_wh = day.model.SPAN_WH - 7_777
    day.model.reset(begins_wh * WH)
    day.begins_wh = begins_wh
    disturb(day)
    day.run()
    assert abs(day.off_by_uwh()[0]) <= WH
    assert day.meter.counters.epoch == 0
    assert all(each.valid for each in day.readings)
    assert day.readings[-1].import_register_wh > day.model.SPAN_WH
    assert day.driver.read().import_uwh < day.meter.counters.imported.uwh


@pytest.mark.parametrize(
    ("counter_wh", "reason"), [(0, BACK), (9_000_000, JUMPED)], ids=["reset", "exchanged"]
)
def test_a_day_through_a_reset_loses_what_nobody_read_and_that_slot(
    counter_wh: int, reason: str
) -> None:
    """Between the last value before it and the first one believed after it; all else is counted to the step."""
    day = Day("sdm630", begins_wh=50_000)
    at = 40_000
    day.events[at] = lambda: day.model.reset(counter_wh * WH, counter_wh * WH)
    disturb(day)
    day.run()
    step_uwh = day.driver.counting.step_uwh
    assert all(abs(off) <= 2 * step_uwh for off in day.off_by_uwh())  # a step at each epoch's end
    assert 0 < day.lost_uwh[0] + day.lost_uwh[1] < 500 * WH
    bad = [(each.slot, each.reason) for each in day.readings if not each.valid]
    assert bad == [(START + at // SLOT_S * SLOT_S, reason)]
    assert day.meter.counters.epoch == 1


def test_a_display_switched_to_another_prefix_is_no_energy() -> None:
    """A thousandfold, where each step is a jump again, and back: epochs, and not a Wh too much."""
    day = Day("sdm120", begins_wh=50_000)
    model = day.model
    assert isinstance(model, Eastron)

    def switch(scale: float) -> None:
        model.energy_scale = scale

    day.events[20_000] = lambda: switch(1_000.0)
    day.events[20_100] = lambda: switch(1.0)
    day.run(40_000)
    assert 2 <= day.meter.counters.epoch <= 5
    assert all(abs(off) <= (1 + day.meter.counters.epoch) * 10 * WH for off in day.off_by_uwh())


def test_a_supply_that_fails_again_and_again_invents_nothing() -> None:
    """The meter loses its last Wh each time, and stays behind what flowed by no more than those."""
    day = Day("sdm120", begins_wh=50_000)
    for number in range(8):
        at = 5_000 + 9_000 * number
        day.events[at] = day.model.cut_power
        day.events[at + 300] = day.model.restore_power
    day.run()
    flowed_off_uwh, _ = day.off_by_uwh()
    assert flowed_off_uwh <= 10 * WH
    assert abs(day.meter.counters.imported.uwh - day.model.import_uwh) <= 8 * 20 * WH
    assert day.told_wh() <= day.flowed_uwh[0] // WH + 10


@pytest.mark.parametrize("before", [True, False])
def test_power_cuts_of_the_board_lose_and_double_nothing(before: bool) -> None:
    """At every tenth write, before it or after it, a day long: the meter counted on."""
    day = Day("dds238-v1", begins_wh=1_000)

    def cut() -> None:
        setattr(day.shelf, "cut_before" if before else "cut_after", day.shelf.writes + 1)

    for number in range(9):
        day.events[500 + SLOT_S * 10 * number] = cut
    day.run()
    assert all(abs(off) <= 10 * WH for off in day.off_by_uwh())
    told = {each.slot: each for each in day.readings}
    assert len(told) == 96
    assert all(each.valid for each in told.values())
    total_wh = sum(each.import_wh for each in told.values())
    assert total_wh == day.readings[-1].import_register_wh - day.begins_wh
