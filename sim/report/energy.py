# SPDX-License-Identifier: Apache-2.0
"""The chapters on kWh: where they came from, what became of the generation, who had them from whom."""

from collections import Counter
from collections.abc import Callable, Sequence

from sim.figures import count, energy, listed, moment, part, shorten
from sim.report import charts, sankey
from sim.report.chapter import empty, figure, span_of
from sim.report.charts import Layer
from sim.report.series import add_up, bucket_name
from sim.results import Results, SlotEnergy

Part = tuple[str, str, Callable[[SlotEnergy], int]]  # (class, words, its Wh in a slot)


def _stack(results: Results, unit: str, parts: Sequence[Part]) -> Callable[[int], str]:
    """A stacked chart of energy; `parts` are (class, words, figure of a slot)."""
    start, end = span_of(results)

    def draw(width: int) -> str:
        size = charts.bucket_for(width, end - start, results.run.slot_s)
        rows = add_up(results.slots, size)
        edges = [*(row.time for row in rows), end]
        layers = [Layer(kind, [read(row) / 1000 for row in rows]) for kind, _, read in parts]

        def tell(index: int) -> str:
            row = rows[index]
            return f"{moment(row.time)}: " + ", ".join(
                f"{words} {energy(read(row))}" for _, words, read in reversed(parts)
            )

        label = f"{unit} over time"
        return charts.stack(width, label, f"kWh per {bucket_name(size)}", edges, layers, tell)

    return draw


def energy_by_source(results: Results) -> str:
    """Where every kWh that the homes used came from."""
    slots = results.slots
    used = sum(slot.consumed_wh for slot in slots)
    if not used:
        return empty("The homes used no energy in this run.")
    parts: list[Part] = [
        ("roof", "own roof", lambda slot: slot.self_used_wh),
        ("neighbour", "neighbours", lambda slot: slot.settled_from_neighbours_wh),
        ("plant", "plants", lambda slot: slot.settled_from_plants_wh),
        ("grid", "grid", lambda slot: slot.grid_wh),
    ]
    sums = {words: sum(map(read, slots)) for _, words, read in parts}
    legend = [(f"f-{kind}", words, energy(sums[words])) for kind, words, _ in parts]
    legend.append(("total", "used by all homes", energy(used)))
    most = max(slots, key=lambda slot: slot.grid_wh)
    caption = (
        f"Plants covered {part(sums['plants'], used)} of what the homes used, neighbours "
        f"{part(sums['neighbours'], used)} and own roofs {part(sums['own roof'], used)}; "
        f"{part(sums['grid'], used)} came from the grid"
    )
    if sums["grid"] == used:
        caption = "All that the homes used came from the grid"
    caption += f", which was needed most at {moment(most.time)}." if most.grid_wh else "."
    return figure(_stack(results, "Energy used, by source", parts), legend, caption)


def generation(results: Results) -> str:
    """What became of the energy that plants and roofs generated."""
    slots = results.slots
    total = sum(slot.generated_wh for slot in slots)
    if not total:
        return empty("No plant and no roof generated anything in this run.")
    parts: list[Part] = [
        ("roof", "used under the own roof", lambda slot: slot.self_used_wh),
        ("neighbour", "sold by neighbours", lambda slot: slot.settled_from_neighbours_wh),
        ("plant", "sold by plants", lambda slot: slot.settled_from_plants_wh),
        ("surplus", "not sold", lambda slot: slot.surplus_wh),
    ]
    sums = {words: sum(map(read, slots)) for _, words, read in parts}
    legend = [(f"f-{kind}", words, energy(sums[words])) for kind, words, _ in parts]
    legend.append(("total", "generated", energy(total)))
    caption = (
        f"Of {energy(total)} generated, {part(total - sums['not sold'], total)} was used by the "
        f"homes of this run; {energy(sums['not sold'])} found no buyer here."
    )
    return figure(_stack(results, "Energy generated, by use", parts), legend, caption)


def flows(results: Results) -> str:
    """Seller to buyer."""
    sold: dict[tuple[str, str], int] = {}
    for flow in results.flows:
        if flow.seller_kind in {"plant", "neighbour"} and flow.energy_wh:
            seller = (flow.seller_kind, flow.seller)
            sold[seller] = sold.get(seller, 0) + flow.energy_wh
    if not sold:
        roofs = " or from their own roofs" if results.summary["prosumers"] else ""
        return empty(
            f"No plant and no neighbour sold anything in this run: what the homes used came from the grid{roofs}."
        )
    best = max(sold, key=lambda name: (sold[name], name))
    kinds = Counter(kind for kind, _ in sold)
    sellers = listed([count(kinds[kind], kind) for kind in ("plant", "neighbour") if kinds[kind]])
    caption = f"{sellers} sold energy"
    if len(sold) > 1:
        caption += f"; {shorten(best[1], 40)} sold most, {energy(sold[best])}"
    caption += "."
    buyers = len({flow.buyer for flow in results.flows})
    if buyers > sankey.BUYERS_ALONE:
        caption += f" The {sankey.BUYERS_TOP} largest of {count(buyers, 'home')} stand alone, the others in groups."
    present = {flow.seller_kind for flow in results.flows if flow.energy_wh}
    words = {"roof": "own roofs", "neighbour": "neighbours", "plant": "plants", "grid": "grid"}
    legend = [(f"f-{kind}", words[kind], "") for kind in sankey.ORDER if kind in present]
    return figure(lambda width: sankey.draw(width, results.flows), legend, caption)
