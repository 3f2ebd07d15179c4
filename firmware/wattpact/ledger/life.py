# SPDX-License-Identifier: Apache-2.0
"""The life of a contract as one table: every (state, event) that is not in it cannot happen.

The ledger walks it from RECORDED on, a meter's and a plant's board from PROPOSED on. What a board believes may lag
behind the chain, and the chain has the last word: a record that turns up after a DECLINE or a lapse counts.
tools/pictures.py draws it for docs/ledger.md.
"""

from ..compat import const

PROPOSED = const(1)  # signed by the meter
ACCEPTED = const(2)  # signed by both, not on the chain yet
SILENT = const(3)  # the meter waits no longer for an answer; the plant may still accept
RECORDED = const(4)
DELIVERING = const(5)
ENDED = const(6)
SETTLED = const(7)
DECLINED = const(8)
VOID = const(9)  # never was a contract
EXPIRED = const(10)  # the end was withheld
CONTESTED = const(
    11
)  # settled for the slots in which the meter was valid, and never for the others

ACCEPT = const(1)
DECLINE = const(2)
SILENCE = const(3)
LAPSE = const(4)  # the time in which it could be recorded is over
RECORD = const(5)
START = const(6)  # the first slot begins
END = const(7)
EXPIRE = const(8)
SETTLE = const(9)
CONTEST = const(10)

STATES = (
    "",
    "proposed",
    "accepted",
    "silent",
    "recorded",
    "delivering",
    "ended",
    "settled",
    "declined",
    "void",
    "expired",
    "contested",
)
EVENTS = (
    "",
    "accept",
    "decline",
    "silence",
    "lapse",
    "record",
    "start",
    "end",
    "expire",
    "settle",
    "contest",
)

TABLE = {
    (PROPOSED, ACCEPT): ACCEPTED,
    (PROPOSED, DECLINE): DECLINED,
    (PROPOSED, SILENCE): SILENT,
    (PROPOSED, LAPSE): VOID,
    (PROPOSED, RECORD): RECORDED,
    (SILENT, ACCEPT): ACCEPTED,
    (SILENT, DECLINE): DECLINED,
    (SILENT, LAPSE): VOID,
    (SILENT, RECORD): RECORDED,
    (ACCEPTED, LAPSE): VOID,
    (ACCEPTED, RECORD): RECORDED,
    (DECLINED, RECORD): RECORDED,
    (VOID, RECORD): RECORDED,
    (RECORDED, START): DELIVERING,
    (DELIVERING, END): ENDED,
    (DELIVERING, EXPIRE): EXPIRED,
    (EXPIRED, END): ENDED,
    (ENDED, SETTLE): SETTLED,
    (ENDED, CONTEST): CONTESTED,
}


def advance(state: int, event: int) -> int:
    """The state after `event`. ValueError if it cannot happen in `state`: the caller's mistake."""
    after = TABLE.get((state, event))
    if after is None:
        raise ValueError("no %s in state %s" % (EVENTS[event], STATES[state]))
    return after


def timeout(
    state: int, accept_by: int, start: int, end: int, timeouts: "tuple[int, int, int, int]"
) -> int:
    """When `state` is left with nobody doing anything, in block time; 0 for a state that stays.

    `start` and `end` bound the contract's slots, `timeouts` are the genesis'. PROPOSED, SILENT and ACCEPTED lapse,
    RECORDED starts, DELIVERING expires, ENDED settles.
    """
    settle_s, withheld_s, _late_s, _clock_s = timeouts
    if state in (PROPOSED, SILENT, ACCEPTED):
        return min(accept_by + 1, start)
    if state == RECORDED:
        return start
    if state == DELIVERING:
        return end + withheld_s
    if state == ENDED:
        return end + settle_s
    return 0
