# SPDX-License-Identifier: Apache-2.0
"""What must hold after every run, whatever happened in it. The world is the witness, and for money and coins every
contract is: no check believes one sum.

Each check names what it saw first that should not be; a count of nothing is not a failure.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from host.errors import ChainFileError
from host.keys import OpensslVerifier
from host.store import ChainReader
from host.verify import BrokenChain, verify
from wattpact.ledger import life
from wattpact.units import money_nano
from wattpact.wire import envelope
from wattpact.wire.messages import AWARD, Award, parse_as, type_of

from .books import Books, energy
from .community import AnyFleet, Party, energy_of
from .results import Check
from .scenario import HomeSite
from .world.profiles import SLOT_S

Faults = Iterator[str]


class Checkers:
    """All checks over one finished fleet; the chain file must be closed by then."""

    def __init__(self, fleet: AnyFleet, books: Books, chain: Path) -> None:
        self.fleet = fleet
        self.books = books
        self.chain = chain
        self._homes = {board.kid: board for board in fleet.homes}
        self._panels = self._panel_worlds()
        self._awards = self._read_awards()

    def run(self) -> list[Check]:
        """Every check, in a fixed order."""
        sold = "panels and slots: %d" % len(self.books.settled_panel)
        homes = "meters and slots: %d" % len(self.books.settled_home)
        accounts = "accounts: %d" % len(list(self.fleet.ledger.accounts()))
        awards = "awards: %d" % len(self._awards)
        nodes = "nodes: %d" % (len(self.fleet.homes) + len(self.fleet.plants))
        checks: tuple[tuple[str, str, Callable[[], Faults]], ...] = (
            ("energy balance per slot", "slots: %d" % self.fleet.scenario.slots, self._balance),
            ("no kWh sold twice per panel and slot", sold, self._sold_once),
            ("no import settled twice", homes, self._import_once),
            ("postings sum to zero", accounts, self._postings),
            ("coins issued = spent + expired + balance", self._coin_words(), self._coins),
            ("one award per trade end", self._award_words(), self._one_award),
            ("every certificate is derived again from the chain", awards, self._certificates),
            ("replay of the chain gives the same app hash", self._head(), self._replay),
            ("witnesses agree", "witnesses: %d" % len(self.fleet.witnesses), self._witnesses),
            ("every award reached its meter", awards, self._awards_arrived),
            ("generation on the chain is what the panels gave", sold, self._generation),
            ("no message was dropped or waits for an answer", nodes, self._answered),
        )
        return [_check(name, seen, faults()) for name, seen, faults in checks]

    def _balance(self) -> Faults:
        for row in energy(self.fleet, self.books):
            used = row.self_used_wh + row.settled_from_plants_wh + row.settled_from_neighbours_wh
            if row.grid_wh < 0 or row.consumed_wh != used + row.grid_wh:
                yield "slot %d: consumed %d Wh, %d Wh from elsewhere" % (
                    row.time,
                    row.consumed_wh,
                    used,
                )
            if row.surplus_wh < 0 or row.generated_wh != used + row.surplus_wh:
                yield "slot %d: generated %d Wh, %d Wh used" % (row.time, row.generated_wh, used)

    def _sold_once(self) -> Faults:
        start = self.fleet.scenario.start
        for (panel_id, index), settled in sorted(self.books.settled_panel.items()):
            book = self.fleet.ledger.panel_slot(panel_id, start + index * SLOT_S)
            contracted = self.books.contracted_panel[panel_id, index]
            given = self._generated(panel_id, index)
            if settled != book.settled or contracted != book.contracted:
                yield "panel %s, slot %d: the book says otherwise" % (panel_id.hex(), index)
            if settled > max(book.generated, 0) or settled > given or settled > contracted:
                yield "panel %s, slot %d: settled %d of %d Wh" % (
                    panel_id.hex(),
                    index,
                    settled,
                    given,
                )

    def _import_once(self) -> Faults:
        for (kid, index), settled in sorted(self.books.settled_home.items()):
            imported = energy_of(self._homes[kid], index).imported_wh
            if settled > imported or self.books.contracts_home[kid, index] > 1:
                yield "meter %s, slot %d: settled %d of %d Wh" % (
                    kid.hex(),
                    index,
                    settled,
                    imported,
                )

    def _postings(self) -> Faults:
        expected: Counter[bytes] = Counter()
        for deal in self.books.deals:
            if deal.closing:
                amount = money_nano(deal.terms.price, sum(deal.progress.settled))
                expected[deal.terms.plant] += amount
                expected[deal.terms.meter] -= amount - deal.closing.discount_nano
                expected[self.fleet.ledger.genesis.funder] -= deal.closing.discount_nano
        for kid, account in self.fleet.ledger.accounts():
            if account.balance_nano != expected[kid]:
                words = "account %s has %d nano, its contracts say %d"
                yield words % (kid.hex(), account.balance_nano, expected[kid])
        total = sum(account.balance_nano for _kid, account in self.fleet.ledger.accounts())
        if total:
            yield "they sum to %d nano" % total

    def _coins(self) -> Faults:
        totals = self.fleet.ledger.totals()
        issued = sum(row[2] for row in self._awards)
        free = sum(lot.free_ug for kid in self._homes for _id, lot in self.fleet.ledger.lots(kid))
        burned = sum(deal.closing.burned_ug for deal in self.books.deals if deal.closing)
        balance = free + totals.locked_ug
        if issued != totals.issued_ug or burned != totals.spent_ug:
            yield "awards say %d issued and %d spent" % (issued, burned)
        if issued != burned + totals.expired_ug + balance:
            yield "issued %d, accounted for %d" % (issued, burned + totals.expired_ug + balance)

    def _one_award(self) -> Faults:
        awarded = [row[0] for row in self._awards]
        due = {
            deal.progress.end_id
            for deal in self.books.deals
            if deal.closing and deal.closing.wh and not deal.progress.late
        }
        if len(awarded) != len(set(awarded)):
            yield "%d awards for %d trade ends" % (len(awarded), len(set(awarded)))
        if set(awarded) != due:
            yield "%d trade ends earned an award, %d have one" % (len(due), len(set(awarded)))
        ended = [deal for deal in self.books.deals if deal.state in (life.ENDED, life.DELIVERING)]
        if ended:
            yield "%d contracts are not settled at the end" % len(ended)

    def _certificates(self) -> Faults:
        for row in self._awards:
            if self.fleet.ledger.derive_award(row[0]) != row:
                yield "trade end %s" % row[0].hex()

    def _replay(self) -> Faults:
        try:
            verified = verify(self.chain, OpensslVerifier())
        except (BrokenChain, ChainFileError) as error:
            yield str(error)
        else:
            if verified.app_hash != self.fleet.ledger.app_hash:
                yield "replay ends in %s" % verified.app_hash.hex()

    def _witnesses(self) -> Faults:
        for witness in self.fleet.witnesses:
            ledger = witness.replica.ledger
            if (ledger.height, ledger.app_hash) != (
                self.fleet.ledger.height,
                self.fleet.ledger.app_hash,
            ):
                yield "witness %s is at height %d" % (witness.kid.hex(), ledger.height)

    def _awards_arrived(self) -> Faults:
        received = sum(board.end().awards for board in self.fleet.homes)
        if received != len(self._awards):
            yield "%d of %d" % (received, len(self._awards))

    def _generation(self) -> Faults:
        start = self.fleet.scenario.start
        for (panel_id, index), _settled in sorted(self.books.settled_panel.items()):
            reported = self.fleet.ledger.panel_slot(panel_id, start + index * SLOT_S).generated
            given = self._generated(panel_id, index)
            if reported != given:
                yield "panel %s, slot %d: %d Wh reported, %d given" % (
                    panel_id.hex(),
                    index,
                    reported,
                    given,
                )

    def _answered(self) -> Faults:
        for board in (*self.fleet.plants, *self.fleet.homes):
            end = board.end()
            if end.waits:
                yield "%s still waits for the chain" % board.name
            if end.dropped:
                yield "%s dropped %d messages" % (board.name, end.dropped)

    def _generated(self, panel_id: bytes, index: int) -> int:
        """Wh the world let through the panel's own meter: a roof's is its home's export."""
        return self._panels[panel_id](index)

    def _panel_worlds(self) -> dict[bytes, Callable[[int], int]]:
        worlds: dict[bytes, Callable[[int], int]] = {}
        for plant in self.fleet.plants:
            for panel in plant.site.panels:
                worlds[panel.panel_id] = panel.world.generated_wh
        for home in self.fleet.homes:
            if home.site.roof:
                worlds[home.site.roof.panels[0].panel_id] = partial(_exported_wh, home)
        return worlds

    def _read_awards(self) -> list[tuple[Any, ...]]:
        """Every row of every AWARD in the chain's file."""
        reader = ChainReader.open(self.chain)
        try:
            rows: list[tuple[Any, ...]] = []
            for stored in reader.envelopes():
                if envelope.is_record(stored):
                    continue
                payload = envelope.peek_payload(stored)
                if type_of(payload) == AWARD:
                    rows += parse_as(Award, payload).awards
            return rows
        finally:
            reader.close()

    def _head(self) -> str:
        ledger = self.fleet.ledger
        return "%d transactions, height %d" % (ledger.tree.size, ledger.height)

    def _coin_words(self) -> str:
        totals = self.fleet.ledger.totals()
        return "%d = %d + %d + %d ug" % (
            totals.issued_ug,
            totals.spent_ug,
            totals.expired_ug,
            totals.issued_ug - totals.spent_ug - totals.expired_ug,
        )

    def _award_words(self) -> str:
        """How many there are, and why other trade ends earn none."""
        closed = [deal for deal in self.books.deals if deal.closing and deal.progress.end_id]
        idle = sum(1 for deal in closed if deal.closing and not deal.closing.wh)
        late = sum(1 for deal in closed if deal.closing and deal.closing.wh and deal.progress.late)
        words = _counted(len(self._awards), "award")
        if idle:
            words += "; %s settled 0 Wh" % _counted(idle, "trade end")
        if late:
            words += "; %s came late" % _counted(late, "trade end")
        return words


def _exported_wh(home: Party[HomeSite], index: int) -> int:
    return energy_of(home, index).exported_wh


def _counted(n: int, noun: str) -> str:
    return "%d %s" % (n, noun if n == 1 else noun + "s")


def _check(name: str, seen: str, faults: Faults) -> Check:
    """One row: what was looked at, or the first fault and how many more there are."""
    found = list(faults)
    if not found:
        return Check(name=name, ok=True, detail=seen)
    more = " (and %d more)" % (len(found) - 1) if len(found) > 1 else ""
    return Check(name=name, ok=False, detail=found[0] + more)
