# SPDX-License-Identifier: Apache-2.0
"""The life of a contract as ledger/life.py's table has it: states placed by hand, arrows compared with the table."""

from drawings.svg import Drawing, Point
from wattpact.ledger import life

WIDTH, HEIGHT = 1010, 380
BOX = (104, 40)
# Centre of each state's box.
PLACES = {
    life.PROPOSED: (110, 90),
    life.ACCEPTED: (340, 90),
    life.SILENT: (110, 195),
    life.DECLINED: (110, 310),
    life.VOID: (340, 310),
    life.RECORDED: (520, 195),
    life.DELIVERING: (665, 195),
    life.ENDED: (800, 195),
    life.SETTLED: (935, 125),
    life.CONTESTED: (935, 265),
    life.EXPIRED: (732, 310),
}
# Before the chain has it, whatever the devices believe: each of these is left by a record for RECORDED.
BEFORE = (life.PROPOSED, life.ACCEPTED, life.SILENT, life.DECLINED, life.VOID)
FRAME = (20, 36, 392, 318)
# The arrow of each (state, event), and where its word stands.
ROUTES: "dict[tuple[int, int], tuple[list[Point], Point]]" = {
    (life.PROPOSED, life.ACCEPT): ([(162, 90), (288, 90)], (204, 82)),
    (life.PROPOSED, life.SILENCE): ([(110, 110), (110, 175)], (116, 146)),
    (life.PROPOSED, life.DECLINE): ([(58, 90), (38, 90), (38, 310), (58, 310)], (44, 252)),
    (life.PROPOSED, life.LAPSE): ([(158, 110), (302, 290)], (244, 204)),
    (life.SILENT, life.ACCEPT): ([(162, 184), (300, 110)], (256, 154)),
    (life.SILENT, life.DECLINE): ([(110, 215), (110, 290)], (116, 256)),
    (life.SILENT, life.LAPSE): ([(162, 210), (288, 302)], (176, 268)),
    (life.ACCEPTED, life.LAPSE): ([(340, 110), (340, 290)], (346, 204)),
    (life.RECORDED, life.START): ([(572, 195), (613, 195)], (578, 187)),
    (life.DELIVERING, life.END): ([(717, 195), (748, 195)], (720, 187)),
    (life.DELIVERING, life.EXPIRE): ([(676, 215), (718, 290)], (650, 262)),
    (life.EXPIRED, life.END): ([(746, 290), (788, 215)], (778, 262)),
    (life.ENDED, life.SETTLE): ([(836, 175), (890, 145)], (824, 150)),
    (life.ENDED, life.CONTEST): ([(836, 215), (890, 245)], (818, 248)),
}


def contract_life() -> str:
    """ValueError if the table has a state or an arrow that the picture does not."""
    on_record = {(state, life.RECORD): life.RECORDED for state in BEFORE}
    if {*ROUTES, *on_record} != set(life.TABLE) or set(PLACES) != set(range(1, len(life.STATES))):
        raise ValueError("the picture of a contract's life is not the table of life.py")
    if any(life.TABLE[edge] != after for edge, after in on_record.items()):
        raise ValueError("a state before the chain is not left by a record")
    drawing = Drawing(WIDTH, HEIGHT, "States of a contract and what leads from one to the next.")
    drawing.box(*FRAME, "sheet")
    drawing.words(FRAME[0] + 12, FRAME[1] + 20, "what the devices believe", "soft")
    drawing.words(468, FRAME[1] + 20, "what the chain says", "soft")
    for edge, (points, (x, y)) in ROUTES.items():
        drawing.arrow(points)
        drawing.words(x, y, life.EVENTS[edge[1]], "small")
    drawing.arrow([(FRAME[0] + FRAME[2], 195), (468, 195)])
    drawing.words(418, 187, "record", "small")
    for state, (x, y) in PLACES.items():
        last = state in (life.SETTLED, life.CONTESTED)
        kind = "box" if state in BEFORE else "plant" if last else "chain"
        drawing.box(x - BOX[0] // 2, y - BOX[1] // 2, *BOX, kind, [life.STATES[state]])
    return drawing.text()
