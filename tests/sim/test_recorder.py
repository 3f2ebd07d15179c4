# SPDX-License-Identifier: Apache-2.0
"""What is recorded on the way adds up to what the chain holds at the end, and speaks in names."""

import re
from pathlib import Path

import pytest

from sim.books import close
from sim.fleet import Fleet
from sim.outcome import Outcome
from sim.recorder import Recorder
from sim.results import Results, Run, Speed
from sim.scenario import build
from sim.settings import read


def run(folder: Path, *arguments: str) -> tuple[Fleet, Results]:
    """A run as sim/run.py makes it, without its files."""
    settings = read(arguments)
    fleet = Fleet(settings, build(settings), folder / "chain.db")
    recorder = Recorder(fleet)
    fleet.run()
    fleet.close()
    how = Run([], "out", settings.start, 900, 3600, "EUR")
    outcome = Outcome(fleet, close(fleet), recorder, how)
    return fleet, outcome.results([], Speed(meter_slots=1, cpu_s=1, meter_slots_per_cpu_s=1))


@pytest.fixture(scope="module")
def traded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Fleet, Results]:
    """A few homes, one of them deaf, for a day."""
    folder = tmp_path_factory.mktemp("traded")
    shares = ("--prosumers", "0.3", "--deaf", "0.2")
    return run(folder, "--meters", "8", "--plants", "3", "--days", "1", *shares)


def test_the_chain_in_counts_is_the_whole_chain(traded: tuple[Fleet, Results]) -> None:
    """Registrations included: blocks are the height, transactions the size of the tree."""
    _fleet, results = traded
    assert results.chain.blocks == results.summary["height"]
    assert sum(results.chain.transactions.values()) == results.summary["transactions"]
    assert results.chain.transactions["REGISTER"] == 11


def test_a_run_without_plants_still_shows_its_registrations(tmp_path: Path) -> None:
    """Nothing was traded; the meters were registered all the same."""
    _fleet, results = run(tmp_path, "--meters", "2", "--plants", "0", "--days", "1")
    assert results.chain.transactions == {"REGISTER": 2}
    assert results.chain.blocks == results.summary["height"] == 1


def test_what_became_of_proposals_adds_up(traded: tuple[Fleet, Results]) -> None:
    """Over all sellers: every contract and every settled Wh has its seller."""
    _fleet, results = traded
    rows = results.choices
    assert sum(row.contracts for row in rows) == results.summary["claims"]["C5"]
    assert sum(row.sold_wh for row in rows) == results.summary["energy"]["settled_wh"]
    assert all(row.asked == row.contracts + row.refused for row in rows)
    assert sum(row.asked for row in rows) >= sum(row.first for row in rows) > 0


def test_explanations_name_plants_and_panels(traded: tuple[Fleet, Results]) -> None:
    """At most six cards in order of time; no reader knows an id by heart."""
    _fleet, results = traded
    text = "\n".join(line for each in results.decisions for line in each.lines)
    assert not re.search(r"(plant|panel) [0-9a-f]{16}", text)
    assert re.search(r"plant P[123] at", text)
    assert re.search(r"panel P[123]\.\d has", text)
    assert re.search(r"neighbour H\d at", text)
    assert 3 <= len(results.decisions) <= 6
    assert results.decisions == sorted(results.decisions, key=lambda each: each.time)
