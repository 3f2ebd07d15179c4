# SPDX-License-Identifier: Apache-2.0
"""python sim/run.py: a community trades for some days in virtual time, and everything is checked afterwards.

Writes summary.json, report.html and chain.db. Exit code 0 if every check holds, 1 if one failed, 2 for bad input.
"""

import json
import os
import shlex
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# A fresh clone runs without being installed. The script's own folder is replaced, not joined: nothing in sim/
# may hide a module of the standard library.
sys.path[0:1] = [str(ROOT), str(ROOT / "firmware")]

from sim import screen  # noqa: E402  (the path must stand first)
from sim.books import close  # noqa: E402
from sim.checkers import Checkers  # noqa: E402
from sim.fleet import Fleet  # noqa: E402
from sim.outcome import Outcome  # noqa: E402
from sim.progress import Progress  # noqa: E402
from sim.recorder import Recorder  # noqa: E402
from sim.report import render  # noqa: E402
from sim.results import Results, Run, Speed  # noqa: E402
from sim.scenario import build  # noqa: E402
from sim.settings import Settings, SettingsError, read  # noqa: E402
from sim.world.input_errors import InputError  # noqa: E402


def main(arguments: Sequence[str]) -> int:
    """Run and write; the exit code."""
    try:
        settings = read(arguments)
        settings.out.mkdir(parents=True, exist_ok=True)
        unfinished = tempfile.TemporaryDirectory(prefix=".run-", dir=settings.out)
    except (SettingsError, InputError, OSError) as error:
        sys.stderr.write("sim/run.py: %s\n" % error)
        return 2
    with unfinished as folder:
        try:
            results = simulate(settings, Path(folder) / "chain.db")
        except KeyboardInterrupt:
            sys.stderr.write("sim/run.py: stopped, nothing written\n")
            return 130
        except Exception:
            command = shlex.join(["python", "sim/run.py", *arguments])
            sys.stderr.write("sim/run.py: failed; replay: %s\n" % command)
            raise
        (Path(folder) / "report.html").write_text(render(results), encoding="utf-8")
        summary = json.dumps(results.summary, indent=2) + "\n"
        (Path(folder) / "summary.json").write_text(summary, encoding="utf-8")
        for name in ("chain.db", "report.html", "summary.json"):
            (Path(folder) / name).replace(settings.out / name)
    colour = screen.wants_colour(sys.stdout, os.environ)
    sys.stdout.write(screen.render(results, colour))
    return 0 if all(check["ok"] for check in results.summary["checks"]) else 1


def simulate(settings: Settings, chain: Path) -> Results:
    """One run from genesis to its checks; leaves the chain closed in one file."""
    fleet = Fleet(settings, build(settings), chain)
    recorder = Recorder(fleet)
    slots = fleet.scenario.slots
    progress = Progress(sys.stderr, len(fleet.homes), slots, time.monotonic, time.process_time)

    def on_slot(index: int) -> None:
        recorder.slot(index)
        progress.slot(index + 1, fleet.clock.now(), recorder.contracts)

    fleet.on_slot = on_slot
    started = time.process_time()
    try:
        fleet.run()
    finally:
        progress.close()
        fleet.store.close()
    cpu_s = time.process_time() - started
    books = close(fleet)
    meter_slots = len(fleet.homes) * slots
    speed = Speed(
        meter_slots=meter_slots,
        cpu_s=round(cpu_s, 3),
        meter_slots_per_cpu_s=round(meter_slots / max(cpu_s, 1e-9), 1),
    )
    outcome = Outcome(fleet, books, recorder, _described(settings, fleet))
    return outcome.results(Checkers(fleet, books, chain).run(), speed)


def _described(settings: Settings, fleet: Fleet) -> Run:
    """How this run was started, for whoever reads or replays it."""
    return Run(
        command=["python", "sim/run.py", *settings.arguments],
        out=str(settings.out),
        started=settings.start,
        slot_s=fleet.ledger.genesis.slot_s,
        utc_offset_s=fleet.ledger.genesis.utc_offset_s,
        currency="EUR",
        parameters={
            "slots per contract": str(settings.round_slots),
            "loads": settings.loads.file if settings.loads else "BDEW 2025 with variation",
            "PV": settings.pv.file if settings.pv else "solar geometry with clouds",
        },
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
