# SPDX-License-Identifier: Apache-2.0
"""The run's books: what the chain settled, laid beside what the world did, slot by slot; for checks and report."""

from collections import Counter
from dataclasses import dataclass, field

from wattpact.ledger.machine import Deal

from .community import AnyFleet, energy_of
from .results import SlotEnergy
from .world.profiles import SLOT_S


@dataclass
class Books:
    """Sums over contracts. Keys: slot index, home or panel, as named; energy Wh."""

    deals: list[Deal] = field(default_factory=list[Deal])
    settled_home: Counter[tuple[bytes, int]] = field(default_factory=Counter[tuple[bytes, int]])
    """(meter kid, slot index) -> Wh settled as import."""
    settled_panel: Counter[tuple[bytes, int]] = field(default_factory=Counter[tuple[bytes, int]])
    contracted_panel: Counter[tuple[bytes, int]] = field(default_factory=Counter[tuple[bytes, int]])
    contracts_home: Counter[tuple[bytes, int]] = field(default_factory=Counter[tuple[bytes, int]])
    pairs: Counter[tuple[bytes, bytes]] = field(default_factory=Counter[tuple[bytes, bytes]])
    """(plant kid, meter kid) -> Wh settled."""
    by_neighbours: Counter[int] = field(default_factory=Counter[int])
    """slot index -> Wh settled from roofs."""
    by_plants: Counter[int] = field(default_factory=Counter[int])
    contracted_wh: int = 0
    delivered_wh: int = 0
    settled_wh: int = 0
    grid_worth_nano: int = 0
    """What the settled energy would have cost from the grid."""
    worth_home: Counter[bytes] = field(default_factory=Counter[bytes])


def close(fleet: AnyFleet) -> Books:
    """Add up every contract on the chain."""
    books = Books()
    roofs = {board.kid for board in fleet.homes}
    start = fleet.scenario.start
    genesis = fleet.ledger.genesis
    for deal in fleet.ledger.contracts():
        terms, progress = deal.terms, deal.progress
        books.deals.append(deal)
        books.contracted_wh += sum(terms.wh)
        books.delivered_wh += sum(progress.delivered)
        first = (terms.start - start) // SLOT_S
        settled = progress.settled or [0] * len(terms.wh)
        for index, (contracted, wh) in enumerate(zip(terms.wh, settled), first):
            books.contracts_home[terms.meter, index] += 1
            books.contracted_panel[terms.panel_id, index] += contracted
            books.settled_home[terms.meter, index] += wh
            books.settled_panel[terms.panel_id, index] += wh
            books.pairs[terms.plant, terms.meter] += wh
            (books.by_neighbours if terms.plant in roofs else books.by_plants)[index] += wh
            books.settled_wh += wh
            worth = wh * genesis.grid_price(start + index * SLOT_S)
            books.grid_worth_nano += worth
            books.worth_home[terms.meter] += worth
    return books


def energy(fleet: AnyFleet, books: Books) -> list[SlotEnergy]:
    """Every slot of the run, all homes together: the world's figures, and the chain's share in them."""
    rows: list[SlotEnergy] = []
    for index in range(fleet.scenario.slots):
        homes = [energy_of(board, index) for board in fleet.homes]
        consumed = sum(home.consumed_wh for home in homes)
        self_used = sum(home.self_used_wh for home in homes)
        plants = sum(
            panel.world.generated_wh(index) for board in fleet.plants for panel in board.site.panels
        )
        generated = plants + sum(home.generated_wh for home in homes)
        by_plants, by_neighbours = books.by_plants[index], books.by_neighbours[index]
        settled = by_plants + by_neighbours
        rows.append(
            SlotEnergy(
                time=fleet.scenario.start + index * SLOT_S,
                consumed_wh=consumed,
                self_used_wh=self_used,
                settled_from_plants_wh=by_plants,
                settled_from_neighbours_wh=by_neighbours,
                grid_wh=consumed - self_used - settled,
                generated_wh=generated,
                surplus_wh=generated - self_used - settled,
            )
        )
    return rows
