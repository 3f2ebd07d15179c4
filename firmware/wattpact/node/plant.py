# SPDX-License-Identifier: Apache-2.0
"""The plant's core: offers what its panels should yield, accepts proposals, reports what they did yield.

One message per panel and round says what was generated. Low supply is reported by the plant itself; the report is
signed and checked against the chain, so it cannot be taken back (R33).
"""

from ..compat import const
from ..contract.sale import Sale, Sales
from ..errors import WireError
from ..ledger import life
from ..market import low_supply as lows
from ..market.forecast import Forecast
from ..units import SLOT_WH_MAX, panel_slot_wh_max
from ..wire import codec, envelope
from ..wire.kinds import Array, Row, UInt
from ..wire.message import LOW, TIME
from ..wire.messages import (
    CONTRACT_SLOTS_MAX,
    DECLINE_CLOSED,
    LOW_MAX,
    Contract,
    Decline,
    Generation,
    Offer,
    Revoke,
    Stored,
    TradeEnd,
    message_id,
    parse_as,
)
from .effects import Drop, Keep, Listen, Note, Publish, Send
from .member import Core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..contract.timing import Timing
    from ..metering.reading import Reading
    from .effects import Effect
    from .member import Member, Opened

RULE_RECORDED = const(16)  # the chain's answer to a record it has already
REPORT_S = const(60)  # after a round, so that the last slot's reading is there
OFFER_KEY = b"f"
REPORT_KEY = b"p"
SALE_PREFIX = b"s"
READINGS_PREFIX = b"g"
READINGS = Array(Row(("slot", TIME), ("wh", UInt(SLOT_WH_MAX))), 2 * CONTRACT_SLOTS_MAX + 1)
REPORTED = Row(("until", TIME), ("low", LOW))


class PanelSettings:
    """What the operator configures for one panel: its clear day in Wh per slot, from local midnight."""

    def __init__(self, panel_id: bytes, clear_day: "list[int]", margin_ppm: int) -> None:
        self.panel_id = panel_id
        self.clear_day = clear_day
        self.margin_ppm = margin_ppm


class _Panel:
    """One panel as the plant knows it."""

    def __init__(
        self, settings: PanelSettings, rated_w: int, preset_wh: int, member: "Member"
    ) -> None:
        genesis = member.genesis
        self.panel_id = settings.panel_id
        self.preset_wh = preset_wh
        self.slot_wh_max = panel_slot_wh_max(rated_w, genesis.slot_s)
        self.forecast = Forecast(
            settings.clear_day,
            genesis.slot_s,
            genesis.utc_offset_s,
            settings.margin_ppm,
            self.slot_wh_max,
        )
        self.generated: "dict[int, int]" = {}  # slot -> Wh, not reported yet

    def pending(self, since: int) -> "Effect":
        """Keep what is still to be reported; slots before `since` are."""
        slots = sorted([slot for slot in self.generated if slot >= since])[-READINGS.most :]
        self.generated = {slot: self.generated[slot] for slot in slots}
        key = READINGS_PREFIX + self.panel_id
        if not slots:
            return Drop(key)
        return Keep(key, codec.encode([[slot, self.generated[slot]] for slot in slots]))


class PlantNode(Core):
    """Sells. `on_...` methods return effects; `wake_at` says when `on_tick` is wanted next."""

    def __init__(
        self,
        member: "Member",
        timing: "Timing",
        price: int,
        panels: "list[PanelSettings]",
        past_low: "list[tuple[int, int]]",
        now: int,
    ) -> None:
        """`past_low`: low-supply intervals (start, duration_s) of the last 30 days, as kept by the node before."""
        Core.__init__(self, member)
        self.timing = timing
        self.price = price
        self.sales = Sales(timing.slot_s)
        self.selling = True
        rated = {panel_id: (w, preset) for panel_id, w, preset in member.register.panels}
        self._panels = [
            _Panel(p, rated[p.panel_id][0], rated[p.panel_id][1], member) for p in panels
        ]
        self._low = lows.coarsen(lows.join(past_low), LOW_MAX)
        self._seq = 0
        self._next_offer = timing.first_round(now, timing.offer_lead_s)
        self._report_from(now - now % timing.slot_s)  # before that this node saw nothing
        self._schedule()

    def on_tick(self, now: int) -> "list[Effect]":
        """Offers and reports that are due."""
        effects: "list[Effect]" = []
        if self._next_report + REPORT_S <= now:
            self._report(now, effects)
        while self._next_offer - self.timing.offer_lead_s <= now:
            if self._next_offer > now and self.selling:
                self._offer(self._next_offer, now, effects)
            self._next_offer += self.timing.round_s
        effects += self.member.due(now)
        self._schedule()
        return effects

    def on_panel_reading(self, panel_id: bytes, reading: "Reading") -> "list[Effect]":
        """What the panel's own meter counted in a slot. An invalid reading is reported as nothing generated."""
        for panel in self._panels:
            if panel.panel_id == panel_id:
                if not reading.valid:
                    return [Note("panel-meter", reading.reason)]
                wh = min(reading.export_wh, panel.slot_wh_max)
                panel.forecast.record(reading.slot, wh)
                panel.generated[reading.slot] = wh
                return [panel.pending(self._next_report - self.timing.round_s)]
        raise ValueError("unknown panel")

    def show(self, now: int) -> "list[Effect]":
        """The offer for the coming round, and whose trade ends to hear."""
        self._schedule()
        effects: "list[Effect]" = [
            Listen("trade_end", sale.contract.meter) for _id, sale in self.sales.sales()
        ]
        for offer_id, offer in self.sales.offers.items():
            if offer.start > now and not self.member.outbox.holds(offer_id):
                effects.append(Publish("offer", self.member.sign(offer)[1]))
        return effects

    def on_opened(self, opened: "Opened", now: int) -> "list[Effect]":
        """A message for the seller's side; one that is none of its business changes nothing."""
        message = opened.message
        effects: "list[Effect]" = []
        if type(message) is Contract:
            effects = self._on_proposal(opened, message, now)
        elif type(message) is Stored:
            effects = self._on_stored(message)
        elif type(message) is TradeEnd:
            self.sales.ended(message.contract_id, opened.kid)
        elif type(message) is Revoke:
            effects = self.member.revoke(opened)
        self._schedule()
        return effects

    def _on_stored(self, stored: Stored) -> "list[Effect]":
        """The chain has our contracts, or will not have them."""
        effects: "list[Effect]" = []
        recorded = stored.ids + [row[0] for row in stored.refused if row[1] == RULE_RECORDED]
        for contract_id in recorded:
            sale = self.sales.recorded(contract_id)
            if sale:
                effects.append(Keep(SALE_PREFIX + contract_id, sale.keep()))
        for contract_id, rule in stored.refused:
            if rule != RULE_RECORDED and self.sales.refused(contract_id):
                effects.append(Drop(SALE_PREFIX + contract_id))
        return effects

    def _on_proposal(self, opened: "Opened", contract: Contract, now: int) -> "list[Effect]":
        """A meter's signed proposal: accept it and put it on the chain, or decline; asked again, the same."""
        if contract.plant != self.member.kid or contract.meter == self.member.kid:
            raise WireError("proposal for another plant")
        if contract.meter != opened.kid:
            raise WireError("proposal not signed by its meter")
        record = self.sales.record(opened.id)
        if record:
            return [Send(opened.kid, record)]
        closed = not self.selling or self.member.outbox.full()
        reason = DECLINE_CLOSED if closed else self.sales.refusal(contract, now)
        if reason:
            decline = Decline(
                network=self.member.network,
                contract_id=opened.id,
                reason=reason,
                remaining_wh=self.sales.remaining_wh(),
            )
            return [Send(opened.kid, self.member.sign(decline)[1])]
        acceptance = envelope.accept1(opened.payload, self.member.signer)
        record = envelope.join_record(opened.data, acceptance)
        sale = Sale(contract, record)
        self.sales.sell(opened.id, sale)
        effects: "list[Effect]" = [Keep(SALE_PREFIX + opened.id, sale.keep())]
        effects += self.member.outbox.send(opened.id, self.member.host, record, now)
        return effects + [Send(opened.kid, record), Listen("trade_end", opened.kid)]

    def _schedule(self) -> None:
        times = [self._next_offer - self.timing.offer_lead_s, self._next_report + REPORT_S]
        member_at = self.member.wake_at()
        if member_at:
            times.append(member_at)
        self.wake_at = min(times)

    def _offer(self, start: int, now: int, effects: "list[Effect]") -> None:
        slots = self.timing.slots_of(start)
        panels: "list[tuple[bytes, list[int]]]" = []
        for panel in self._panels:
            wh = [panel.forecast.expected(slot) for slot in slots]
            if sum(wh):
                panels.append((panel.panel_id, wh))
        if not panels:
            return
        if self.member.outbox.full():
            effects.append(Note("outbox-full", "not selling: the chain has not answered"))
            return
        # Never below the clock: a new board, or one that lost its store, goes on above its predecessor (R31).
        self._seq = max(self._seq + 1, now)
        offer = Offer(
            network=self.member.network,
            plant_id=self.member.register.plant_id,
            seq=self._seq,
            start=start,
            price=self.price,
            currency=self.member.genesis.currency,
            panels=panels,
            remaining_wh=sum([sum(wh) for _panel, wh in panels]),
            low=self._low,
            issued_at=now,
        )
        offer_id, data = self.member.sign(offer)
        self.sales.offered(offer_id, offer)
        effects.append(Keep(OFFER_KEY, offer.payload()))
        effects += self.member.outbox.publish(offer_id, "offer", data, now)

    def _report(self, now: int, effects: "list[Effect]") -> None:
        """Every round that is over; what it says is kept when all of it is in the outbox."""
        low = self._low
        oldest = self.timing.first_round(now - lows.HISTORY_S, 0)  # after a clock jump of a year
        self._next_report = max(self._next_report, oldest)
        while self._next_report + REPORT_S <= now:
            low = low + self._report_round(self._next_report - self.timing.round_s, now, effects)
            self._next_report += self.timing.round_s
        self._low = lows.coarsen(lows.recent(lows.join(low), now), LOW_MAX)
        since = self._next_report - self.timing.round_s
        effects.append(Keep(REPORT_KEY, codec.encode([since, self._low])))
        effects += [panel.pending(since) for panel in self._panels]
        self.sales.lapse(now - self.member.genesis.timeouts[3])
        for contract_id in self.sales.forget(since - 2 * self.timing.round_s):
            effects.append(Drop(SALE_PREFIX + contract_id))

    def _report_round(
        self, start: int, now: int, effects: "list[Effect]"
    ) -> "list[tuple[int, int]]":
        """GENERATION of a finished round, one per panel. What was low in it."""
        slots = [slot for slot in self.timing.slots_of(start) if slot >= self._since]
        low: "list[tuple[int, int]]" = []
        for panel in self._panels:
            panel_low = [
                (slot, self.timing.slot_s)
                for slot in slots
                if self._in_service(slot) and panel.generated.get(slot, 0) < panel.preset_wh
            ]
            low += panel_low
            self._report_panel(panel, slots, lows.join(panel_low), now, effects)
        return low

    def _report_panel(
        self,
        panel: _Panel,
        slots: "list[int]",
        low: "list[tuple[int, int]]",
        now: int,
        effects: "list[Effect]",
    ) -> None:
        """One GENERATION, of the slots that are not settled yet (R56)."""
        settle_s, _withheld_s, _late_s, clock_s = self.member.genesis.timeouts
        settled = now + clock_s - settle_s - self.timing.slot_s
        slots = [slot for slot in slots if slot > settled]
        wh = [panel.generated.get(slot, 0) for slot in slots]
        sold = sum([self.sales.sold_wh(panel.panel_id, slot) for slot in slots])
        if not (sum(wh) or sold or any([self._in_service(slot) for slot in slots])):
            return  # night: nothing promised, nothing expected
        if self.member.outbox.full() and not sold:
            effects.append(Note("outbox-full", "not reporting: nothing was sold"))
            return
        generation = Generation(
            network=self.member.network,
            panel_id=panel.panel_id,
            start=slots[0],
            wh=wh,
            low=[each for each in low if each[0] >= slots[0]],
        )
        generation_id, data = self.member.sign(generation)
        effects += self.member.outbox.publish(generation_id, "generation", data, now)

    def _report_from(self, since: int) -> None:
        """What was generated before `since` is reported, or not this node's to report."""
        self._since = since
        self._next_report = self.timing.first_round(since + 1, 0)  # the end of the round to report

    # -- after a power cut

    def take_back(self, key: bytes, kept: bytes, now: int) -> None:
        """One item of the store. The standing offer gives its number and its round, so that neither comes twice."""
        kind = key[:1]
        if key == OFFER_KEY:
            offer = parse_as(Offer, kept)
            self._seq = offer.seq
            self._next_offer = offer.start + self.timing.round_s
            self.sales.offered(message_id(kept), offer)
        elif key == REPORT_KEY:
            until, low = REPORTED.check(codec.decode(kept), "kept report")
            self._low = lows.coarsen(lows.join(self._low + low), LOW_MAX)
            self._report_from(max(until, now - lows.HISTORY_S))
        elif kind == SALE_PREFIX:
            self.sales.sell(key[1:], Sale.restore(kept))
        elif kind == READINGS_PREFIX:
            for panel in self._panels:
                if panel.panel_id == key[1:]:
                    panel.generated = dict(READINGS.check(codec.decode(kept), "kept readings"))
                    self._report_from(min([self._since] + list(panel.generated)))

    def resume(self, now: int) -> "list[Effect]":
        """Everything kept is back: what may not have gone out goes out again, under the same id."""
        effects: "list[Effect]" = []
        outbox = self.member.outbox
        for offer_id, offer in self.sales.offers.items():
            if offer.start > now and not outbox.holds(offer_id):
                effects += outbox.publish(offer_id, "offer", self.member.sign(offer)[1], now)
        for contract_id, sale in self.sales.sales():
            if sale.state == life.ACCEPTED and not outbox.holds(contract_id):
                effects += outbox.send(contract_id, self.member.host, sale.record, now)
                effects.append(Send(sale.contract.meter, sale.record))
        self._schedule()
        return effects

    def _in_service(self, slot: int) -> bool:
        return lows.in_service(
            self.member.register.service, self.member.genesis.utc_offset_s, slot, self.timing.slot_s
        )
