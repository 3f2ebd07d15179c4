# SPDX-License-Identifier: Apache-2.0
"""kill -9 of broker and host while 200 meters trade: nothing is lost, nothing is there twice.

A failure prints the line that replays the same kills. WATTPACT_STORM_SEED chooses others.
"""

import os
from pathlib import Path

import pytest

from tests.broker.storm import Storm, world

HOMES, PANELS = 200, 12
SEED = int(os.environ.get("WATTPACT_STORM_SEED", "1"))
SPEED = 2000.0


@pytest.mark.parametrize(
    ("kills", "slots"), [(3, 12), pytest.param(20, 80, marks=pytest.mark.soak)]
)
def test_kills_of_broker_and_host_lose_and_double_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kills: int, slots: int
) -> None:
    """What meters and plants know is what the chain says, both ways, and every check of a fleet holds."""
    storm = Storm(tmp_path, world(tmp_path, HOMES, PANELS, slots, SEED), kills, SPEED)
    storm.blow()
    figures = storm.judge()
    with capsys.disabled():
        print("\n%d rounds: %s" % (kills, figures.line()))
    mark = "-m soak " if kills > 3 else ""
    again = "WATTPACT_STORM_SEED=%d .venv/bin/pytest %stests/broker/test_storm.py" % (SEED, mark)
    assert not figures.faults, "%s\n%s" % (again, "\n".join(figures.faults[:20]))
    assert figures.kills == 2 * kills
    assert figures.contracts > HOMES // 2  # an outage may take a whole round of them
