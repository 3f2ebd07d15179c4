# SPDX-License-Identifier: Apache-2.0
"""The chapters on offers: what plants asked, and how far they could be relied on."""

from collections.abc import Sequence
from dataclasses import replace

from sim.figures import count, listed, moment, natural, price, shorten
from sim.report import charts, svg
from sim.report.chapter import empty, figure, span_of
from sim.report.charts import Line
from sim.report.series import Level, levels
from sim.results import PlantPrices, PlantReliability, PricePoint, Results, Span

LINES_MAX = 6  # as many plants as have a colour and a dash of their own
STRIPS_MAX = 12


def _series(points: Sequence[PricePoint], results: Results, size: int) -> list[Level | None]:
    """A price in currency units per kWh, bucket by bucket."""
    start, end = span_of(results)
    return levels([(point.time, point.price / 1e6) for point in points], start, end, size)


def _envelope(rows: Sequence[Sequence[Level | None]]) -> list[Level | None]:
    """Lowest, mean and highest of several plants in each bucket."""
    merged: list[Level | None] = []
    for column in zip(*rows):
        known = [level for level in column if level is not None]
        merged.append(
            Level(
                min(level.low for level in known),
                sum(level.mean for level in known) / len(known),
                max(level.high for level in known),
                sum(level.last for level in known) / len(known),
            )
            if known
            else None
        )
    return merged


def _price_lines(results: Results, size: int) -> list[tuple[str, Line]]:
    """(name, line) from the back to the front: the grid, groups, then the plants that sold most by name."""
    sold: dict[str, int] = {}
    for flow in results.flows:
        if flow.seller_kind == "plant":
            sold[flow.seller] = sold.get(flow.seller, 0) + flow.energy_wh
    plants = [each for each in results.prices if each.kind == "plant"]
    plants.sort(key=lambda each: (-sold.get(each.plant, 0), natural(each.plant)))
    groups = (
        ("neighbour", "neighbour", [each for each in results.prices if each.kind == "neighbour"]),
        ("buyer", "other plant", plants[LINES_MAX:]),
    )
    drawn = [("grid", Line("grid", _series(results.grid_prices, results, size), band=True))]
    for kind, noun, members in groups:
        merged = _envelope([_series(each.points, results, size) for each in members])
        words = f"{count(len(members), noun)}, mean and range" if len(members) > 1 else noun
        drawn.append((words, Line(kind, merged, band=True)))
    alone = sorted(plants[:LINES_MAX], key=lambda each: natural(each.plant))
    for index, each in enumerate(alone):
        line = Line(f"l{index + 1}", _series(each.points, results, size))
        drawn.append((each.plant, line))
    return [(name, line) for name, line in drawn if any(line.levels)]


def prices(results: Results) -> str:
    """What plants asked, beside the grid."""
    start, end = span_of(results)
    currency = results.run.currency
    offers = [each for each in results.prices if each.points]
    size = charts.bucket_for(svg.WIDE, end - start, results.run.slot_s)
    wide = _price_lines(results, size)
    if not offers or not wide:
        return empty("No plant made an offer in this run, so there is no price to show.")

    def draw(width: int) -> str:
        size = charts.bucket_for(width, end - start, results.run.slot_s)
        named = _price_lines(results, size)
        edges = [*range(start, end, size), end]

        def tell(index: int) -> str:
            figures = [
                f"{shorten(name, 24)} {level.mean:.3f}"
                for name, line in named
                if (level := line.levels[index]) is not None
            ]
            return f"{moment(edges[index])}: " + ", ".join(figures)

        drawn = [line for _, line in named]
        return charts.lines(width, "Prices over time", f"{currency} per kWh", edges, drawn, tell)

    legend = [
        (f"s-{line.kind}", shorten(name, 40), _mean(line.levels, currency)) for name, line in wide
    ]
    return figure(draw, legend, _price_caption(offers, results))


def _mean(row: Sequence[Level | None], currency: str) -> str:
    known = [level.mean for level in row if level is not None]
    return f"mean {price(sum(known) / len(known) * 1e6, currency)}"


def _price_caption(offers: Sequence[PlantPrices], results: Results) -> str:
    asked = [(point.price, each.plant) for each in offers for point in each.points]
    low, high = min(asked), max(asked)
    currency = results.run.currency
    caption = (
        f"Offers lay between {price(low[0], currency)} ({shorten(low[1], 30)}) and "
        f"{price(high[0], currency)} ({shorten(high[1], 30)})"
    )
    if low[0] == high[0]:
        caption = f"Every offer asked {price(low[0], currency)}"
    grid = [point.price for point in results.grid_prices]
    if not grid:
        return caption + "."
    if min(grid) == max(grid):
        return f"{caption}; the grid cost {price(grid[0], currency)}."
    return f"{caption}; the grid cost {price(min(grid), currency)} to {price(max(grid), currency)}."


def _rank(each: PlantReliability) -> tuple[bool, int, tuple[list[tuple[int, int, str]], str]]:
    """Plants by name, then neighbours, those with the most marks first; `each` holds what is drawn."""
    marks = len(each.self_reported) + len(each.shortfalls)
    return each.kind != "plant", -marks if each.kind == "neighbour" else 0, natural(each.plant)


def reliability(results: Results) -> str:
    """How plants were judged, and why."""
    start, end = span_of(results)
    known = [each for each in results.reliability if each.scores]
    judged = sorted((_within(each, start, end) for each in known), key=_rank)
    if not judged:
        return empty("No plant was judged in this run: no meter had heard one.")
    shown = judged[:STRIPS_MAX]
    before = sum(
        1
        for each in known
        if any(span.start < start for span in (*each.self_reported, *each.shortfalls))
    )
    legend = [
        ("s-plant", "score of a plant", ""),
        ("s-neighbour", "score of a neighbour's roof", ""),
        ("f-reported", "low supply reported by the seller", ""),
        ("f-shortfall", "shortfall seen on the chain", ""),
    ]
    kinds = {f"s-{each.kind}" for each in shown}
    keys = [entry for entry in legend if entry[0] in kinds or entry[0].startswith("f-")]
    return figure(
        lambda width: charts.strips(width, start, end, results.run.slot_s, shown),
        keys,
        _reliability_caption(judged, before, len(judged) - len(shown)),
    )


def _within(each: PlantReliability, start: int, end: int) -> PlantReliability:
    """Only the marks that lie, at least in part, in the run: what is drawn is what is counted."""

    def inside(spans: Sequence[Span]) -> list[Span]:
        return [span for span in spans if span.start < end and span.end > start]

    return replace(
        each, self_reported=inside(each.self_reported), shortfalls=inside(each.shortfalls)
    )


def _reliability_caption(judged: Sequence[PlantReliability], before: int, left_out: int) -> str:
    hurt = [each for each in judged if each.self_reported or each.shortfalls]
    caught = [each.plant for each in hurt if not each.self_reported]
    caption = f"{len(hurt) or 'None'} of {count(len(judged), 'seller')} had low supply or a shortfall in this run."
    if caught:
        names = [shorten(name, 24) for name in caught[:4]]
        rest = [f"{len(caught) - 4} more"] if len(caught) > 4 else []
        caption += f" Only the chain shows that of {listed(names + rest)}, who reported none of it."
    if before:
        caption += f" {before} had some in the 30 days before it, which count in the score and are not drawn."
    if left_out:
        caption += f" Not drawn: {count(left_out, 'seller')} with fewer marks or a later name."
    return caption
