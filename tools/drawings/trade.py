# SPDX-License-Identifier: Apache-2.0
"""The picture of the README: one trade among meter, plant, neighbour and chain, its steps numbered."""

from drawings.svg import Drawing, Point

WIDTH, HEIGHT = 960, 490
NEIGHBOUR = (40, 50, 180, 96)
METER = (390, 50, 180, 96)
PLANT = (720, 50, 190, 96)
CHAIN = (40, 280, 870, 66)
ISSUER = (200, 400, 200, 60)
AWARD = (480, 400, 360, 60)


def trade() -> str:
    """Offer, question, choice, contract, end, award."""
    drawing = Drawing(
        WIDTH,
        HEIGHT,
        "A plant offers, a neighbour passes offers on, the meter chooses, both sign, "
        "the chain records and settles, and the issuer awards coins and a certificate.",
    )
    drawing.box(*NEIGHBOUR, "roof", ["neighbour", "another meter; with", "panels also a plant"])
    drawing.box(*METER, "meter", ["meter", "3 judges the plants", "and chooses one"])
    drawing.box(*PLANT, "plant", ["plant", "panels, each with", "a meter of its own"])
    drawing.box(
        *CHAIN,
        "chain",
        ["chain", "checks every rule; settles each slot, delivered against generated"],
    )
    drawing.box(*ISSUER, "box", ["issuer", "signs what the rules say"])
    drawing.box(*AWARD, "award", ["award", "carbon coins for the next trade, and a certificate"])
    _told(drawing, [(720, 78), (570, 78)], (645, 69), "1 offer")
    _told(drawing, [(220, 78), (390, 78)], (305, 69), "2 offers it has heard,")
    drawing.words(305, 98, "and its scores of them", "small middle")
    _told(drawing, [(570, 122), (720, 122)], (645, 140), "4 proposal, signed")
    _told(drawing, [(760, 146), (760, 280)], (750, 205), "5 contract,", "signed by both", end=True)
    _told(drawing, [(480, 146), (480, 280)], (490, 205), "6 trade end:", "what was delivered")
    _told(drawing, [(890, 146), (890, 280)], (880, 205), "6 what was", "generated", end=True)
    _told(drawing, [(300, 346), (300, 400)], (310, 378), "7 what is settled")
    drawing.arrow([(400, 430), (480, 430)])
    drawing.arrow([(840, 430), (935, 430), (935, 22), (480, 22), (480, 50)])
    drawing.words(850, 421, "8 award", "small")
    return drawing.text()


def _told(drawing: Drawing, points: list[Point], at: Point, *lines: str, end: bool = False) -> None:
    """An arrow and what it carries."""
    drawing.arrow(points)
    flat = points[0][1] == points[-1][1]
    style = "small middle" if flat else "small end" if end else "small"
    for index, words in enumerate(lines):
        drawing.words(at[0], at[1] + 17 * index, words, style)
