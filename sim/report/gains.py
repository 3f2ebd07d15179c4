# SPDX-License-Identifier: Apache-2.0
"""The chapters on what the homes gain: coins and money."""

from sim.figures import count, mass, moment, money, part, shorten
from sim.report import charts, svg
from sim.report.chapter import empty, figure, span_of
from sim.report.charts import Layer
from sim.report.series import levels
from sim.results import Results

BARS_MAX = {svg.WIDE: 120, svg.NARROW: 60}


def coins(results: Results) -> str:
    """Issued = spent + expired + balance, as a picture."""
    points = results.coins
    if not any(point.issued_ug for point in points):
        return empty("No coin was issued in this run: no trade was awarded.")
    start, end = span_of(results)

    def draw(width: int) -> str:
        size = charts.bucket_for(width, end - start, results.run.slot_s)
        edges = [*range(start, end, size), end]
        columns = {
            kind: [
                0.0 if level is None else level.last
                for level in levels(
                    [(point.time, getattr(point, f"{kind}_ug") / 1e9) for point in points],
                    start,
                    end,
                    size,
                )
            ]
            for kind in ("spent", "expired", "balance")
        }

        def tell(index: int) -> str:
            figures = [f"{kind} {values[index]:.3f} kg" for kind, values in columns.items()]
            return f"{moment(edges[index])}: " + ", ".join(figures)

        layers = [Layer(kind, values) for kind, values in columns.items()]
        return charts.stack(width, "Carbon coins over time", "kg CO₂", edges, layers, tell)

    last = points[-1]
    legend = [
        ("f-spent", "spent", mass(last.spent_ug)),
        ("f-expired", "expired", mass(last.expired_ug)),
        ("f-balance", "balance, locked included", mass(last.balance_ug)),
        ("total", "issued", mass(last.issued_ug)),
    ]
    other = results.summary["coins_spent_with_another_plant"]
    caption = (
        f"Coins are counted in the CO₂ they stand for. {part(last.spent_ug, last.issued_ug)} of what was issued "
        f"was spent in this run, {count(other, 'time')} with another plant than the one it was earned with."
    )
    return figure(draw, legend, caption)


def savings(results: Results) -> str:
    """Each home's bill against the grid alone."""
    homes = sorted(results.money, key=lambda home: (-home.saved_nano, home.home))
    if not any(home.bill_with_nano or home.bill_without_nano for home in homes):
        return empty("No home had a bill in this run.")
    currency = results.run.currency
    if not any(home.saved_nano for home in homes):
        paid = sum(home.bill_with_nano for home in homes)
        return empty(
            f"No home's bill differs from what the grid alone had cost: {money(paid, currency)} in all."
        )
    saved = sum(home.saved_nano for home in homes)
    before = sum(home.bill_without_nano for home in homes)
    won = sum(1 for home in homes if home.saved_nano > 0)

    def draw(width: int) -> str:
        step = -(-len(homes) // BARS_MAX[width])
        bars: list[tuple[float, str]] = []
        for index in range(0, len(homes), step):
            group = homes[index : index + step]
            mean = sum(home.saved_nano for home in group) / len(group)
            name = (
                group[0].home
                if step == 1
                else f"mean of {count(len(group), 'home')} from rank {index + 1}"
            )
            bars.append((mean / 1e9, f"{name}: {money(round(mean), currency)} saved"))
        axis = "homes, from most to least saved" + (
            f"; each bar is the mean of {step}" if step > 1 else ""
        )
        return charts.ranked(width, "Saved per home", f"{currency} saved", bars, axis)

    caption = (
        f"With the trade the homes paid {money(before - saved, currency)}; the same energy from the grid alone "
        f"had cost {money(before, currency)}: {money(saved, currency)} or {part(saved, before)} less. "
        f"{won} of {count(len(homes), 'home')} saved money, {shorten(homes[0].home, 30)} most."
    )
    return figure(draw, [], caption)
