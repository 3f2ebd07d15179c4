# SPDX-License-Identifier: Apache-2.0
"""Marks on a drawing: SVG written by hand, coloured by class so that one drawing serves light, dark and paper.

Every drawing exists twice, laid out for a wide and for a narrow window, because scaled text cannot be read. Coordinates
have one decimal. Nothing here knows about energy.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from sim.figures import escape
from sim.report.series import Tick, time_ticks

WIDE = 960
NARROW = 400
LETTER = 6.5  # mean width of a letter at the size of the labels, in drawing units
WIDE_LETTERS = frozenset("mwMW@%&\u2026")
NARROW_LETTERS = frozenset("fijlrtI1.,:;!|'()[] ")


@dataclass(frozen=True, slots=True)
class Plot:
    """The inner rectangle of a drawing and the values at its edges."""

    left: float
    right: float
    top: float
    bottom: float
    x_from: float
    x_to: float
    y_from: float
    y_to: float

    def x(self, value: float) -> float:
        """Drawing units from the left."""
        share = (value - self.x_from) / (self.x_to - self.x_from)
        return self.left + share * (self.right - self.left)

    def y(self, value: float) -> float:
        """Drawing units from the top."""
        share = (value - self.y_from) / (self.y_to - self.y_from)
        return self.bottom - share * (self.bottom - self.top)


def number(value: float) -> str:
    """One decimal, without a useless zero."""
    text = f"{value:.1f}"
    return text.removesuffix(".0")


def drawing(width: int, height: float, label: str, parts: Sequence[str]) -> str:
    """A whole `<svg>`; `label` is what a screen reader says."""
    size = "wide" if width == WIDE else "narrow"
    return (
        f'<svg class="{size}" viewBox="0 0 {width} {number(height)}" role="img" '
        f'aria-label="{escape(label)}">' + "".join(parts) + "</svg>"
    )


def titled(element: str, attributes: str, title: str) -> str:
    """An element that shows `title` under the pointer."""
    if not title:
        return f"<{element} {attributes}/>"
    return f"<{element} {attributes}><title>{escape(title)}</title></{element}>"


def rect(left: float, top: float, width: float, height: float, kind: str, title: str = "") -> str:
    """A box; sizes below nothing count as nothing."""
    return titled(
        "rect",
        f'class="{kind}" x="{number(left)}" y="{number(top)}" '
        f'width="{number(max(width, 0))}" height="{number(max(height, 0))}"',
        title,
    )


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    """A straight line."""
    return (
        f'<line class="{kind}" x1="{number(x1)}" y1="{number(y1)}" '
        f'x2="{number(x2)}" y2="{number(y2)}"/>'
    )


def path(steps: str, kind: str, title: str = "") -> str:
    """A path from its commands."""
    return titled("path", f'class="{kind}" d="{steps}"', title)


def text(x: float, y: float, words: str, kind: str = "label", title: str = "") -> str:
    """Words whose baseline stands at `y`; the class says where `x` is: label, middle, end."""
    inner = escape(words) + (f"<title>{escape(title)}</title>" if title else "")
    return f'<text class="{kind}" x="{number(x)}" y="{number(y)}">{inner}</text>'


def _length(words: str) -> float:
    """Drawing units that bold words take at most, by the kind of their letters; no font is at hand."""
    return sum(
        13.5
        if unicodedata.east_asian_width(letter) in "WF"
        else 13.9
        if letter in WIDE_LETTERS
        else 6
        if letter in NARROW_LETTERS
        else 10.4
        if letter.isupper()
        else 8.8
        for letter in words
    )


def shortened(words: str, room: float) -> str:
    """As much of `words` as takes no more than `room` in bold letters; a cut is marked."""
    if _length(words) <= room:
        return words
    kept = words[: int(room / 5)]
    while kept and _length(kept + "\u2026") > room:
        kept = kept[:-1]
    return kept.rstrip() + "\u2026"


def stairs(plot: Plot, edges: Sequence[float], values: Sequence[float | None]) -> str:
    """Path commands of a line that holds values[i] from edges[i] to edges[i + 1] and stops at None."""
    steps: list[str] = []
    drawn: float | None = None
    for index, value in enumerate(values):
        if value is None:
            drawn = None
            continue
        if drawn is None:
            steps.append(f"M{number(plot.x(edges[index]))} {number(plot.y(value))}")
        elif value != drawn:
            steps.append(f"H{number(plot.x(edges[index]))}V{number(plot.y(value))}")
        drawn = value
        if index + 1 == len(values) or values[index + 1] is None:
            steps.append(f"H{number(plot.x(edges[index + 1]))}")
    return "".join(steps)


def band(plot: Plot, edges: Sequence[float], lower: Sequence[float], upper: Sequence[float]) -> str:
    """Path commands of the stepped area between two lines that have a value everywhere; () gives ""."""
    if not upper:
        return ""
    back = [f"L{number(plot.x(edges[len(lower)]))} {number(plot.y(lower[-1]))}"]
    for index in range(len(lower) - 1, 0, -1):
        if lower[index] != lower[index - 1]:
            back.append(f"H{number(plot.x(edges[index]))}V{number(plot.y(lower[index - 1]))}")
    back.append(f"H{number(plot.x(edges[0]))}")
    return stairs(plot, edges, upper) + "".join(back) + "Z"


def value_axis(plot: Plot, ticks: Sequence[tuple[float, str]], unit: str) -> list[str]:
    """Hairlines across the plot, a figure at each, the unit above."""
    parts = [text(0, plot.top - 12, unit, "label unit")]
    for tick, label in ticks:
        height = plot.y(tick)
        kind = "axis" if tick == plot.y_from else "hair"
        parts.append(line(plot.left, height, plot.right, height, kind))
        parts.append(text(plot.left - 8, height + 4, label, "label end"))
    return parts


def time_axis(plot: Plot) -> list[str]:
    """Hours, days or months under the plot; dates in a second row where they begin."""
    room = max(2, int((plot.right - plot.left) / 58))
    parts = [text(plot.right, plot.bottom + 33, "local time", "label end")]
    below_until = 0.0
    for tick in time_ticks(int(plot.x_from), int(plot.x_to), room):
        at = plot.x(tick.time)
        parts.append(line(at, plot.bottom, at, plot.bottom + 5, "axis"))
        parts.append(text(at, plot.bottom + 18, tick.label, "label middle"))
        if _has_room(plot, tick, at, below_until):
            parts.append(text(at, plot.bottom + 33, tick.below, "label middle strong"))
            below_until = at + (len(tick.below) + 2) * LETTER
    return parts


def _has_room(plot: Plot, tick: Tick, at: float, taken_until: float) -> bool:
    """A date that begins where the plot ends says nothing about the plot."""
    return bool(tick.below) and at >= taken_until and (at < plot.right - 1 or taken_until == 0)
