# SPDX-License-Identifier: Apache-2.0
"""Which plant to buy from: lowest expected cost against the grid, within the user's preferences, explained afterwards.

    Demand(meter_id, start, slot_s, need, grid_prices, hurdle)      what is asked for
    candidate(entry, judgement, demand) -> Candidate                a plant out of the book
    choose(candidates, demand, preferences, spent_nano) -> Choice   .ranking: Options, best first; .options: all

The node proposes to `ranking[0]`, and to the next when one declines or is silent, at most TRIES_MAX times.

Expected cost per kWh C = r * p + (1 - r) * (f + h): price p if the plant delivers (r), else the grid's price f and the
hurdle h. A plant's cost depends on nothing but the plant, so another candidate never changes the order of the others:
decoys are no use. Costs are kept times 10^6 and compared as integers.
"""

from hashlib import sha256

from ..compat import const
from ..units import PPM, money_nano

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterable, Sequence

    from .book import Heard
    from .preferences import Preferences
    from .reliability import Judgement

TRIES_MAX = const(3)

CHOSEN = "chosen"
NEXT = "next choice"
PAUSED = "paused"
EQUIVOCATED = "equivocated"
BLOCKED = "blocked"
NOT_ALLOWED = "not allowed"
SCORE_LOW = "below minimum score"
PRICE_CAP = "price cap"
TOO_LITTLE = "not enough energy"
DEARER = "dearer than the grid"
BUDGET = "budget"

NOTHING_NEEDED = "nothing needed"
NONE_HEARD = "no plant heard"
NONE_SUITS = "no plant suits"


class Demand:
    """Energy asked for: `need` Wh and the grid's price per slot from `start` on; a failed kWh costs `hurdle` on top."""

    def __init__(
        self,
        meter_id: bytes,
        start: int,
        slot_s: int,
        need: "Sequence[int]",
        grid_prices: "Sequence[int]",
        hurdle: int,
    ) -> None:
        """Raises ValueError unless there is one grid price for each of at least one slot."""
        if not need or len(need) != len(grid_prices):
            raise ValueError("a demand has one grid price for each slot")
        self.meter_id = meter_id
        self.start = start
        self.slot_s = slot_s
        self.need = need
        self.grid_prices = grid_prices
        self.hurdle = hurdle
        self.total_wh = sum(need)

    def grid_price(self) -> int:
        """The slots' grid prices weighted by need, micro-currency per kWh, rounded down: in doubt for the grid."""
        if not self.total_wh:
            return min(self.grid_prices)
        worth = 0
        for wh, price in zip(self.need, self.grid_prices):
            worth += wh * price
        return worth // self.total_wh


class Candidate:
    """A plant as `choose` sees it; each panel's Wh stand for the slots of the demand, 0 outside the offer's window."""

    def __init__(
        self,
        plant_id: bytes,
        plant_kid: bytes,
        offer_id: bytes,
        price: int,
        panels: "Sequence[tuple[bytes, Sequence[int]]]",
        offer_remaining_wh: int,
        remaining_wh: int,
        judgement: "Judgement",
        equivocated: bool = False,
    ) -> None:
        """`offer_remaining_wh` is the offer's figure, which a contract quotes; `remaining_wh` is known to be left."""
        self.plant_id = plant_id
        self.plant_kid = plant_kid
        self.offer_id = offer_id
        self.price = price
        self.panels = panels
        self.offer_remaining_wh = offer_remaining_wh
        self.remaining_wh = remaining_wh
        self.judgement = judgement
        self.equivocated = equivocated


class Option:
    """One plant considered; `verdict` is a word above. `cost` is C times 10^6, in micro-currency per kWh.

    The panel and what to ask of it are there once the plant itself was found welcome: `wh` for the slots from `start`
    on, without an empty slot at either end, so that it lies within the offer's window.
    """

    def __init__(self, plant: Candidate, cost: int, verdict: str) -> None:
        self.plant_id = plant.plant_id
        self.plant_kid = plant.plant_kid
        self.offer_id = plant.offer_id
        self.price = plant.price
        self.offer_remaining_wh = plant.offer_remaining_wh
        self.judgement = plant.judgement
        self.cost = cost
        self.verdict = verdict
        self.panel_id = b""
        self.start = 0
        self.wh: "list[int]" = []
        self.total_wh = 0

    def place(self, demand: Demand, panel_id: bytes, wh: "list[int]", total_wh: int) -> None:
        """Settle on a panel and what to ask of it; `wh` stands for the slots of the demand and is not all zeros."""
        first = 0
        last = len(wh)
        while not wh[first]:
            first += 1
        while not wh[last - 1]:
            last -= 1
        self.panel_id = panel_id
        self.start = demand.start + first * demand.slot_s
        self.wh = wh[first:last]
        self.total_wh = total_wh


class Choice:
    """What was decided and from what. `outcome` is CHOSEN, PAUSED, NOTHING_NEEDED, NONE_HEARD or NONE_SUITS.

    `options` holds every candidate: the acceptable ones, best first, then the others by plant id. `ranking` is the
    acceptable part.
    """

    def __init__(
        self, demand: Demand, grid_price: int, outcome: str, options: "list[Option]", suiting: int
    ) -> None:
        self.demand = demand
        self.grid_price = grid_price
        self.outcome = outcome
        self.options = options
        self.ranking = options[:suiting]


def candidate(entry: "Heard", judgement: "Judgement", demand: Demand) -> Candidate:
    """A plant out of the book, its offer laid beside the slots of the demand."""
    offer = entry.offer
    skipped = (demand.start - offer.start) // demand.slot_s
    slots = len(demand.need)
    panels: "list[tuple[bytes, Sequence[int]]]" = []
    for panel_id, wh in offer.panels:
        if skipped >= 0:
            offered = wh[skipped : skipped + slots]
        else:
            offered = ([0] * min(-skipped, slots) + wh)[:slots]
        panels.append((panel_id, offered))
    return Candidate(
        entry.plant_id,
        entry.plant_kid,
        entry.offer_id,
        offer.price,
        panels,
        offer.remaining_wh,
        entry.remaining_wh,
        judgement,
        entry.equivocated,
    )


def expected_cost(price: int, score_ppm: int, grid_price: int, hurdle: int) -> int:
    """C times 10^6, micro-currency per kWh."""
    return price * score_ppm + (grid_price + hurdle) * (PPM - score_ppm)


def cover(need: "Sequence[int]", offered: "Sequence[int]", remaining_wh: int) -> "list[int]":
    """Wh to ask for, slot by slot: what is needed and offered, the earliest slots first if the plant has less in all.

    `offered` may be shorter than `need`; what it lacks counts as 0.
    """
    wh = [wanted if wanted < there else there for wanted, there in zip(need, offered)]
    if sum(wh) > remaining_wh:
        for index, wanted in enumerate(wh):
            wh[index] = min(wanted, remaining_wh)
            remaining_wh -= wh[index]
    return wh


def choose(
    candidates: "Iterable[Candidate]",
    demand: Demand,
    preferences: "Preferences",
    spent_nano: int = 0,
) -> Choice:
    """Rank the plants that suit the user and are expected to be cheaper than the grid.

    Order: expected cost, then the higher score, then SHA-256(meter id || plant id), which spreads meters over equal
    plants, then the ids. A favoured plant's cost counts for (10^6 - favour_ppm) / 10^6 of it, but undiminished it must
    beat the grid. `spent_nano` is what today's contracts cost already.
    """
    grid_price = demand.grid_price()
    idle = PAUSED if preferences.paused else "" if demand.total_wh else NOTHING_NEEDED
    suiting: "list[tuple[tuple[int, int, bytes, bytes, bytes], Option]]" = []
    others: "list[tuple[tuple[bytes, bytes], Option]]" = []
    for plant in candidates:
        score_ppm = plant.judgement.ppm
        cost = expected_cost(plant.price, score_ppm, grid_price, demand.hurdle)
        option = Option(plant, cost, idle or _unwanted(plant, preferences))
        if not option.verdict:
            option.verdict = _unsuited(plant, option, demand, grid_price, preferences, spent_nano)
        if option.verdict:
            others.append(((plant.plant_id, plant.offer_id), option))
            continue
        counted = PPM - (preferences.favour_ppm if plant.plant_id in preferences.favoured else 0)
        spread = _spread(demand.meter_id, plant.plant_id)
        order = (cost * counted, -score_ppm, spread, plant.plant_id, option.panel_id)
        suiting.append((order, option))
    suiting.sort(key=_first)
    others.sort(key=_first)
    for place, (_order, option) in enumerate(suiting):
        option.verdict = NEXT if place else CHOSEN
    outcome = idle or (CHOSEN if suiting else NONE_SUITS if others else NONE_HEARD)
    options = [option for _order, option in suiting + others]
    return Choice(demand, grid_price, outcome, options, len(suiting))


def _first(pair: "tuple[Any, Option]") -> "Any":
    return pair[0]


def _spread(meter_id: bytes, other_id: bytes) -> bytes:
    """Another order of the same things for every meter."""
    return sha256(meter_id + other_id).digest()


def _unwanted(plant: Candidate, preferences: "Preferences") -> str:
    """Why the plant is out before its energy is looked at, or an empty string."""
    if plant.equivocated:
        return EQUIVOCATED
    if plant.plant_id in preferences.blocked:
        return BLOCKED
    if preferences.allowed and plant.plant_id not in preferences.allowed:
        return NOT_ALLOWED
    if plant.judgement.ppm < preferences.score_min_ppm:
        return SCORE_LOW
    if plant.price > preferences.price_cap:
        return PRICE_CAP
    return ""


def _unsuited(
    plant: Candidate,
    option: Option,
    demand: Demand,
    grid_price: int,
    preferences: "Preferences",
    spent_nano: int,
) -> str:
    """Settle on the plant's best panel and say why even that will not do, or an empty string."""
    panel_id, wh, total_wh = _best_panel(plant, demand)
    if not total_wh:
        return TOO_LITTLE
    option.place(demand, panel_id, wh, total_wh)
    if total_wh * PPM < preferences.cover_min_ppm * demand.total_wh:
        return TOO_LITTLE
    if option.cost >= grid_price * PPM:
        return DEARER
    if spent_nano + money_nano(option.price, total_wh) > preferences.budget_nano_per_day:
        return BUDGET
    return ""


def _best_panel(plant: Candidate, demand: Demand) -> "tuple[bytes, list[int], int]":
    """(panel id, Wh per slot, their sum) of the panel that covers most; among equals each meter has its own order."""
    most = 0
    best: "list[tuple[bytes, list[int]]]" = []
    for panel_id, offered in plant.panels:
        wh = cover(demand.need, offered, plant.remaining_wh)
        total_wh = sum(wh)
        if total_wh > most:
            most = total_wh
            best = []
        if total_wh == most:
            best.append((panel_id, wh))
    if not most:
        return b"", [], 0
    if len(best) == 1:
        return best[0][0], best[0][1], most
    ordered = [(_spread(demand.meter_id, panel_id), panel_id, wh) for panel_id, wh in best]
    _order, panel_id, wh = min(ordered)
    return panel_id, wh, most
