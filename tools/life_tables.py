# SPDX-License-Identifier: Apache-2.0
"""A contract's states as the meter, the plant and the chain walk them, and every time that ends one: tables for pages.

What causes an event is told here; which state follows is asked of ledger/life.py, and the tables must hold each of its
arrows. Seconds are the code's own.
"""

import inspect
from collections.abc import Callable

from host.genesis import Terms
from wattpact.contract.timing import Timing
from wattpact.ledger import life
from wattpact.market.choice import TRIES_MAX
from wattpact.node import buying, outbox, plant

Step = tuple[int, int, str]  # state, event, who causes it

METER: tuple[Step, ...] = (
    (life.PROPOSED, life.ACCEPT, "the plant's acceptance comes, as the complete record"),
    (life.PROPOSED, life.DECLINE, "the plant's DECLINE; coins are free, the next of the ranking"),
    (life.PROPOSED, life.SILENCE, "`answer_s` without an answer; the next of the ranking"),
    (
        life.PROPOSED,
        life.LAPSE,
        "`accept_by` + `clock_s` is over, or it is refused; coins are free",
    ),
    (life.PROPOSED, life.RECORD, "STORED names it: the acceptance was lost on its way"),
    (life.SILENT, life.ACCEPT, "the acceptance comes late"),
    (life.SILENT, life.DECLINE, "the DECLINE comes late; coins are free"),
    (life.SILENT, life.LAPSE, "`accept_by` + `clock_s` is over, or it is refused; coins are free"),
    (life.SILENT, life.RECORD, "STORED names it: the acceptance was lost on its way"),
    (life.ACCEPTED, life.LAPSE, "it is refused; coins are free"),
    (life.ACCEPTED, life.RECORD, "STORED names it, or its end"),
    (life.DECLINED, life.RECORD, "STORED names it all the same: it binds"),
    (life.VOID, life.RECORD, "STORED names it, or its end, all the same: it binds"),
    (life.RECORDED, life.START, "the first slot begins"),
    (life.DELIVERING, life.END, "the last slot's reading, or `grace_s` without it: TRADE_END"),
)
PLANT: tuple[Step, ...] = (
    (life.ACCEPTED, life.RECORD, "STORED names it"),
    (
        life.ACCEPTED,
        life.LAPSE,
        "`accept_by` + `clock_s` is over, or it is refused; its energy is free",
    ),
    (life.VOID, life.RECORD, "STORED names it all the same: its energy is taken again"),
    (life.RECORDED, life.START, "the first slot begins"),
    (life.DELIVERING, life.END, "the meter's TRADE_END is heard"),
)
CHAIN: tuple[Step, ...] = (
    (life.RECORDED, life.START, "block time reaches the first slot"),
    (life.DELIVERING, life.END, "TRADE_END is recorded"),
    (life.DELIVERING, life.EXPIRE, "no TRADE_END `withheld_s` after the last slot"),
    (life.EXPIRED, life.END, "a late TRADE_END, at most `late_s` after the last slot (R67)"),
    (life.ENDED, life.SETTLE, "the last slot is settled and the meter was valid in all"),
    (life.ENDED, life.CONTEST, "the last slot is settled, the meter was not valid in some"),
)
# State -> when block time ends it, as an expression over the contract and the genesis.
TIMEOUTS = {
    life.PROPOSED: "min(accept_by + 1, start)",
    life.SILENT: "min(accept_by + 1, start)",
    life.ACCEPTED: "min(accept_by + 1, start)",
    life.RECORDED: "start",
    life.DELIVERING: "end + withheld_s",
    life.ENDED: "end + settle_s",
}


def walked(steps: tuple[Step, ...]) -> list[str]:
    """One side's table. KeyError for a step that life.py does not have."""
    lines = ["| state | event | next | caused by |", "|---|---|---|---|"]
    for state, event, cause in steps:
        after = life.TABLE[state, event]
        names = (life.STATES[state], life.EVENTS[event], life.STATES[after], cause)
        lines.append("| %s | %s | %s | %s |" % names)
    return lines


def chain_walk() -> list[str]:
    """The chain's table; ValueError if an arrow of life.py stands in none of the three."""
    told = {step[:2] for steps in (METER, PLANT, CHAIN) for step in steps}
    if told != set(life.TABLE):
        raise ValueError("steps of ledger/life.py that nobody walks: %s" % (set(life.TABLE) - told))
    return walked(CHAIN)


def timeouts() -> list[str]:
    """When a state ends by itself; ValueError if life.timeout says another time."""
    lines = ["| state | is left at the latest at | for |", "|---|---|---|"]
    for state, expression in TIMEOUTS.items():
        _check_timeout(state, expression)
        after = [
            life.STATES[life.TABLE[state, event]]
            for event in (life.LAPSE, life.START, life.EXPIRE, life.SETTLE, life.CONTEST)
            if (state, event) in life.TABLE
        ]
        lines.append("| %s | `%s` | %s |" % (life.STATES[state], expression, " or ".join(after)))
    for state in range(1, len(life.STATES)):
        if state not in TIMEOUTS and life.timeout(state, 1, 1, 1, (1, 1, 1, 1)):
            raise ValueError("%s has a timeout that is not told" % life.STATES[state])
    return lines


def _check_timeout(state: int, expression: str) -> None:
    for accept_by, start in ((100, 500), (900, 500)):
        names = {"accept_by": accept_by, "start": start, "end": 7000}
        genesis = {"settle_s": 10_000, "withheld_s": 20_000}
        said = eval(expression, {"min": min}, {**names, **genesis})  # a line of TIMEOUTS above
        if said != life.timeout(state, accept_by, start, 7000, (10_000, 20_000, 30_000, 60)):
            raise ValueError("the timeout of %s is another" % life.STATES[state])


def spans() -> list[str]:
    """Every span of time in a trade: where it is fixed, and its value."""
    defaults = {
        name: each.default for name, each in inspect.signature(Timing.__init__).parameters.items()
    }
    terms = Terms()
    rows: list[tuple[str, int, str, str]] = [
        (name, defaults[name], "node", what)
        for name, what in (
            ("offer_lead_s", "before a round's start plants offer"),
            ("ask_lead_s", "before it a meter without an offer asks its neighbours"),
            ("decide_lead_s", "before it meters begin to decide"),
            ("spread_s", "over which they decide, each at a second of its own"),
            ("answer_s", "after a proposal its plant counts as silent; %d tries" % TRIES_MAX),
            ("accept_s", "from a proposal to its `accept_by`, at most to its start"),
            ("grace_s", "after the last slot a missing reading is given up"),
        )
    ]
    rows += [
        (
            "RECORD_S",
            buying.RECORD_S,
            "node",
            "without STORED the meter submits the record itself,",
        ),
        ("SPARE_S", buying.SPARE_S, "node", "and this long before `accept_by` at the latest"),
        (
            "AWARD_S",
            buying.AWARD_S,
            "node",
            "after an award is due its meter asks for it, by the same TRADE_END; the wait doubles",
        ),
        ("REPORT_S", plant.REPORT_S, "node", "after a round the plant reports its GENERATION"),
        ("RETRY_S", outbox.RETRY_S, "node", "the outbox sends again; the wait doubles"),
        ("RETRY_S_MAX", outbox.RETRY_S_MAX, "node", "up to this"),
        (
            "SPREAD_S",
            outbox.SPREAD_S,
            "node",
            "over which those who may have missed something send PROVE, each at a second of its own",
        ),
        ("settle_s", terms.settle_s, "genesis", "from a slot's end to its settlement"),
        ("withheld_s", terms.withheld_s, "genesis", "from the last slot to a withheld end"),
        ("late_s", terms.late_s, "genesis", "from the last slot to the last late end"),
        ("clock_s", terms.clock_s, "genesis", "that clocks may differ"),
    ]
    lines = ["| span | s | fixed by | |", "|---|---|---|---|"]
    return lines + ["| `%s` | %d | %s | %s |" % row for row in rows]


PARTS: "dict[str, Callable[[], list[str]]]" = {
    "life at the meter": lambda: walked(METER),
    "life at the plant": lambda: walked(PLANT),
    "life on the chain": chain_walk,
    "timeouts": timeouts,
    "spans": spans,
}
