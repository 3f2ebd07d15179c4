# SPDX-License-Identifier: Apache-2.0
"""A contract's life is one table: nothing else can happen, nothing waits for ever. Pictures are drawn from it."""

import pytest

from wattpact.ledger import life

TIMEOUTS = (7200, 86_400, 604_800, 60)


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
