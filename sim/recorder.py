# SPDX-License-Identifier: Apache-2.0
"""What only shows while a run goes on: choices as they are made, blocks as they come, sums over time.

Everything else is read at the end from the chain, which is the truth, and from the world.
"""

from collections import Counter

from host.engine import BlockResult
from wattpact.market import reliability
from wattpact.market.choice import CHOSEN, NEXT, Choice
from wattpact.market.explanation import explain_lines
from wattpact.wire import envelope
from wattpact.wire.messages import MESSAGES, OFFER, Offer, parse_as, type_of

from .boards import HomeBoard
from .fleet import Fleet
from .results import CoinPoint, Decision, PricePoint, ScorePoint

SCORE_EVERY_SLOTS = 4
DECISIONS_SHOWN = 8


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
        self.coins: list[CoinPoint] = []
        self.decisions: list[Decision] = []
        self.blocks = 0
        self.contracts = 0
        self._seen_kinds: set[tuple[bool, bool, int]] = set()
        fleet.on_block = self.block
        fleet.on_slot = self.slot
        for board in fleet.homes:
            board.on_choice = self.choice
        sites = list(fleet.scenario.plants)
        sites += [home.roof for home in fleet.scenario.homes if home.roof]
        self._sites = {site.plant_id: site for site in sites}

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
        deaf, first = board.site.deaf, choice.ranking[0].plant_id if choice.ranking else b""
        kind = (deaf, first in self._sites, min(len(choice.options), 2))
        if kind not in self._seen_kinds and len(self.decisions) < DECISIONS_SHOWN:
            self._seen_kinds.add(kind)
            now = self.fleet.clock.now()
            self.decisions.append(Decision(now, board.name, explain_lines(choice)))

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

    def _offer(self, offer: Offer) -> None:
        self.latest_offer[offer.plant_id] = offer
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
