# SPDX-License-Identifier: Apache-2.0
"""The figures of a run, as they go to the file and to the screen, and which of them are not what is promised.

`against` names what a figure is compared with. `ratio` is the figure over that; for the cost of a contender it is
how many times ours goes into it, so more is better for us.
"""

import json
from pathlib import Path

Row = dict[str, str | float]


class Figures:
    """Rows by name. `missed` are sentences about promises that this run does not keep."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.missed: list[str] = []

    def add(
        self, name: str, value: float, unit: str, against: str = "", ratio: float | None = None
    ) -> None:
        """A figure under a name that none has yet."""
        assert name not in self.rows
        row: Row = {"value": round(value, 1), "unit": unit, "against": against}
        if ratio is not None:
            row["ratio"] = round(ratio, 3)
        self.rows[name] = row

    def limit(self, name: str, value: float, unit: str, most: float) -> None:
        """A figure that is promised to be at most `most`."""
        self.add(name, value, unit, "at most %d" % most, value / most)
        if value > most:
            self.missed.append("%s is %d, at most %d is promised" % (name, value, most))

    def compare(
        self, name: str, value: float, unit: str, peer: str, cost: float, least: float = 0
    ) -> None:
        """Our cost beside a peer's, which is promised to be at least `least` times as much."""
        ratio = cost / value
        against = "%s, %.1f" % (peer, cost)
        if least:
            against += "; at least %g x" % least
        self.add("%s.against.%s" % (name, peer), value, unit, against, ratio)
        if ratio < least:
            told = "%s: %s takes %.2f times as much, at least %g is promised"
            self.missed.append(told % (name, peer, ratio, least))

    def value(self, name: str) -> float:
        return float(self.rows[name]["value"])

    def write(self, path: Path) -> None:
        """All rows, as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.rows, indent=2) + "\n", encoding="utf-8")

    def text(self) -> str:
        """A line for each row."""
        return "\n".join(
            "%-60s %10s %-24s %s" % (name, row["value"], row["unit"], _against(row))
            for name, row in self.rows.items()
        )


def _against(row: Row) -> str:
    return "%.2f x %s" % (row["ratio"], row["against"]) if "ratio" in row else str(row["against"])
