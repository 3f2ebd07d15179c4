# SPDX-License-Identifier: Apache-2.0
"""What only shows while a run goes on: choices as they are made, blocks as they come, sums over time.

Everything else is read at the end from the chain, which is the truth, and from the world.
"""

import re
from collections import Counter

from host.engine import BlockResult
from wattpact.market import reliability
from wattpact.market.choice import CHOSEN, NEXT, NONE_SUITS, Choice
from wattpact.market.explanation import explain_lines
from wattpact.market.low_supply import join
from wattpact.units import DAY_S, HOUR_S
from wattpact.wire import envelope
from wattpact.wire.messages import MESSAGES, OFFER, Offer, parse_as, type_of

from .boards import HomeBoard
from .fleet import Fleet
from .results import CoinPoint, Decision, PricePoint, ScorePoint, Span

SCORE_EVERY_SLOTS = 4
CANDIDATES_ENOUGH = 3
"""A choice among so many shows what the method weighs."""
DAYLIGHT_HOURS = (8, 16)
IDS = re.compile("(plant|panel) ([0-9a-f]{16})")


class Recorder:
    """Watches a fleet; never changes it."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.transactions: Counter[str] = Counter()
        self.refusals: Counter[int] = Counter()
        self.chosen: Counter[bytes] = Counter()
        self.passed_over: dict[bytes, Counter[str]] = {}
        self.prices: dict[bytes, list[PricePoint]] = {}
        self.latest_offer: dict[bytes, Offer] = {}
        self.scores: dict[bytes, list[ScorePoint]] = {}
        self._lows: dict[bytes, dict[int, int]] = {}
        self.coins: list[CoinPoint] = []
        self.blocks = 0
        self.contracts = 0
        self._decisions: dict[str, tuple[tuple[int, bool, bool], Decision]] = {}
        self._names: dict[str, str] = {}
        for result in fleet.blocks:  # the registrations were recorded while the fleet was built
            self.block(result)
        fleet.on_block = self.block
        fleet.on_slot = self.slot
        for board in fleet.homes:
            board.on_choice = self.choice
        sites = list(fleet.scenario.plants)
        sites += [home.roof for home in fleet.scenario.homes if home.roof]
        self._sites = {site.plant_id: site for site in sites}
        self._plants = {site.plant_id for site in fleet.scenario.plants}
        for site in sites:
            word = "plant" if site.plant_id in self._plants else "neighbour"
            self._names[site.plant_id.hex()] = "%s %s" % (word, site.name)
            for panel in site.panels:
                self._names[panel.panel_id.hex()] = "panel %s" % panel.world.name

    @property
    def decisions(self) -> list[Decision]:
        """A choice of each kind that came up, in order of time."""
        return sorted((kept for _, kept in self._decisions.values()), key=lambda each: each.time)

    def block(self, result: BlockResult) -> None:
        """A block was committed, or everything that waited was refused."""
        for refused in result.refused:
            self.refusals[refused.rule] += 1
        if not result.committed:
            return
        self.blocks += 1
        for stored in result.transactions:
            sign1 = envelope.split_record(stored)[0] if envelope.is_record(stored) else stored
            payload = envelope.peek_payload(sign1)
            number = type_of(payload)
            self.transactions[MESSAGES[number - 1].__name__] += 1
            if number == OFFER:
                self._offer(parse_as(Offer, payload))
        self.contracts = self.transactions["Contract"]

    def choice(self, board: HomeBoard, choice: Choice) -> None:
        """A meter has chosen."""
        for option in choice.options:
            if option.verdict == CHOSEN:
                self.chosen[option.plant_id] += 1
            elif option.verdict != NEXT:
                reasons = self.passed_over.setdefault(option.plant_id, Counter())
                reasons[option.verdict] += 1
        self._keep(board, choice)

    def _keep(self, board: HomeBoard, choice: Choice) -> None:
        """For the first kind it shows better than the choice kept so far: more candidates, a ranking, daylight."""
        local = choice.demand.start + self.fleet.ledger.genesis.utc_offset_s
        light = DAYLIGHT_HOURS[0] <= local % DAY_S // HOUR_S < DAYLIGHT_HOURS[1]
        worth = (min(len(choice.options), CANDIDATES_ENOUGH), bool(choice.ranking), light)
        for kind in self._kinds(board, choice):
            if kind in self._decisions and self._decisions[kind][0] >= worth:
                continue
            lines = [IDS.sub(self._named, line) for line in explain_lines(choice)]
            decision = Decision(self.fleet.clock.now(), board.name, lines)
            self._decisions[kind] = (worth, decision)
            return

    def _kinds(self, board: HomeBoard, choice: Choice) -> list[str]:
        """What the choice is an example of, the rarest first."""
        kinds: list[str] = []
        if choice.outcome == NONE_SUITS:
            kinds.append("none suits")
        if choice.ranking:
            first = choice.ranking[0].plant_id
            if first not in self._plants:
                kinds.append("neighbour")
            if any(option.judgement.told_median is not None for option in choice.options):
                kinds.append("told")
            if first in self._plants:
                kinds.append("plant")
        return [*kinds, "deaf" if board.site.deaf else "hearing"]

    def _named(self, found: re.Match[str]) -> str:
        """An id as the report calls its plant or panel."""
        return self._names.get(found[2], found[0])

    def slot(self, index: int) -> None:
        """A slot is over."""
        totals = self.fleet.ledger.totals()
        balance = totals.issued_ug - totals.spent_ug - totals.expired_ug
        now = self.fleet.clock.now()
        self.coins.append(
            CoinPoint(now, totals.issued_ug, totals.spent_ug, totals.expired_ug, balance)
        )
        if index % SCORE_EVERY_SLOTS == 0:
            for plant_id in sorted(self.latest_offer):
                point = ScorePoint(now, self._score(plant_id, now))
                self.scores.setdefault(plant_id, []).append(point)

    def reported(self, plant_id: bytes) -> list[Span]:
        """All the low supply a plant has ever reported; an offer holds that of 30 days only."""
        lows = join(list(self._lows.get(plant_id, {}).items()))
        return [Span(start, start + length_s) for start, length_s in lows]

    def _offer(self, offer: Offer) -> None:
        self.latest_offer[offer.plant_id] = offer
        lows = self._lows.setdefault(offer.plant_id, {})
        for start, length_s in offer.low:
            lows[start] = max(length_s, lows.get(start, 0))
        points = self.prices.setdefault(offer.plant_id, [])
        if not points or points[-1].price != offer.price:
            points.append(PricePoint(offer.start, offer.price))

    def _score(self, plant_id: bytes, now: int) -> int:
        """As a meter with every chain fact computes it."""
        genesis = self.fleet.ledger.genesis
        since = now - reliability.WINDOW_S
        service = reliability.service_intervals(
            self._sites[plant_id].service, genesis.utc_offset_s, since, now
        )
        low = self.latest_offer[plant_id].low + self.fleet.ledger.shortfalls(plant_id, since)
        intervals = [(start, start + duration_s) for start, duration_s in low]
        return reliability.score(now, service, intervals, self.fleet.registered_at)
