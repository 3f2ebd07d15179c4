# SPDX-License-Identifier: Apache-2.0
"""sim/run.py over a real broker: the fleet that runs in memory, each node with a connection of its own."""

import json
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from host.cli import main
from tests.broker.mosquitto import HOST, Mosquitto, free_port, plain
from tests.broker.node import peer

ROOT = Path(__file__).resolve().parents[2]
RUN = [sys.executable, str(ROOT / "sim" / "run.py")]
START = datetime(2025, 6, 11, 7, 0, tzinfo=UTC)
SLOTS = 24
HOMES, PANELS = 6, 2
LIMIT_S = 300
OTHERS = ("lte", "5g", "wifi", "ethernet")
SHARES = ["--prosumers", "0.34", "--deaf", "0.17", "--speed", "5000"]
"""As fast as this machine can: time waits for it."""


def table(path: Path, columns: int, base: int, slots: int = SLOTS) -> str:
    """A CSV file with figures that go up and down."""
    rows = ["time," + ",".join("%s%d" % (path.stem, column) for column in range(columns))]
    for index in range(slots):
        time = START + timedelta(minutes=15 * index)
        cells = [str(base + (7 * index + 13 * column) % 50) for column in range(columns)]
        rows.append(",".join([time.isoformat(), *cells]))
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return str(path)


@pytest.fixture
def world(tmp_path: Path) -> list[str]:
    """Options for six homes, two of them with a roof, and two panels, for six hours."""
    loads = table(tmp_path / "home.csv", HOMES, 150)
    return ["--loads", loads, "--pv", table(tmp_path / "panel.csv", PANELS, 100), *SHARES]


@contextmanager
def started(
    *arguments: str, broker: Mosquitto | None = None
) -> Generator["tuple[subprocess.Popen[str], list[str]]"]:
    """A run as a process, and the lines of its stderr; `broker` reads its lists again when the run asks for it.

    It is killed after LIMIT_S, so that nothing that reads what it says waits for ever.
    """
    lines: list[str] = []
    with subprocess.Popen(
        [*RUN, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:

        def read() -> None:
            assert process.stderr is not None
            for line in process.stderr:
                lines.append(line)
                if "kill -HUP" in line and broker:
                    broker.reload()

        reader = threading.Thread(target=read)
        reader.start()
        timer = threading.Timer(LIMIT_S, process.kill)
        timer.start()
        try:
            yield process, lines
        finally:
            timer.cancel()
            process.kill()
            reader.join(LIMIT_S)


def run(*arguments: str, broker: Mosquitto | None = None) -> tuple[int, str, str]:
    """(exit code, stdout, stderr) of one that ends."""
    with started(*arguments, broker=broker) as (process, lines):
        assert process.stdout is not None
        out = process.stdout.read()
        code = process.wait(LIMIT_S)
    return code, out, "".join(lines)


@contextmanager
def secure(folder: Path) -> Generator[tuple[Mosquitto, list[str]]]:
    """A broker as an operator sets it up, for any network, and the options that lead there."""
    number = free_port()
    where = str(folder / "broker")
    assert main(["broker-config", where, "--port", str(number), "--bind", HOST]) == 0
    with Mosquitto(folder / "run", folder / "broker" / "mosquitto.conf", number) as broker:
        yield broker, ["--mqtt", broker.url, "--broker-folder", where]


def summary_of(out: Path) -> dict[str, Any]:
    """summary.json."""
    return json.loads((out / "summary.json").read_text(encoding="utf-8"))


def checked(out: Path) -> dict[str, Any]:
    """The summary of a run whose every check holds, and in which every claim was seen."""
    summary = summary_of(out)
    assert all(check["ok"] for check in summary["checks"]), summary["checks"]
    assert len(summary["checks"]) == 13
    assert all(count > 0 for count in summary["claims"].values()), summary["claims"]
    assert summary["claims"]["C7"] == summary["claims"]["C9"] == summary["certificates"]
    return summary


def test_a_fleet_trades_over_a_broker_with_tls(tmp_path: Path, world: list[str]) -> None:
    """Each node with its own certificate under the access list: all checks hold, all claims are seen, the chain
    verifies, and what is traded is about what is traded in memory."""
    out, memory = tmp_path / "out", tmp_path / "memory"
    with secure(tmp_path) as (broker, where):
        code, screen, told = run(*where, *world, "--out", str(out), broker=broker)
        assert code == 0, screen + told
        assert broker.log().count("New client connected") >= HOMES + PANELS + 2
    summary = checked(out)
    assert sorted(path.name for path in out.iterdir()) == [
        "chain.db",
        "report.html",
        "summary.json",
    ]
    assert main(["verify", str(out / "chain.db")]) == 0
    assert run(*world[: world.index("--speed")], "--out", str(memory))[0] == 0
    alone = summary_of(memory)
    assert abs(summary["claims"]["C5"] - alone["claims"]["C5"]) <= alone["claims"]["C5"] // 5
    assert summary["energy"]["consumed_wh"] == alone["energy"]["consumed_wh"]


def test_two_processes_are_one_fleet(tmp_path: Path, world: list[str]) -> None:
    """The first has the host and writes everything, whatever order they are started in; the second writes nothing.
    Whoever comes to the broker later hears of no node of theirs: what was retained is taken back."""
    out = tmp_path / "out"
    with plain(tmp_path / "broker") as broker:
        shared = ["--mqtt", broker.url, *world]
        with started(*shared, "--shard", "2/2", "--out", str(tmp_path / "two")) as (second, told):
            code, screen, said = run(*shared, "--shard", "1/2", "--out", str(out))
            assert code == 0, screen + said
            assert second.wait(LIMIT_S) == 0, told
            assert second.stdout is not None
            assert "4 nodes" in second.stdout.read()
        with peer(broker.port, "#") as late:
            late.say("here", b"last")
            assert late.heard.get(timeout=LIMIT_S)[0] == "here"
    summary = checked(out)
    assert (summary["meters"], summary["plants"]) == (HOMES, PANELS)
    assert not (tmp_path / "two").exists()


def test_a_shard_of_another_fleet_is_refused(tmp_path: Path, world: list[str]) -> None:
    """Another seed is another fleet: shard 1 says so in one line."""
    with plain(tmp_path / "broker") as broker:
        shared = ["--mqtt", broker.url, *world, "--out", str(tmp_path / "out")]
        with started(*shared, "--shard", "2/2", "--deaf", "0.5"):
            code, screen, told = run(*shared, "--shard", "1/2")
    assert (code, screen) == (2, "")
    assert "shard 2 was started with other parameters" in told
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "network", ["gsm", *(pytest.param(each, marks=pytest.mark.soak) for each in OTHERS)]
)
def test_a_fleet_trades_over_an_access_network(
    tmp_path: Path, world: list[str], network: str
) -> None:
    """Delays, stalls and lost connections between each node and the broker: all checks hold."""
    out = tmp_path / "out"
    with plain(tmp_path / "broker") as broker:
        asked = [*world, "--access", network, "--speed", "2000", "--out", str(out)]
        code, screen, told = run("--mqtt", broker.url, *asked)
        assert code == 0, screen + told
    checked(out)


def test_a_run_that_is_stopped_writes_nothing(tmp_path: Path, world: list[str]) -> None:
    """Ctrl-C while nodes trade: exit code 130, one line."""
    out = tmp_path / "out"
    with plain(tmp_path / "broker") as broker:
        slow = [*world, "--speed", "1", "--out", str(out)]
        with (
            started("--mqtt", broker.url, *slow) as (process, told),
            peer(broker.port, "wattpact/1/+/+/out/register") as watcher,
        ):
            watcher.hear(HOMES)
            process.send_signal(signal.SIGINT)
            assert process.wait(LIMIT_S) == 130
        assert "".join(told) == "sim/run.py: stopped, nothing written\n"
    assert not out.exists()


def test_a_broker_that_goes_and_comes_back_costs_nothing(tmp_path: Path, world: list[str]) -> None:
    """Killed in the middle, with all it knew: time waits, nodes dial again and say what is needed again."""
    out = tmp_path / "out"
    with plain(tmp_path / "broker") as broker:
        shared = ["--mqtt", broker.url, *world, "--out", str(out)]
        with started(*shared) as (process, told), peer(broker.port, "#") as watcher:
            while not re.search("/in/", watcher.heard.get(timeout=LIMIT_S)[0]):
                pass
            watcher.end()
            broker.kill()
            broker.start()
            assert process.stdout is not None
            screen = process.stdout.read()
            assert process.wait(LIMIT_S) == 0, screen + "".join(told)
    checked(out)


NO_BROKER = "mqtt://%s:1" % HOST


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--mqtt", "http://localhost"], "a broker's address is"),
        (["--mqtt", NO_BROKER], "Connect call failed"),
        (["--mqtt", "mqtts://localhost"], "mqtts:// needs --broker-folder"),
        (["--mqtt", "mqtts://localhost", "--broker-folder", "nowhere"], "No such file"),
        (["--mqtt", NO_BROKER, "--broker-folder", "nowhere"], "mqtt:// takes none"),
        (["--mqtt", NO_BROKER, "--shard", "3/2"], "--shard must be I/N"),
        (["--mqtt", NO_BROKER, "--speed", "0"], "--speed must be 1 to"),
        (["--mqtt", NO_BROKER, "--access", "pigeon"], "--access"),
        (["--access", "lte"], "--access needs --mqtt"),
    ],
)
def test_bad_input_is_one_line(tmp_path: Path, arguments: list[str], told: str) -> None:
    """Exit code 2, nothing written."""
    code, screen, said = run(*arguments, "--meters", "2", "--out", str(tmp_path / "out"))
    assert (code, screen, said.count("\n")) == (2, "", 1)
    assert told in said
    assert not (tmp_path / "out").exists()


def test_a_broker_of_another_authority_is_refused(tmp_path: Path, world: list[str]) -> None:
    """One line says that it is its certificate."""
    other = str(tmp_path / "other")
    assert main(["broker-config", other]) == 0
    with secure(tmp_path) as (broker, _where):
        asked = ["--mqtt", broker.url, "--broker-folder", other, "--out", str(tmp_path / "out")]
        code, screen, told = run(*asked, *world)
    assert (code, screen) == (2, "")
    assert "certificate verify failed" in told.splitlines()[-1]
