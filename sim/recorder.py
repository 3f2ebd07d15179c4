# SPDX-License-Identifier: Apache-2.0
"""What only shows while a run goes on: blocks as they come, sums over time.

Everything else is read at the end from the chain, which is the truth, and from the world.
"""

from collections import Counter

from host.engine import BlockResult
from wattpact.market import reliability
from wattpact.market.low_supply import join
from wattpact.wire import envelope
from wattpact.wire.messages import MESSAGES, OFFER, Offer, parse_as, type_of

from .community import AnyFleet
from .results import CoinPoint, PricePoint, ScorePoint, Span

SCORE_EVERY_SLOTS = 4


class Recorder:
    """Watches a fleet; never changes it."""

    def __init__(self, fleet: AnyFleet) -> None:
        self.fleet = fleet
        self.transactions: Counter[str] = Counter()
        self.refusals: Counter[int] = Counter()
        self.prices: dict[bytes, list[PricePoint]] = {}
        self.latest_offer: dict[bytes, Offer] = {}
        self.scores: dict[bytes, list[ScorePoint]] = {}
        self._lows: dict[bytes, dict[int, int]] = {}
        self.coins: list[CoinPoint] = []
        self.blocks = 0
        self.contracts = 0
        for (
            result
        ) in fleet.office.blocks:  # the registrations were recorded while the fleet was built
            self.block(result)
        fleet.office.on_block = self.block
        fleet.on_slot = self.slot
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
        return reliability.score(now, service, intervals, self.fleet.founding.registered_at)
