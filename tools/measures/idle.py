# SPDX-License-Identifier: Apache-2.0
"""What connected meters cost that have nothing to do: share of a core, and memory, of a thousand in one process.

Each is the firmware's runtime with a core, a client and a connection of its own to a real mosquitto, at the speed of
the machine's clock. They belong to networks of 50, whose members have met; no host answers, so each asks it now and
then what it missed, as boards do when a host is away. It is a process of its own, so that nothing
else is measured.
"""

import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path[0:1] = [str(ROOT), str(ROOT / "firmware")]

from host.keys import OpensslVerifier  # noqa: E402  (the path must stand first)
from host.service.child import program  # noqa: E402
from sim.choices import Choices  # noqa: E402
from sim.cores import Cores  # noqa: E402
from sim.founding import Founding, Keys  # noqa: E402
from sim.mqtt.clock import LeasedClock  # noqa: E402
from sim.mqtt.nodes import Makers, Node  # noqa: E402
from sim.scenario import build  # noqa: E402
from sim.settings import read  # noqa: E402
from tools.measures.figures import Figures  # noqa: E402
from tools.measures.gateway import CONFIG, HOST, free, running, wait_for  # noqa: E402
from wattpact.link.dial import dialler  # noqa: E402
from wattpact.units import HOUR_S  # noqa: E402

METERS = 1_000
NETWORK_METERS = 50
LATER_S = 12 * HOUR_S
"""After which whoever had no answer asks once an hour at most."""
QUIET_S = 10
MEASURED_S = 30
PERCENT_MOST = 2


def run(rounds: int, figures: Figures) -> None:
    """The median of `rounds`."""
    rows: list[dict[str, float]] = []
    for number in range(rounds):
        sys.stderr.write("idle: round %d of %d, about a minute\n" % (number + 1, rounds))
        told = subprocess.run(
            [sys.executable, __file__], stdout=subprocess.PIPE, check=True, timeout=600
        )
        rows.append(json.loads(told.stdout))
    rows.sort(key=lambda row: row["percent"])
    middle = rows[len(rows) // 2]
    name = "idle.%d_meters" % METERS
    figures.limit(name, middle["percent"], "% of a core", PERCENT_MOST)
    figures.add(name + ".memory", middle["kb"], "KB each")


def meters(seed: int, number: int, clock: LeasedClock) -> list[Node[Any]]:
    """Those of one network, none of them connected yet; there is no plant."""
    asked = ["--meters", str(NETWORK_METERS), "--plants", "0", "--days", "1", "--seed", str(seed)]
    settings = read(asked)
    scenario = build(settings)
    verifier = OpensslVerifier()
    founding = Founding(settings, scenario, Keys(seed, scenario, verifier), "idle")
    clock.set(founding.begin)
    choices = Choices(scenario, clock.now)
    cores = Cores(founding, scenario.month, verifier, choices.made)
    makers = Makers(cores, scenario, clock, seed, lambda code, text: None)
    return [makers.home(each, dialler(HOST, number)) for each in founding.homes]


async def measure(number: int) -> dict[str, float]:
    """Percent of a core while nothing happens, and KB a meter."""
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    clock = LeasedClock(0, 1)
    nodes = [
        node
        for seed in range(1, METERS // NETWORK_METERS + 1)
        for node in meters(seed, number, clock)
    ]
    tasks = [node.start() for node in nodes]
    while not all(node.client.quiet() for node in nodes):  # noqa: ASYNC110 (they tell nobody)
        await asyncio.sleep(0.5)
    now_ms = clock.now_ms() + LATER_S * 1000
    clock.begin()
    clock.grant(now_ms, now_ms + HOUR_S * 1000)
    await asyncio.sleep(QUIET_S)
    began_s, spent_s = time.monotonic(), time.process_time()
    await asyncio.sleep(MEASURED_S)
    percent = 100 * (time.process_time() - spent_s) / (time.monotonic() - began_s)
    assert all(node.client.session.up for node in nodes)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    after_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"percent": percent, "kb": (after_kb - before_kb) / METERS}


def main() -> None:
    """One round, told as JSON."""
    number = free()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config, log = folder / "mosquitto.conf", folder / "log"
        config.write_text(CONFIG % number)
        with running([program(), "-c", str(config)], log):
            wait_for(log, " running")
            sys.stdout.write(json.dumps(asyncio.run(measure(number))))


if __name__ == "__main__":
    main()
