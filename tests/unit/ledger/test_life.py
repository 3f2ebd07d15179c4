# SPDX-License-Identifier: Apache-2.0
"""A contract's life as docs/ledger.md draws it is the table that the program walks."""

import re
from pathlib import Path

import pytest

from wattpact.ledger import life

PAGE = Path(__file__).resolve().parents[3] / "docs" / "ledger.md"
TIMEOUTS = (7200, 86_400, 604_800, 60)


def name_of(state: int) -> str:
    return life.STATES[state]


def test_the_diagram_is_the_table() -> None:
    """Every arrow of the page is in the table, and every entry of the table is an arrow."""
    diagram = PAGE.read_text().split("```mermaid")[1].split("```")[0]
    drawn = re.findall(r"^ +(\w+) --> (\w+): (\w+)$", diagram, flags=re.MULTILINE)
    told = [
        (name_of(state), name_of(after), life.EVENTS[event])
        for (state, event), after in life.TABLE.items()
    ]
    assert sorted(drawn) == sorted(told)
    first = re.findall(r"\[\*\] --> (\w+)", diagram)
    last = re.findall(r"(\w+) --> \[\*\]", diagram)
    assert first == [name_of(life.PROPOSED)]
    assert sorted(last) == sorted(map(name_of, (life.SETTLED, life.CONTESTED)))


def test_nothing_else_can_happen() -> None:
    """What is not in the table is the caller's mistake, and the message says what it was."""
    for state in range(1, len(life.STATES)):
        for event in range(1, len(life.EVENTS)):
            if (state, event) in life.TABLE:
                assert life.advance(state, event) == life.TABLE[state, event]
            else:
                with pytest.raises(ValueError, match=life.EVENTS[event]):
                    life.advance(state, event)


def test_every_state_can_be_reached_and_only_settled_ones_end() -> None:
    """From PROPOSED on; what the chain has closed stays closed."""
    reached = {life.PROPOSED} | set(life.TABLE.values())
    assert reached == set(range(1, len(life.STATES)))
    leaving = {state for state, _event in life.TABLE}
    assert reached - leaving == {life.SETTLED, life.CONTESTED}


def test_every_state_that_waits_has_a_timeout() -> None:
    """In block time, from the contract's own times and the genesis'."""
    start, end = 10_000, 13_600
    times = {
        state: life.timeout(state, 9_000, start, end, TIMEOUTS)
        for state in range(1, len(life.STATES))
    }
    assert times == {
        life.PROPOSED: 9_001,
        life.ACCEPTED: 9_001,
        life.SILENT: 9_001,
        life.RECORDED: start,
        life.DELIVERING: end + 86_400,
        life.ENDED: end + 7200,
        life.SETTLED: 0,
        life.DECLINED: 0,
        life.VOID: 0,
        life.EXPIRED: 0,
        life.CONTESTED: 0,
    }
    assert life.timeout(life.PROPOSED, start + 5, start, end, TIMEOUTS) == start
