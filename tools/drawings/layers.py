# SPDX-License-Identifier: Apache-2.0
"""Who may import whom: boxes placed by hand, arrows as tools/tidy.py allows them."""

import tidy

from drawings.svg import Drawing, Point

WIDTH, HEIGHT = 900, 640
BOX = (140, 44)
# Centre of each part's box.
PLACES = {
    "contract": (350, 305),
    "market": (190, 385),
    "ledger": (510, 385),
    "metering": (130, 475),
    "wire": (350, 465),
    "crypto": (510, 510),
}
BESIDE = {
    "assembly": (100, 214),
    "home": (755, 214),
    "link": (755, 305),
    "esp32": (755, 385),
    "element": (755, 510),
}
# What builds a node out of all the others has words instead of arrows.
BUILDERS = ("assembly", "esp32")
WORDS = {
    "contract": "one trade",
    "market": "judge and choose",
    "ledger": "the rules",
    "metering": "readings",
    "wire": "messages, bytes",
    "crypto": "P-256, SHA-256",
    "assembly": "from settings",
    "home": "Home Assistant",
    "link": "carries bytes",
    "element": "a key in a chip",
    "esp32": "the board's parts",
}


def layers() -> str:
    """ValueError if the code base has a part that the picture does not."""
    if set(PLACES) != tidy.CORE or set(tidy.LAYERS) != {*PLACES, *BESIDE, "node"}:
        raise ValueError("a part of wattpact has no place in the picture of its layers")
    drawing = Drawing(WIDTH, HEIGHT, "Which part may import which.")
    _trees(drawing)
    drawing.box(20, 150, 860, 470, "sheet")
    drawing.words(36, 176, "firmware/wattpact", "strong")
    drawing.box(190, 190, 320, 48, "meter", ["node", "sans-io cores: events in, effects out"])
    drawing.box(36, 262, 568, 286, "box")
    drawing.arrow([(350, 238), (350, 262)])
    for part, (x, y) in {**PLACES, **BESIDE}.items():
        drawing.box(x - BOX[0] // 2, y - BOX[1] // 2, *BOX, "chain", [part, WORDS[part]])
    for part, place in {**PLACES, **BESIDE}.items():
        if part in BUILDERS:
            continue
        for other in sorted(tidy.LAYERS[part] & set(PLACES)):
            drawing.arrow(_edge(place, PLACES[other]))
    drawing.arrow([(685, 214), (510, 214)])  # home reads what node has
    drawing.arrow([(170, 214), (190, 214)])
    drawing.words(755, 424, "imports all, and only", "soft middle")
    drawing.words(755, 441, "main.py imports it", "soft middle")
    drawing.box(
        36,
        562,
        828,
        44,
        "box",
        ["errors, units, compat", "imported by anybody; interfaces for types only"],
    )
    return drawing.text()


def _trees(drawing: Drawing) -> None:
    """The trees above the package, each importing those below it, as TREE_IMPORTS says."""
    order = ["tools", "sim", "host"]
    for index, tree in enumerate(order):
        below = {*order[index:], "wattpact"}
        if tidy.TREE_IMPORTS[tree] != below:
            raise ValueError("%s does not import what the picture says" % tree)
    words = {"tools": "check, generate", "sim": "a fleet", "host": "replica, issuer"}
    for index, tree in enumerate(order):
        left = 150 + 220 * index
        drawing.box(left, 40, 150, 48, "chain", [tree, words[tree]])
        drawing.arrow([(left + 75, 88), (left + 75, 150)])
        if index + 1 < len(order):
            drawing.arrow([(left + 150, 64), (left + 220, 64)])
    drawing.words(36, 68, "tests import", "soft")
    drawing.words(36, 85, "anything", "soft")


def _edge(start: Point, end: Point) -> list[Point]:
    """From box to box, leaving and arriving at the sides that face each other."""
    (x1, y1), (x2, y2) = start, end
    half_width, half_height = BOX[0] // 2, BOX[1] // 2
    side = 1 if x2 > x1 else -1 if x2 < x1 else 0
    if y2 - y1 < 2 * half_height + 10:
        return [(x1 + half_width * side, y1 + 8), (x2 - half_width * side, y2 - 8)]
    shift = 34 * side
    return [(x1 + shift, y1 + half_height), (x2 - shift, y2 - half_height)]
