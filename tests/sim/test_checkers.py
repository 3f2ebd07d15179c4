# SPDX-License-Identifier: Apache-2.0
"""Every check can fail: a finished run is spoiled in one place, and the check that watches it says so."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from sim.books import Books, close
from sim.checkers import Checkers
from sim.fleet import Fleet
from sim.scenario import build
from sim.settings import read


@dataclass
class Finished:
    """A run that is over, and its parts to spoil."""

    fleet: Fleet
    books: Books
    chain: Path

    def failed(self) -> set[str]:
        return {
            check["name"]
            for check in Checkers(self.fleet, self.books, self.chain).run()
            if not check["ok"]
        }


@pytest.fixture
def finished(tmp_path: Path) -> Finished:
    """A few homes for half a day."""
    settings = read(["--meters", "4", "--plants", "1", "--prosumers", "0.25", "--days", "1"])
    chain = tmp_path / "chain.db"
    fleet = Fleet(settings, build(settings), chain)
    fleet.run()
    fleet.close()
    return Finished(fleet, close(fleet), chain)


def test_a_sound_run_passes_every_check(finished: Finished) -> None:
    """All twelve, and something was traded."""
    checks = Checkers(finished.fleet, finished.books, finished.chain).run()
    assert len(checks) == 12
    assert all(check["ok"] for check in checks), checks
    assert finished.books.settled_wh > 0


def test_trade_ends_without_an_award_are_explained(finished: Finished) -> None:
    """Trade ends and awards differ by those that settled nothing, and the check says so."""
    checks = Checkers(finished.fleet, finished.books, finished.chain).run()
    detail = next(check["detail"] for check in checks if check["name"] == "one award per trade end")
    figures = [int(word) for word in detail.split() if word.isdigit()]
    assert figures[0] == len(list(finished.fleet.ledger.awards()))
    ends = sum(1 for deal in finished.books.deals if deal.progress.end_id)
    assert figures[0] + sum(figures[1::2]) == ends, detail


def _more_settled(run: Finished) -> None:
    key = max(run.books.settled_panel)
    run.books.settled_panel[key] += 1_000_000


def _more_from_plants(run: Finished) -> None:
    run.books.by_plants[max(run.books.by_plants)] += 1_000_000


def _imported_less(run: Finished) -> None:
    run.books.settled_home[max(run.books.settled_home)] += 1_000_000


def _two_contracts_in_a_slot(run: Finished) -> None:
    run.books.contracts_home[max(run.books.contracts_home)] += 1


def _a_contract_less(run: Finished) -> None:
    run.books.deals.pop(
        next(i for i, deal in enumerate(run.books.deals) if deal.closing and deal.closing.wh)
    )


def _byte_in_the_chain(run: Finished) -> None:
    with sqlite3.connect(run.chain) as connection:
        connection.execute("UPDATE blocks SET time = time + 1 WHERE height = 3")
    connection.close()


def _witness_behind(run: Finished) -> None:
    run.fleet.witnesses[0].replica.ledger.height -= 1


def _award_lost(run: Finished) -> None:
    next(board for board in run.fleet.homes if board.meter.buying.awards).meter.buying.awards -= 1


def _panel_gave_less(run: Finished) -> None:
    panel = run.fleet.plants[0].site.panels[0].world
    given = panel.generated_wh
    panel.generated_wh = lambda index: given(index) - 1


def _coin_burned_twice(run: Finished) -> None:
    closing = next(deal.closing for deal in run.books.deals if deal.closing)
    closing.burned_ug += 1


def _money_from_nowhere(run: Finished) -> None:
    accounts = list(run.fleet.ledger.accounts())
    accounts[0][1].balance_nano += 1
    run.fleet.ledger.accounts = lambda: iter(accounts)


def _money_of_another(run: Finished) -> None:
    accounts = list(run.fleet.ledger.accounts())
    accounts[0][1].balance_nano += 1
    accounts[1][1].balance_nano -= 1
    run.fleet.ledger.accounts = lambda: iter(accounts)


def _another_certificate(run: Finished) -> None:
    derive = run.fleet.ledger.derive_award
    run.fleet.ledger.derive_award = lambda trade_end_id: (
        *derive(trade_end_id)[:2],
        0,
        *derive(trade_end_id)[3:],
    )


def _message_dropped(run: Finished) -> None:
    run.fleet.homes[0].core.member.dropped += 1


@pytest.mark.parametrize(
    ("spoil", "check"),
    [
        (_more_settled, "no kWh sold twice per panel and slot"),
        (_more_from_plants, "energy balance per slot"),
        (_imported_less, "no import settled twice"),
        (_two_contracts_in_a_slot, "no import settled twice"),
        (_a_contract_less, "one award per trade end"),
        (_byte_in_the_chain, "replay of the chain gives the same app hash"),
        (_witness_behind, "witnesses agree"),
        (_award_lost, "every award reached its meter"),
        (_panel_gave_less, "generation on the chain is what the panels gave"),
        (_coin_burned_twice, "coins issued = spent + expired + balance"),
        (_money_from_nowhere, "postings sum to zero"),
        (_money_of_another, "postings sum to zero"),
        (_another_certificate, "every certificate is derived again from the chain"),
        (_message_dropped, "no message was dropped or waits for an answer"),
    ],
)
def test_a_spoiled_run_fails_the_check_that_watches_it(
    finished: Finished, spoil: Callable[[Finished], None], check: str
) -> None:
    """One thing is wrong; its check is among those that fail."""
    spoil(finished)
    assert check in finished.failed()
