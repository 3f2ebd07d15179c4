# SPDX-License-Identifier: Apache-2.0
"""The tables of a contract's states cannot leave out, or invent, a step of ledger/life.py."""

import pytest

from tools import life_tables
from wattpact.ledger import life


def test_the_three_sides_walk_every_step_of_the_table() -> None:
    """And no other: the chain's part is made only if nothing is missing."""
    steps = [*life_tables.METER, *life_tables.PLANT, *life_tables.CHAIN]
    assert {step[:2] for step in steps} == set(life.TABLE)
    assert len(life_tables.chain_walk()) == len(life_tables.CHAIN) + 2


def test_a_step_that_nobody_walks_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new arrow of life.py must be explained before the page is made."""
    monkeypatch.setitem(life.TABLE, (life.SETTLED, life.RECORD), life.RECORDED)
    with pytest.raises(ValueError, match="nobody walks"):
        life_tables.chain_walk()


def test_a_step_that_cannot_happen_has_no_row() -> None:
    """A table is looked up, not written."""
    with pytest.raises(KeyError):
        life_tables.walked(((life.SETTLED, life.DECLINE, "a mistake"),))


def test_another_timeout_than_the_codes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The formula shown is computed and compared with life.timeout."""
    assert "| delivering | `end + withheld_s` | expired |" in life_tables.timeouts()
    monkeypatch.setitem(life_tables.TIMEOUTS, life.ENDED, "end + withheld_s")
    with pytest.raises(ValueError, match="ended"):
        life_tables.timeouts()


def test_a_timeout_that_is_not_told_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every state that ends by itself stands in the table."""
    monkeypatch.delitem(life_tables.TIMEOUTS, life.RECORDED)
    with pytest.raises(ValueError, match="recorded"):
        life_tables.timeouts()
