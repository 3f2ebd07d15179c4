# SPDX-License-Identifier: Apache-2.0
"""Who says what to whom and when: a trade that goes well, and three that do not. Times are the code's own."""

import inspect
from dataclasses import dataclass

from drawings.svg import Drawing
from wattpact.contract.timing import Timing
from wattpact.node.buying import RECORD_S
from wattpact.node.plant import REPORT_S

LEFT = 140  # of the first lane; times stand before it
LANE = 235
TOP = 62
STEP = 34
MARGIN = 30


@dataclass(frozen=True)
class Said:
    """One message, or a note if `to` is `by`; lanes by number, `when` as the reader shall see it."""

    when: str
    by: int
    to: int
    words: str
    lost: bool = False


def default_s(name: str) -> int:
    """Seconds that a Timing has unless told otherwise."""
    return inspect.signature(Timing.__init__).parameters[name].default


def _before(name: str) -> str:
    return "start - %d min" % (default_s(name) // 60)


def _sequence(label: str, lanes: tuple[str, ...], said: tuple[Said, ...]) -> str:
    width = LEFT + LANE * (len(lanes) - 1) + LEFT - 20
    height = TOP + STEP * len(said) + MARGIN
    drawing = Drawing(width, height, label)
    xs = [LEFT + 20 + LANE * index for index in range(len(lanes))]
    for x, name in zip(xs, lanes):
        drawing.line((x, 48), (x, height - 14), "life")
        kind = {"m": "meter", "p": "plant"}.get(name[0], "chain")
        drawing.box(x - 62, 16, 124, 32, kind, [name])
    for index, each in enumerate(said):
        y = TOP + STEP * index + 22
        drawing.words(14, y + 4, each.when, "soft")
        by, to = xs[each.by], xs[each.to]
        if each.by == each.to:
            _note(drawing, by, y, each)
            continue
        side = 1 if to > by else -1
        end = (by + 3 * to) // 4 if each.lost else to - 3 * side
        drawing.arrow([(by + 3 * side, y), (end, y)], "lost" if each.lost else "arrow")
        if each.lost:
            drawing.words(end + 12 * side, y + 4, "lost", "warn" + (" end" if side < 0 else ""))
        if abs(each.to - each.by) == 1:
            drawing.words((by + to) // 2, y - 5, each.words, "small middle")
        else:  # words must not stand on the lane between
            drawing.words(by + 12 * side, y - 5, each.words, "small end" if side < 0 else "small")
    return drawing.text()


def _note(drawing: Drawing, x: int, y: int, note: Said) -> None:
    """What a node does by itself, beside its lane."""
    last = x + LANE > drawing.width
    drawing.words(x - 10 if last else x + 10, y + 4, note.words, "soft end" if last else "soft")


def normal() -> str:
    """From the offer to the award."""
    lanes = ("meter", "plant", "host")
    said = (
        Said(_before("offer_lead_s"), 1, 0, "OFFER (broadcast)"),
        Said("", 1, 2, "OFFER"),
        Said(_before("decide_lead_s"), 0, 0, "judges, chooses, signs"),
        Said("", 0, 1, "proposal, as a parcel"),
        Said("", 1, 0, "record: both signatures"),
        Said("", 1, 2, "record"),
        Said("next block", 2, 1, "STORED"),
        Said("", 2, 0, "STORED"),
        Said("start", 0, 0, "the slots pass, one reading each"),
        Said("end", 0, 1, "TRADE_END (broadcast)"),
        Said("", 0, 2, "TRADE_END"),
        Said("end + %d s" % REPORT_S, 1, 2, "GENERATION"),
        Said("next block", 2, 0, "STORED; to the plant as well"),
        Said("end + settle_s", 2, 2, "settles, derives the award"),
        Said("next block", 2, 0, "AWARD: coins and certificate"),
    )
    return _sequence("A trade from the offer to the award.", lanes, said)


def declined() -> str:
    """The plant says no."""
    answer_s = default_s("answer_s")
    lanes = ("meter", "plant A", "plant B", "host")
    said = (
        Said("0 s", 0, 1, "proposal"),
        Said("", 1, 0, "DECLINE: reason, what is left"),
        Said("at once", 0, 0, "coins free, next of the ranking"),
        Said("", 0, 2, "proposal"),
        Said("within %d s" % answer_s, 2, 0, "record"),
        Said("", 2, 3, "record"),
    )
    return _sequence("A plant declines and the next one is asked.", lanes, said)


def silent() -> str:
    """The plant says nothing."""
    answer_s = default_s("answer_s")
    lanes = ("meter", "plant A", "plant B", "host")
    said = (
        Said("0 s", 0, 1, "proposal", lost=True),
        Said("%d s" % answer_s, 0, 0, "A is silent, next of the ranking"),
        Said("", 0, 2, "proposal, with other coins"),
        Said("", 2, 0, "record"),
        Said("", 2, 3, "record"),
        Said("accept_by + clock_s", 0, 0, "void: its coins are free"),
    )
    return _sequence("A plant is silent and the next one is asked.", lanes, said)


def acceptance_lost() -> str:
    """The plant said yes and the meter did not hear it: the chain decides."""
    answer_s = default_s("answer_s")
    lanes = ("meter", "plant A", "plant B", "host")
    said = (
        Said("0 s", 0, 1, "proposal"),
        Said("", 1, 0, "record", lost=True),
        Said("", 1, 3, "record"),
        Said("%d s" % answer_s, 0, 0, "A is silent, next of the ranking"),
        Said("", 0, 2, "proposal for the same slots"),
        Said("", 2, 0, "record"),
        Said("", 2, 3, "record"),
        Said("next block", 3, 1, "STORED: A's contract"),
        Said("", 3, 0, "STORED: A's contract is recorded, it binds"),
        Said("", 3, 2, "STORED: refused, R46"),
        Said("%d s later" % RECORD_S, 0, 3, "B's record, still unanswered"),
        Said("next block", 3, 0, "STORED: refused, R46; its coins are free"),
    )
    return _sequence("An acceptance is lost on its way to the meter.", lanes, said)
