# SPDX-License-Identifier: Apache-2.0
"""One run as asked on the command line: read, simulate, write three files or none, show.

Files are made in a folder of their own beside the old ones and moved only when all are whole.
"""

import json
import os
import shlex
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from host.errors import ChainFileError

from . import screen, stopping
from .books import close
from .checkers import Checkers
from .community import AnyFleet
from .fleet import Fleet
from .mqtt.errors import FleetError
from .mqtt.fleet import OnlineFleet
from .mqtt.shard import Shard
from .online import Online
from .outcome import Outcome
from .parameters import described
from .progress import Progress
from .recorder import Recorder
from .report import render
from .results import Results, Run, Speed
from .scenario import build
from .settings import RESULT_FILES, Settings, SettingsError, read
from .streams import PROGRAM, put, tell
from .world.input_errors import InputError, plain


def run(arguments: Sequence[str]) -> int:
    """0 if every check holds, 1 if not, 2 and one line for what the user has to change."""
    try:
        settings = read(arguments)
    except (SettingsError, InputError) as error:
        tell(str(error))
        return 2
    try:
        if settings.online and settings.online.shard > 1:
            return _shard(settings, settings.online)
        results = _written(settings)
    except FleetError as error:
        tell(plain(str(error)))
        return 2
    except OSError as error:
        tell(plain("%s: %s" % (error.filename or settings.out, error.strerror or error)))
        return 2
    except ChainFileError as error:
        tell(plain(str(error)))
        return 2
    except ImportError:
        raise
    except Exception:
        tell("failed; replay: %s" % shlex.join(command(arguments)))
        raise
    colour = sys.stdout is not None and screen.wants_colour(sys.stdout, os.environ)
    lost = put(sys.stdout, screen.render(results, colour))
    if lost:
        tell(plain("stdout: %s; the results are in %s" % (lost, settings.out)))
        return 2
    return 0 if all(check["ok"] for check in results.summary["checks"]) else 1


def command(arguments: Sequence[str]) -> list[str]:
    """What repeats this run in a shell: with the Python that runs, if it lies in the current folder."""
    python, here = Path(sys.executable), Path.cwd()
    name = str(python.relative_to(here)) if python.is_relative_to(here) else "python3"
    return [name, PROGRAM, *arguments]


def simulate(settings: Settings, chain: Path) -> Results:
    """One run from genesis to its checks; leaves the chain closed in one file."""
    scenario, online = build(settings), settings.online
    if online:
        fleet: AnyFleet = OnlineFleet(settings, online, scenario, chain)
    else:
        fleet = Fleet(settings, scenario, chain)
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
        fleet.close()
    cpu_s = time.process_time() - started
    books = close(fleet)
    meter_slots = len(fleet.homes) * slots
    speed = Speed(
        meter_slots=meter_slots,
        cpu_s=round(cpu_s, 3),
        meter_slots_per_cpu_s=round(meter_slots / max(cpu_s, 1e-9), 1),
    )
    outcome = Outcome(fleet, books, recorder, _described(settings, fleet))
    return outcome.results(Checkers(fleet, books, chain).run() + fleet.checks(), speed)


def _shard(settings: Settings, online: Online) -> int:
    """Any shard but the first: run its nodes; what they say is shard 1's to write. The exit code."""
    slots = settings.slots
    shard = Shard(settings, online, build(settings))
    progress = Progress(sys.stderr, shard.nodes, slots, time.monotonic, time.process_time)
    try:
        shard.run(lambda done: progress.slot(done, shard.clock.now(), 0))
    finally:
        progress.close()
        shard.close()
    told = "shard %d of %d: %d nodes, their figures are with shard 1\n"
    return 2 if put(sys.stdout, told % (online.shard, online.shards, shard.nodes)) else 0


def _written(settings: Settings) -> Results:
    """Simulate; all three files in the folder, or none, and no folder that was not there. OSError, ChainFileError."""
    out = settings.out
    made = not out.exists()
    out.mkdir(parents=True, exist_ok=True)
    try:
        with TemporaryDirectory(prefix=".run-", dir=out) as name:
            folder = Path(name)
            try:
                results = simulate(settings, folder / "chain.db")
                (folder / "report.html").write_text(render(results), encoding="utf-8")
                summary = json.dumps(results.summary, indent=2) + "\n"
                (folder / "summary.json").write_text(summary, encoding="utf-8")
            finally:
                stopping.ignore()
            for file in RESULT_FILES:
                (folder / file).replace(out / file)
    finally:
        if made:
            with suppress(OSError):  # the results are in it
                out.rmdir()
    stopping.end_at_once()
    return results


def _described(settings: Settings, fleet: AnyFleet) -> Run:
    """How this run was started, for whoever reads or replays it."""
    return Run(
        command=command(settings.arguments),
        out=str(settings.out),
        started=settings.start,
        slot_s=fleet.ledger.genesis.slot_s,
        utc_offset_s=fleet.ledger.genesis.utc_offset_s,
        currency="EUR",
        parameters=described(settings, fleet.scenario),
    )
