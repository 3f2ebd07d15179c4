# SPDX-License-Identifier: Apache-2.0
"""The plant's core: offers what its panels should yield, accepts proposals, reports what they did yield.

One message per panel and round says what was generated. Low supply is reported by the plant itself; the report is
signed and checked against the chain, so it cannot be taken back (R33).
"""

from ..compat import const
from ..contract.sale import Sales
from ..errors import WireError
from ..market import low_supply as lows
from ..market.forecast import Forecast
from ..units import panel_slot_wh_max
from ..wire import envelope
from ..wire.messages import (
    DECLINE_CLOSED,
    LOW_MAX,
    Contract,
    Decline,
    Generation,
    Offer,
    Revoke,
    Stored,
    TradeEnd,
)
from .effects import Listen, Note, Send
from .member import Core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..contract.timing import Timing
    from ..metering.reading import Reading
    from .effects import Effect
    from .member import Member, Opened

RULE_RECORDED = const(16)  # the chain's answer to a record it has already
REPORT_S = const(60)  # after a round, so that the last slot's reading is there


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
        self.generated: "dict[int, int]" = {}


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
        self._low = list(past_low)
        self._seq = 0
        self._next_offer = timing.first_round(now, timing.offer_lead_s)
        self._next_report = timing.first_round(now, 0)
        self._schedule()

    def on_tick(self, now: int) -> "list[Effect]":
        """Offers and reports that are due."""
        effects: "list[Effect]" = []
        while self._next_report + REPORT_S <= now:
            self._report(self._next_report, now, effects)
            self._next_report += self.timing.round_s
        while self._next_offer - self.timing.offer_lead_s <= now:
            if self._next_offer > now and self.selling:
                self._offer(self._next_offer, now, effects)
            self._next_offer += self.timing.round_s
        effects += self.member.outbox.due(now)
        self._schedule()
        return effects

    def on_panel_reading(self, panel_id: bytes, reading: "Reading") -> "list[Effect]":
        """What the panel's own meter counted in a slot. An invalid reading is reported as nothing generated."""
        for panel in self._panels:
            if panel.panel_id == panel_id:
                if reading.valid:
                    wh = min(reading.export_wh, panel.slot_wh_max)
                    panel.generated[reading.slot] = wh
                    panel.forecast.record(reading.slot, wh)
                    return []
                return [Note("panel-meter", reading.reason)]
        raise ValueError("unknown panel")

    def on_opened(self, opened: "Opened", now: int) -> "list[Effect]":
        """A message for the seller's side; one that is none of its business changes nothing."""
        message = opened.message
        effects: "list[Effect]" = []
        if type(message) is Contract:
            effects = self._on_proposal(opened, message, now)
        elif type(message) is Stored:
            for message_id in message.ids:
                self.sales.recorded(message_id)
            for message_id, rule in message.refused:
                if rule == RULE_RECORDED:
                    self.sales.recorded(message_id)
                else:
                    self.sales.refused(message_id)
        elif type(message) is TradeEnd:
            if not self.sales.ended(message.contract_id, opened.kid):
                raise WireError("trade end of no contract of ours")
        elif type(message) is Revoke:
            self.member.revoke(opened)
        self._schedule()
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
        self.sales.sell(opened.id, contract, record)
        effects = self.member.outbox.send(opened.id, self.member.host, record, now)
        return effects + [Send(opened.kid, record), Listen("trade_end", opened.kid)]

    def _schedule(self) -> None:
        times = [self._next_offer - self.timing.offer_lead_s, self._next_report + REPORT_S]
        outbox_at = self.member.outbox.wake_at()
        if outbox_at:
            times.append(outbox_at)
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
        self._seq += 1
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
        effects += self.member.outbox.publish(offer_id, "offer", data, now)

    def _report(self, start: int, now: int, effects: "list[Effect]") -> None:
        """GENERATION of a finished round, one per panel, and what was low in it."""
        slots = self.timing.slots_of(start)
        low: "list[tuple[int, int]]" = []
        for panel in self._panels:
            wh = [panel.generated.pop(slot, 0) for slot in slots]
            served = [self._in_service(slot) for slot in slots]
            panel_low = [
                (slot, self.timing.slot_s)
                for slot, energy, serve in zip(slots, wh, served)
                if serve and energy < panel.preset_wh
            ]
            low += panel_low
            sold = sum([self.sales.sold_wh(panel.panel_id, slot) for slot in slots])
            if not (sum(wh) or sold or any(served)):
                continue  # night: nothing promised, nothing expected
            generation = Generation(
                network=self.member.network,
                panel_id=panel.panel_id,
                start=start,
                wh=wh,
                low=lows.join(panel_low),
            )
            message_id, data = self.member.sign(generation)
            effects += self.member.outbox.publish(message_id, "generation", data, now)
        self._low = lows.coarsen(lows.recent(lows.join(self._low + low), now), LOW_MAX)
        self.sales.lapse(now - self.member.genesis.timeouts[3])
        self.sales.forget(start - self.timing.round_s)

    def _in_service(self, slot: int) -> bool:
        return lows.in_service(
            self.member.register.service, self.member.genesis.utc_offset_s, slot, self.timing.slot_s
        )
