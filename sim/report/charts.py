# SPDX-License-Identifier: Apache-2.0
"""Charts over time: what is stacked (energy, coins), what steps (prices), what is judged (reliability), what is ranked.

Each function draws for one width and returns a whole SVG. None of them is called without something to draw.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sim.figures import moment, plain, share
from sim.report import svg
from sim.report.series import Level, bucket_s, levels, merge, tick_labels, value_ticks
from sim.results import PlantReliability, Span

LANES = (
    ("reported", "low supply reported by the plant"),
    ("shortfall", "shortfall seen on the chain"),
)


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of a stack: `kind` is its class, `values` one figure per bucket in the unit of the axis."""

    kind: str
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class Line:
    """One stepwise line; `band` draws the range between lowest and highest too."""

    kind: str
    levels: Sequence[Level | None]
    band: bool = False


def bucket_for(width: int, length_s: int, slot_s: int) -> int:
    """Buckets no finer than the drawing can show."""
    return bucket_s(length_s, slot_s, 720 if width == svg.WIDE else 366)


def _frame(
    width: int, height: float, edges: Sequence[float], top_value: float, low_value: float = 0.0
) -> tuple[svg.Plot, list[tuple[float, str]]]:
    """The plot that has room for its labels, and its value ticks with their labels."""
    if top_value <= low_value:
        top_value = low_value + 1
    ticks = value_ticks(low_value, top_value, 5 if width == svg.WIDE else 4)
    labels = tick_labels(ticks)
    left = 14 + max(len(label) for label in labels) * svg.LETTER
    bottom = low_value if low_value < 0 else ticks[0]
    plot = svg.Plot(left, width - 22, 30, height - 40, edges[0], edges[-1], bottom, ticks[-1])
    shown = [(tick, label) for tick, label in zip(ticks, labels) if tick >= bottom]
    return plot, shown


def _pointers(
    width: int, plot: svg.Plot, edges: Sequence[float], tell: Callable[[int], str]
) -> list[str]:
    """Invisible columns that say the figures of their bucket; a narrow window has no pointer."""
    if width != svg.WIDE:
        return []
    return [
        svg.rect(
            plot.x(edges[index]),
            plot.top,
            plot.x(edges[index + 1]) - plot.x(edges[index]),
            plot.bottom - plot.top,
            "hit",
            tell(index),
        )
        for index in range(len(edges) - 1)
    ]


def stack(
    width: int,
    label: str,
    unit: str,
    edges: Sequence[float],
    layers: Sequence[Layer],
    tell: Callable[[int], str],
) -> str:
    """Layers on top of each other from the first up, with a line along the top of all of them."""
    sums: list[Sequence[float]] = [[0.0] * (len(edges) - 1)]
    for layer in layers:
        sums.append([below + value for below, value in zip(sums[-1], layer.values)])
    height = 320 if width == svg.WIDE else 270
    plot, ticks = _frame(width, height, edges, max(sums[-1]))
    parts = svg.value_axis(plot, ticks, unit)
    for index, layer in enumerate(layers):
        if any(layer.values):
            parts.append(
                svg.path(
                    svg.band(plot, edges, sums[index], sums[index + 1]), f"area f-{layer.kind}"
                )
            )
    parts.append(svg.path(svg.stairs(plot, edges, sums[-1]), "line total"))
    parts.append(svg.line(plot.left, plot.bottom, plot.right, plot.bottom, "axis"))
    parts += svg.time_axis(plot) + _pointers(width, plot, edges, tell)
    return svg.drawing(width, height, label, parts)


def lines(
    width: int,
    label: str,
    unit: str,
    edges: Sequence[float],
    drawn: Sequence[Line],
    tell: Callable[[int], str],
) -> str:
    """Stepwise lines over one axis, which starts at 0 unless that would hide the differences."""
    known = [level for each in drawn for level in each.levels if level is not None]
    high = max(level.high for level in known)
    low = min(level.low for level in known)
    height = 320 if width == svg.WIDE else 270
    plot, ticks = _frame(width, height, edges, high, low if low > high / 4 else min(low, 0))
    parts = svg.value_axis(plot, ticks, unit)
    for each in drawn:
        if each.band:
            parts += _bands(plot, edges, _range(each.levels), f"range f-{each.kind}")
    for each in drawn:
        means = [None if level is None else level.mean for level in each.levels]
        parts.append(svg.path(svg.stairs(plot, edges, means), f"line s-{each.kind}"))
    parts += svg.time_axis(plot) + _pointers(width, plot, edges, tell)
    return svg.drawing(width, height, label, parts)


def _bands(
    plot: svg.Plot, edges: Sequence[float], pairs: Sequence[tuple[float, float] | None], kind: str
) -> list[str]:
    """The area between two lines given as (lower, upper), one piece for every stretch without a gap."""
    pieces: list[str] = []
    start = 0
    for index in range(len(pairs) + 1):
        if index == len(pairs) or pairs[index] is None:
            held = [pair for pair in pairs[start:index] if pair is not None]
            if held:
                lower, upper = [pair[0] for pair in held], [pair[1] for pair in held]
                pieces.append(svg.band(plot, edges[start : index + 1], lower, upper))
            start = index + 1
    return [svg.path(piece, kind) for piece in pieces]


def _range(row: Sequence[Level | None]) -> list[tuple[float, float] | None]:
    return [None if level is None else (level.low, level.high) for level in row]


def strips(
    width: int, start: int, end: int, slot_s: int, plants: Sequence[PlantReliability]
) -> str:
    """A row for each plant: its score as a line, and two lanes under it with the times it fell short."""
    size = bucket_for(width, end - start, slot_s)
    edges = [*range(start, end, size), end]
    rows = [
        levels([(point.time, point.score_ppm) for point in plant.scores], start, end, size)
        for plant in plants
    ]
    lowest = min((level.low for row in rows for level in row if level), default=0)
    floor = min(lowest // 100_000 * 100_000, 800_000)
    pitch = 62
    height = 26 + pitch * len(plants) + 40
    left = 92 if width == svg.WIDE else 66
    right = width - 58
    bottom = 26 + pitch * len(plants)
    parts = svg.time_axis(svg.Plot(left, right, 26, bottom, start, end, 0, 1))
    parts.append(
        svg.text(
            0, 14, f"each strip: score from {share(floor)} to {share(1_000_000)}", "label unit"
        )
    )
    for index, (plant, row) in enumerate(zip(plants, rows)):
        top = 26.0 + pitch * index
        plot = svg.Plot(left, right, top + 4, top + 36, start, end, floor, 1_000_000)
        parts += _strip(plot, edges, plant, row)
    return svg.drawing(width, height, "Reliability of each plant over time", parts)


def _strip(
    plot: svg.Plot, edges: Sequence[float], plant: PlantReliability, row: Sequence[Level | None]
) -> list[str]:
    """The score over its lanes; a shortfall tints the whole strip."""
    name = plain(plant.plant)
    short = svg.shortened(name, plot.left - 6)
    means = [None if level is None else level.mean for level in row]
    under = [None if mean is None else (plot.y_from, mean) for mean in means]
    last = next((level.last for level in reversed(row) if level is not None), None)
    lanes = (plant.self_reported, plant.shortfalls)
    return [
        svg.rect(plot.left, plot.top, plot.right - plot.left, 48, "ground"),
        *_marks(plot, plot.top, 48, "tint f-shortfall", ("", plant.shortfalls)),
        svg.text(0, plot.top + 20, short, "label strong", name),
        *_bands(plot, edges, under, f"fill f-{plant.kind}"),
        *_bands(plot, edges, _range(row), f"range f-{plant.kind}"),
        svg.path(svg.stairs(plot, edges, means), f"line s-{plant.kind}"),
        svg.line(plot.left, plot.bottom, plot.right, plot.bottom, "hair"),
        svg.text(
            plot.right + 8,
            plot.top + 20,
            "unknown" if last is None else share(last),
            "label strong",
        ),
        *(
            mark
            for lane, spans in enumerate(lanes)
            for mark in _marks(
                plot, plot.bottom + 2 + lane * 6, 5, f"f-{LANES[lane][0]}", (LANES[lane][1], spans)
            )
        ),
    ]


def _marks(
    plot: svg.Plot, top: float, height: float, kind: str, told: tuple[str, Sequence[Span]]
) -> list[str]:
    """Spans as boxes at least two units wide, so that one bad slot in a year is still seen.

    `told` is what the title says and the spans; spans too close to be told apart become one box that counts them.
    """
    words, spans = told
    seen = [span for span in spans if span.end > plot.x_from and span.start < plot.x_to]
    unit_s = (plot.x_to - plot.x_from) / (plot.right - plot.left)
    parts: list[str] = []
    for span, times in merge(seen, int(unit_s * 2)):
        left = plot.x(max(span.start, plot.x_from))
        wide = max(plot.x(min(span.end, plot.x_to)) - left, 2)
        when = f"{moment(span.start)} to {moment(span.end)}"
        title = f"{words}: {when}" if times == 1 else f"{words}, {times} times: {when}"
        parts.append(
            svg.rect(min(left, plot.right - 2), top, wide, height, kind, title if words else "")
        )
    return parts


def ranked(width: int, label: str, unit: str, bars: Sequence[tuple[float, str]], axis: str) -> str:
    """Bars in the order given, above and below zero; each has its title."""
    height = 240 if width == svg.WIDE else 220
    high = max(0.0, *(value for value, _ in bars))
    low = min(0.0, *(value for value, _ in bars))
    plot, ticks = _frame(width, height, [0, len(bars)], high, low)
    parts = svg.value_axis(plot, ticks, unit)
    for index, (value, title) in enumerate(bars):
        left, right = plot.x(index), plot.x(index + 1)
        top, bottom = plot.y(max(value, 0)), plot.y(min(value, 0))
        gap = min(3.0, (right - left) * 0.2)
        kind = "f-gain" if value >= 0 else "f-loss"
        wide = min(right - left - gap, 48)
        parts.append(
            svg.rect((left + right - wide) / 2, top, wide, max(bottom - top, 0.8), kind, title)
        )
    parts.append(svg.line(plot.left, plot.y(0), plot.right, plot.y(0), "axis"))
    parts.append(svg.text((plot.left + plot.right) / 2, plot.bottom + 22, axis, "label middle"))
    return svg.drawing(width, height, label, parts)
