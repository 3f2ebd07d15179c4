# SPDX-License-Identifier: Apache-2.0
"""What a part of a fleet says when the run is over, as bytes from process to process."""

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from ..choices import Choices
from ..community import Party
from ..cores import NodeEnd
from ..results import Decision
from .errors import FleetError


class Told:
    """Of the nodes of one process: `ends` by name, what they noted, what they chose, how late they slept."""

    def __init__(
        self, ends: dict[str, NodeEnd], notes: dict[str, int], choices: Choices, late_ms: int
    ) -> None:
        self.ends = ends
        self.notes = notes
        self.choices = choices
        self.late_ms = late_ms

    @classmethod
    def of(
        cls, nodes: Iterable[Party[Any]], notes: dict[str, int], choices: Choices, late_ms: int
    ) -> "Told":
        """As they stand now."""
        return cls({node.name: node.end() for node in nodes}, notes, choices, late_ms)

    def encode(self) -> bytes:
        """JSON."""
        choices = self.choices
        kept = {
            kind: [*worth, decision.time, decision.home, decision.lines]
            for kind, (worth, decision) in choices.kept.items()
        }
        told = {
            "ends": {name: end.row() for name, end in self.ends.items()},
            "notes": self.notes,
            "late_ms": self.late_ms,
            "chosen": {plant.hex(): count for plant, count in choices.chosen.items()},
            "passed_over": {plant.hex(): row for plant, row in choices.passed_over.items()},
            "kept": kept,
        }
        return json.dumps(told).encode()

    @classmethod
    def decode(cls, data: bytes, choices: Choices) -> "Told":
        """`choices` is an empty one to be filled. FleetError if it is not what `encode` makes."""
        try:
            told = json.loads(data)
            ends = {str(name): NodeEnd(**row) for name, row in told["ends"].items()}
            notes = {str(key): int(count) for key, count in told["notes"].items()}
            for plant, count in told["chosen"].items():
                choices.chosen[bytes.fromhex(plant)] = int(count)
            for plant, row in told["passed_over"].items():
                choices.passed_over[bytes.fromhex(plant)] = Counter(row)
            for kind, row in told["kept"].items():
                enough, ranked, light, time, home, lines = row
                worth = (int(enough), bool(ranked), bool(light))
                choices.kept[kind] = (worth, Decision(int(time), str(home), list(map(str, lines))))
            return cls(ends, notes, choices, int(told["late_ms"]))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise FleetError("a shard says what cannot be read: %s" % error) from error
