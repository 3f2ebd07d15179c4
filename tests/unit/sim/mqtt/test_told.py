# SPDX-License-Identifier: Apache-2.0
"""What a shard says of its nodes is what shard 1 reads, and nothing else is read."""

import json
from collections import Counter

import pytest

from sim.choices import Choices
from sim.cores import NodeEnd
from sim.mqtt.errors import FleetError
from sim.mqtt.told import Told
from sim.results import Decision
from sim.scenario import Scenario

PLANT = bytes(range(8))
ENDS = {"H1": NodeEnd(waits=False, dropped=2, scored=3, awards=4), "P1": NodeEnd(True, 0)}


def empty() -> Choices:
    return Choices(Scenario(0, 1, [], []), lambda: 0)


def filled(time: int, worth: tuple[int, bool, bool]) -> Choices:
    """Two choices of one plant, one that passed it over, and an example."""
    choices = empty()
    choices.chosen[PLANT] = 2
    choices.passed_over[PLANT] = Counter({"dear": 1})
    choices.kept["deaf"] = (worth, Decision(time, "H1", ["line", "another"]))
    return choices


def test_it_arrives_as_it_was() -> None:
    """Ends, notes, counts and examples."""
    told = Told(ENDS, {"silent: 00": 3}, filled(5, (2, True, False)), 1234)
    read = Told.decode(told.encode(), empty())
    assert (read.ends, read.notes, read.late_ms) == (ENDS, {"silent: 00": 3}, 1234)
    assert read.choices.chosen == told.choices.chosen
    assert read.choices.passed_over == told.choices.passed_over
    assert read.choices.kept == told.choices.kept


def test_parts_add_up_and_the_better_example_stays() -> None:
    """Counts are sums; of two examples of a kind the one that shows more is kept."""
    whole = filled(5, (2, True, False))
    whole.add(filled(9, (3, True, False)))
    whole.add(filled(1, (1, True, False)))
    assert whole.chosen[PLANT] == 6
    assert whole.passed_over[PLANT] == {"dear": 3}
    assert [each.time for each in whole.decisions] == [9]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ends", None),
        ("ends", {"H1": {"waits": False}}),
        ("notes", [1]),
        ("chosen", {"no hex": 1}),
        ("kept", {"deaf": [1, 2]}),
        ("late_ms", "much"),
    ],
)
def test_what_is_not_of_this_form_is_refused(key: str, value: object) -> None:
    """With one error, which says whose it is."""
    told = json.loads(Told(ENDS, {}, empty(), 0).encode())
    told[key] = value
    with pytest.raises(FleetError, match="a shard says what cannot be read"):
        Told.decode(json.dumps(told).encode(), empty())


def test_bytes_that_are_no_json_are_refused() -> None:
    """The same error."""
    with pytest.raises(FleetError):
        Told.decode(b"\xff", empty())
