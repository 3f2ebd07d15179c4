# SPDX-License-Identifier: Apache-2.0
"""sim/run.py as its user starts it: a process, its exit code, its files."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from host.store import ChainReader

ROOT = Path(__file__).resolve().parents[2]
SMALL = ["--meters", "8", "--plants", "2", "--prosumers", "0.25", "--deaf", "0.25", "--days", "1"]

SUMMARY = {
    "seed", "meters", "plants", "prosumers", "days", "slots", "app_hash", "height", "transactions", "claims",
    "coins_spent_with_another_plant", "neighbour_contracts", "neighbour_wh", "energy", "money", "coins",
    "certificates", "kpi", "meters_with_contract", "deaf_meters", "deaf_meters_with_contract", "secure_elements",
    "secure_elements_with_contract", "secure_element_signatures", "checks", "speed",
}  # fmt: skip
PARTS = {
    "claims": {"C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "C9"},
    "energy": {
        "contracted_wh", "delivered_wh", "settled_wh", "generated_wh", "consumed_wh", "grid_wh",
    },
    "money": {"postings_sum_nano", "paid_nano", "saved_vs_grid_nano"},
    "coins": {"issued_ug", "spent_ug", "expired_ug", "balance_ug"},
    "kpi": {"self_sufficiency_ppm", "self_consumption_ppm"},
    "speed": {"meter_slots", "cpu_s", "meter_slots_per_cpu_s"},
}  # fmt: skip


RUN = [sys.executable, str(ROOT / "sim" / "run.py")]


def start(out: Path, *arguments: str, hash_seed: str = "0") -> "subprocess.CompletedProcess[str]":
    """One run in a process of its own, from a folder that is not the repository's."""
    return subprocess.run(
        [*RUN, *arguments, "--out", str(out)],
        cwd=out.parent,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def summary_of(out: Path) -> dict[str, Any]:
    return json.loads((out / "summary.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small run's folder."""
    out = tmp_path_factory.mktemp("small") / "out"
    done = start(out, *SMALL, hash_seed="1")
    assert done.returncode == 0, done.stdout + done.stderr
    return out


def test_a_run_writes_its_three_files_and_nothing_else(small: Path) -> None:
    """summary.json, report.html and chain.db, closed to one file."""
    assert sorted(path.name for path in small.iterdir()) == [
        "chain.db",
        "report.html",
        "summary.json",
    ]


def test_the_summary_has_the_promised_fields(small: Path) -> None:
    """Programs rely on every name; balance covers what is locked."""
    summary = summary_of(small)
    assert set(summary) == SUMMARY
    assert {name: set(summary[name]) for name in PARTS} == PARTS
    coins = summary["coins"]
    spent_or_left = coins["spent_ug"] + coins["expired_ug"] + coins["balance_ug"]
    assert coins["issued_ug"] == spent_or_left > 0
    assert summary["money"]["postings_sum_nano"] == 0
    assert all(check["ok"] for check in summary["checks"])
    assert (summary["meters"], summary["plants"], summary["prosumers"]) == (8, 2, 2)
    assert (summary["days"], summary["slots"], summary["deaf_meters"]) == (1, 96, 2)


def test_every_claim_is_seen_at_work(small: Path) -> None:
    """From the first offer to the certificate, neighbours included."""
    summary = summary_of(small)
    assert all(count > 0 for count in summary["claims"].values()), summary["claims"]
    assert summary["neighbour_contracts"] > 0
    assert summary["claims"]["C5"] == summary["claims"]["C6"]
    assert summary["claims"]["C7"] == summary["claims"]["C9"] == summary["certificates"]


def test_one_seed_has_one_result_whatever_the_hash_seed(small: Path, tmp_path: Path) -> None:
    """Another process, another PYTHONHASHSEED: the same chain; another seed: another."""
    again, other = tmp_path / "again", tmp_path / "other"
    assert start(again, *SMALL, hash_seed="0").returncode == 0
    assert start(other, *SMALL, "--seed", "2").returncode == 0
    first = summary_of(small)
    for summary in (first, summary_of(again)):
        del summary["speed"]
    assert summary_of(again)["app_hash"] == first["app_hash"] != summary_of(other)["app_hash"]
    second = summary_of(again)
    del second["speed"]
    assert second == first


def test_meters_that_hear_no_plant_trade_all_the_same(tmp_path: Path) -> None:
    """A third of the meters are deaf: most of them get contracts by asking neighbours (C3)."""
    out = tmp_path / "deaf"
    done = start(out, "--meters", "12", "--plants", "3", "--deaf", "0.33", "--days", "1")
    assert done.returncode == 0, done.stdout
    summary = summary_of(out)
    assert summary["deaf_meters"] == 4
    assert summary["deaf_meters_with_contract"] > summary["deaf_meters"] // 2


def test_chips_sign_what_every_node_and_replica_accepts(small: Path, tmp_path: Path) -> None:
    """Half of the meters hold their key in a secure element: the same trade, in other signatures, sound to `verify`."""
    out = tmp_path / "chips"
    done = start(out, *SMALL, "--secure-elements", "0.5")
    assert done.returncode == 0, done.stdout + done.stderr
    summary, before = summary_of(out), summary_of(small)
    assert all(check["ok"] for check in summary["checks"])
    assert summary["secure_elements"] == summary["secure_elements_with_contract"] == 4
    assert summary["secure_element_signatures"] > summary["claims"]["C5"]
    told = ("secure_elements", "secure_elements_with_contract", "secure_element_signatures")
    for name in ("speed", *told):
        del summary[name], before[name]
    assert (
        summary == before
    )  # what is traded, and so the app hash, does not hang on who holds a key
    verified = subprocess.run(
        [sys.executable, "-m", "host", "verify", str(out / "chain.db")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr
    one, two = (sealed(folder / "chain.db") for folder in (small, out))
    assert len(one) == len(two)
    assert len(one & two) < len(one)


def sealed(chain: Path) -> set[bytes]:
    """Every transaction of a chain as it is stored, signatures and all."""
    reader = ChainReader.open(chain)
    try:
        return set(reader.envelopes())
    finally:
        reader.close()


def test_without_secure_elements_nothing_is_different(small: Path, tmp_path: Path) -> None:
    """The option at 0 is the run without it, to the last byte of the chain."""
    out = tmp_path / "none"
    assert start(out, *SMALL, "--secure-elements", "0").returncode == 0
    assert summary_of(out)["app_hash"] == summary_of(small)["app_hash"]
    assert sealed(out / "chain.db") == sealed(small / "chain.db")


def test_chips_give_one_seed_one_chain(tmp_path: Path) -> None:
    """Their nonces are drawn from the seed too: two runs end in the same bytes, another hash seed or not."""
    few = ["--meters", "3", "--plants", "1", "--days", "1", "--secure-elements", "1"]
    for number in (0, 1):
        done = start(tmp_path / str(number), *few, hash_seed=str(number))
        assert done.returncode == 0, done.stdout
    one, two = (sealed(tmp_path / str(number) / "chain.db") for number in (0, 1))
    assert one == two


def test_the_chain_of_a_run_verifies(small: Path) -> None:
    """By the command an operator uses, in a process that took no part in the run."""
    done = subprocess.run(
        [sys.executable, "-m", "host", "verify", str(small / "chain.db")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert summary_of(small)["app_hash"] in done.stdout


def write_csv(path: Path, columns: dict[str, list[int]], first: str, offset: str) -> str:
    moment = datetime.fromisoformat(first)
    lines = [",".join(["time", *columns])]
    for row in zip(*columns.values()):
        lines.append(",".join([moment.isoformat() + offset, *map(str, row)]))
        moment += timedelta(minutes=15)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def test_the_users_own_loads_and_panels_are_traded(tmp_path: Path) -> None:
    """A home per column, the run where the files overlap; what the files say is what was consumed."""
    loads = {"flat 1": [100] * 32, "flat 2": [60, 140] * 16}
    panels = {"east": [900] * 40, "west": [400] * 40}
    loads_csv = write_csv(tmp_path / "loads.csv", loads, "2025-06-11T08:00:00", "+02:00")
    pv_csv = write_csv(tmp_path / "pv.csv", panels, "2025-06-11T05:00:00", "Z")
    out = tmp_path / "own"
    done = start(out, "--loads", loads_csv, "--pv", pv_csv, "--plants", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    summary = summary_of(out)
    assert (summary["meters"], summary["plants"], summary["slots"]) == (2, 2, 32)
    assert summary["energy"]["consumed_wh"] == 2 * 3200
    assert summary["energy"]["generated_wh"] == 32 * 1300
    assert summary["claims"]["C9"] > 0


def test_many_panels_make_as_many_plants_as_they_need(tmp_path: Path) -> None:
    """A plant has at most 16 panels (REGISTER): 90 columns are six plants, unless the user wants them in fewer."""
    panels = {"roof %d" % number: [40] * 8 for number in range(90)}
    pv_csv = write_csv(tmp_path / "pv.csv", panels, "2025-06-11T08:00:00", "Z")
    out = tmp_path / "many"
    done = start(out, "--pv", pv_csv, "--meters", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert summary_of(out)["plants"] == 6
    assert summary_of(out)["energy"]["generated_wh"] == 90 * 8 * 40
    fewer = start(tmp_path / "fewer", "--pv", pv_csv, "--meters", "2", "--plants", "5")
    assert fewer.returncode == 2
    assert fewer.stderr.endswith("has 90 panels and a plant has at most 16: at least 6 plants\n")
    assert len(fewer.stderr.splitlines()) == 1


def test_a_folder_that_takes_no_files_is_named() -> None:
    """It is there and cannot be written to, whoever asks: one line and exit code 2."""
    done = start(Path("/proc"), *SMALL)
    assert done.returncode == 2
    assert "/proc" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("time,a\n2025-06-11T08:00Z,1\n2025-06-11T08:15Z,-1\n", 'line 3, column "a"'),
        ("time,a\n2025-06-11T08:00,1\n", "line 2"),
        ("time,a\n1980-06-11T08:00Z,1\n", 'line 2, column "time"'),
        ("time,a\n2025-06-11T08:00Z,1\n2025-06-11T08:45Z,1\n", "line 3"),
        ("time,a\n", "no slots"),
        ("", ""),
        (None, "no such file"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(
    tmp_path: Path, text: str | None, words: str
) -> None:
    """Exit code 2, the file's name and place on stderr, and no folder made."""
    path = tmp_path / "loads.csv"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    out = tmp_path / "out"
    done = start(out, "--loads", str(path))
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "loads.csv" in done.stderr
    assert words in done.stderr
    assert not out.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--deaf", "1.5"],
        ["--prosumers", "nan"],
        ["--secure-elements", "-0.1"],
        ["--meters", "0"],
        ["--days", "0"],
        ["--start", "June"],
        ["--start", "0001-01-01"],
        ["--start", "9999-12-31"],
        ["--seed", str(1 << 63)],
    ],
)
def test_a_parameter_that_cannot_be_is_named(tmp_path: Path, arguments: list[str]) -> None:
    """Exit code 2 and one line with the parameter's name."""
    done = start(tmp_path / "out", *arguments)
    assert done.returncode == 2
    assert arguments[0] in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_one_is_named(tmp_path: Path) -> None:
    """A file of that name, or none: one line, and the file is as it was."""
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    done = start(tmp_path / "file")
    assert done.returncode == 2
    assert "is a file, not a folder" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"


def shell(script: str, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """A run as `script` starts it; "$@" is the command."""
    return subprocess.run(
        ["sh", "-c", script, "sh", *RUN, *words],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


TINY = ["--meters", "2", "--plants", "1", "--days", "1"]


def test_a_disk_that_fills_up_leaves_nothing(tmp_path: Path) -> None:
    """The system takes no more of the chain: one line, exit code 2, no folder and nothing half written."""
    done = shell('ulimit -f 200; exec "$@"', *TINY, "--out", str(tmp_path / "out"))
    assert done.returncode == 2, done.stderr
    assert "chain.db" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("where", [">/dev/full", ">&-"])
def test_results_are_written_though_nobody_reads_stdout(tmp_path: Path, where: str) -> None:
    """The screen is lost, which is said and is no success; the three files are there."""
    out = tmp_path / "out"
    done = shell('exec "$@" ' + where, *TINY, "--out", str(out))
    assert done.returncode == 2
    assert len(list(out.iterdir())) == 3
    assert len(done.stderr.splitlines()) == 1
    assert "stdout" in done.stderr
    assert str(out) in done.stderr


def test_help_that_cannot_be_written_is_no_success() -> None:
    """Not Python's own exit code of 120 and its words."""
    done = shell('exec "$@" >/dev/full', "--help")
    assert (done.returncode, done.stderr) == (2, "")


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_run_that_is_stopped_leaves_nothing(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    """Ctrl-C, kill, or a terminal that closes: one line, its exit code, no folder."""
    out = tmp_path / "out"
    running = subprocess.Popen(
        [*RUN, "--meters", "200", "--out", str(out)], stderr=subprocess.PIPE, text=True
    )
    until = time.monotonic() + 20
    while not list(out.glob(".run-*/chain.db")) and time.monotonic() < until:
        time.sleep(0.02)
    running.send_signal(number)
    _nothing, told = running.communicate(timeout=30)
    assert running.returncode == code
    assert told == "sim/run.py: stopped, nothing written\n"
    assert not out.exists()


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGINT)", 130, "stopped, nothing written"),
        (
            "raise ModuleNotFoundError(name='cryptography')",
            2,
            "package cryptography is missing: run `make setup` and use .venv/bin/python",
        ),
    ],
)
def test_what_happens_while_packages_load_is_one_line(
    tmp_path: Path, text: str, code: int, told: str
) -> None:
    """Ctrl-C in that moment, or a Python that lacks one: no traceback."""
    (tmp_path / "cryptography.py").write_text(text + "\n", encoding="utf-8")
    done = shell('exec "$@"', PYTHONPATH=str(tmp_path))
    assert (done.returncode, done.stderr) == (code, "sim/run.py: %s\n" % told)


def test_a_package_that_only_modelled_homes_need_is_named_too(tmp_path: Path) -> None:
    """It is missed in the middle of a run, which then leaves nothing."""
    (tmp_path / "pandas.py").write_text(
        "raise ModuleNotFoundError(name='pandas')\n", encoding="utf-8"
    )
    out = tmp_path / "out"
    done = shell('exec "$@"', "--out", str(out), PYTHONPATH=str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.startswith("sim/run.py: package pandas is missing: ")
    assert not out.exists()
