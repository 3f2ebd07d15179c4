# SPDX-License-Identifier: Apache-2.0
"""A real meter node that lives on what an SDM630's registers say, in a community with a real chain.

The only thing a test does is to the electricity, to the line and to the meter; all that follows is the product's.
"""

from sim.world.chips.modbus.bus import Bus
from sim.world.chips.modbus.meters import modelled
from sim.world.electricity import Electricity, Phase
from tests.trade.board import Board
from tests.trade.world import FIRST, NEED_WH, ROUND, SLOT, World
from tests.unit.metering.given import SITE, Shelf
from wattpact.ledger import life
from wattpact.metering.catalog import modbus_meter
from wattpact.metering.counters import BACK
from wattpact.metering.modbus.line import RtuLine
from wattpact.metering.reading import Reading
from wattpact.metering.slots import SlotMeter
from wattpact.wire.messages import END_COMPLETE, END_METER_FAULT, TradeEnd

POLL_S = 30
DISPLAY_WH = 54_320
LOAD_MW = NEED_WH * 4 * 1_000  # what the node expects a home to need
SETTLED_S = 7_400
TRADED = FIRST + ROUND
"""The first round that a meter can trade which began to read in mid-slot before the one before it."""


class Home:
    """Anna's node, her meter on its line, and the electricity of her home in three equal phases."""

    def __init__(self) -> None:
        self.world = World()
        self.world.add_plant("sunny")
        self.board: Board = self.world.add_meter("anna", hears=["sunny"])
        self.board.unread = set(range(FIRST - 9 * SLOT, FIRST + 40 * SLOT, SLOT))  # metering reads
        self.electricity = Electricity([Phase(), Phase(), Phase()])
        self.model = modelled("sdm630", self.electricity, begins_uwh=DISPLAY_WH * 1_000_000)
        self.bus = Bus([self.model])
        self.readings: list[Reading] = []
        self.load(LOAD_MW)
        self._began = self.world.clock
        self.meter = SlotMeter(
            modbus_meter("sdm630", RtuLine(self.bus, 9_600, 300), 1),
            Shelf(),
            b"m1",
            b"",
            SITE,
            SLOT,
            POLL_S,
            self.world.clock,
        )

    def load(self, power_mw: int) -> None:
        """From now on."""
        for phase in self.electricity.phases:
            phase.power_mw = power_mw // 3

    def run_until(self, end: int) -> None:
        """Time passes on the board and at its meter alike; every tick is one that metering asked for."""
        while self.world.clock < end:
            now = min(end, max(self.meter.wake_at, self.world.clock + 1))
            self.world.run_until(now)
            passed_us = (now - self._began) * 1_000_000
            self.bus.pass_time(max(0, passed_us - self.bus.now_us))
            if now >= self.meter.wake_at:
                for reading in self.meter.on_tick(now):
                    self.readings.append(reading)
                    self.board.hand(reading)
        self.world.wire.deliver()

    def ends(self) -> list[TradeEnd]:
        """What she signed."""
        letters = self.world.wire.sent("tradeend")
        found = [each.message for each in letters if each.to == self.world.desk.kid]
        return [message for message in found if isinstance(message, TradeEnd)]


def test_a_meter_on_a_modbus_line_carries_a_trade_from_reading_to_award() -> None:
    """What was delivered is what its registers say, and so is the range that was signed."""
    home = Home()
    home.run_until(TRADED + ROUND + SETTLED_S)
    end = home.ends()[0]
    assert end.reason == END_COMPLETE
    read = [each for each in home.readings if TRADED <= each.slot < TRADED + ROUND]
    assert [each.valid for each in read] == [True] * 4
    assert [wh for _slot, wh, _valid in end.slots] == [
        min(NEED_WH, each.import_wh) for each in read
    ]
    assert end.register_end_wh == read[-1].import_register_wh
    assert end.register_end_wh - end.register_start_wh == sum(each.import_wh for each in read)
    assert abs(end.register_start_wh - DISPLAY_WH - (TRADED - home._began) * 800 // 3_600) <= 10
    assert home.world.deals()[0].state == life.SETTLED
    assert home.board.meter.buying.awards >= 1


def test_a_meter_that_dies_in_mid_contract_stops_trade_and_invents_nothing() -> None:
    """The contract ends as contested with the last register that was read, its later slots not valid and empty."""
    home = Home()
    home.run_until(TRADED + 2 * SLOT + 400)
    home.model.cut_power()
    home.run_until(TRADED + ROUND + 60)
    (end,) = home.ends()
    last = [each for each in home.readings if each.valid][-1]
    assert last.slot == TRADED + SLOT
    assert [valid for _slot, _wh, valid in end.slots] == [True, True, False, False]
    assert [wh for _slot, wh, _valid in end.slots][2:] == [0, 0]
    assert end.reason == END_METER_FAULT
    assert end.register_end_wh == last.import_register_wh
    reasons = home.board.told("meter")
    assert any("modbus unit 1: no answer" in reason for reason in reasons)
    proposals = len(home.world.wire.sent("proposal"))
    home.run_until(TRADED + ROUND + SETTLED_S + 2 * ROUND)
    assert len(home.world.wire.sent("proposal")) == proposals
    assert "the meter gives no valid reading" in home.board.told("not-trading")
    assert home.world.deals()[0].state == life.CONTESTED
    sold = [deal for deal in home.world.deals() if deal.terms.start > TRADED]
    assert all(sum(deal.progress.settled) == 0 for deal in sold)


def test_a_meter_that_comes_back_trades_again_from_where_its_register_is() -> None:
    """What flowed meanwhile is in no slot and under no contract, and the chain takes the next range."""
    home = Home()
    home.run_until(TRADED + 2 * SLOT + 400)
    home.bus.faults.silent = 1 << 30
    home.run_until(TRADED + ROUND + 2 * SLOT)
    home.bus.faults.silent = 0
    home.run_until(TRADED + 4 * ROUND + SETTLED_S)
    first, later = home.ends()[0], home.ends()[-1]
    assert first.reason == END_METER_FAULT
    assert later.reason == END_COMPLETE
    assert later.register_start_wh > first.register_end_wh
    assert home.board.told("refused") == []
    assert life.SETTLED in [deal.state for deal in home.world.deals()]
    bought_wh = sum(sum(deal.progress.settled) for deal in home.world.deals())
    told_wh = sum(each.import_wh for each in home.readings if each.valid)
    assert bought_wh <= told_wh < home.electricity.imported_uwh // 1_000_000


def test_a_meter_that_was_exchanged_in_mid_contract_contests_one_slot() -> None:
    """The register goes on over the new one's zero; the other three slots settle."""
    home = Home()
    home.run_until(TRADED + SLOT + 400)
    home.model.reset()
    home.run_until(TRADED + ROUND + SETTLED_S)
    end = home.ends()[0]
    assert [valid for _slot, _wh, valid in end.slots] == [True, False, True, True]
    assert BACK in home.board.told("meter")
    deal = home.world.deals()[0]
    assert deal.state == life.CONTESTED
    assert [wh > 0 for wh in deal.progress.settled] == [True, False, True, True]
