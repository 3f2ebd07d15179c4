# SPDX-License-Identifier: Apache-2.0
"""Fleets with parameters drawn at random, for as long as wanted: WATTPACT_SOAK_RUNS runs, 30 unless told."""

import os
import shlex
from pathlib import Path
from random import Random

import pytest

from sim.command import simulate
from sim.settings import read

RUNS = int(os.environ.get("WATTPACT_SOAK_RUNS", "30"))
SEED = int(os.environ.get("WATTPACT_SOAK_SEED", "1"))


def arguments(number: int) -> list[str]:
    """The same for the same SEED and number."""
    rng = Random(SEED * 1_000_003 + number)
    drawn = {
        "--seed": rng.randrange(1 << 32),
        "--meters": rng.randrange(1, 80),
        "--plants": rng.randrange(8),
        "--prosumers": rng.randrange(11) / 10,
        "--deaf": rng.randrange(11) / 10,
        "--days": rng.randrange(1, 4),
        "--slots": rng.choice((1, 2, 4)),
    }
    month = rng.randrange(1, 13)
    return [word for name, value in drawn.items() for word in (name, str(value))] + [
        "--start",
        "2025-%02d-%02d" % (month, rng.randrange(1, 29)),
        "--secure-elements",
        str(rng.randrange(11) / 10),  # drawn last, so that the draws before stay what they were
    ]


@pytest.mark.soak
@pytest.mark.parametrize("number", range(RUNS))
def test_whatever_the_parameters_every_check_holds(number: int, tmp_path: Path) -> None:
    """A failure prints the line that replays it."""
    words = arguments(number)
    results = simulate(read(words), tmp_path / "chain.db")
    failed = [check for check in results.summary["checks"] if not check["ok"]]
    assert not failed, "python sim/run.py %s\n%s" % (shlex.join(words), failed)
