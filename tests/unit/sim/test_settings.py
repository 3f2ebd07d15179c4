# SPDX-License-Identifier: Apache-2.0
"""What a run is asked to do is either done or refused in one line; nothing that was asked is passed over."""

from calendar import timegm
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sim.settings import SEED_MAX, SettingsError, read

JUNE_11 = timegm((2025, 6, 11, 0, 0, 0)) - 3600
"""00:00 at UTC+1."""


def csv(path: Path, columns: int, slots: int, first: int) -> str:
    """A file of ones from `first`, Unix s."""
    lines = [",".join(["time", *("c%d" % number for number in range(columns))])]
    for index in range(slots):
        time = datetime.fromtimestamp(first, UTC) + timedelta(minutes=15 * index)
        lines.append(",".join([time.isoformat(), *["1"] * columns]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def refused(*arguments: str) -> str:
    """The one line that says why."""
    with pytest.raises(SettingsError) as caught:
        read(arguments)
    (line,) = str(caught.value).splitlines()
    return line


def test_without_arguments_a_run_is_complete() -> None:
    """Two days of June in UTC+1, and nothing left open."""
    settings = read([])
    assert (settings.start, settings.slots, settings.days) == (JUNE_11, 192, 2)
    assert (settings.seed, settings.meters, settings.plants) == (1, 60, 5)


@pytest.mark.parametrize(
    "day",
    [
        "June", "", "0001-01-01", "9999-12-31", "1989-12-31", "2201-01-01",
        "20250611", "2025-W24-3", "2025-02-29",
    ],
)  # fmt: skip
def test_a_first_day_is_a_date_of_two_centuries(day: str) -> None:
    """The line says what would have been right."""
    line = refused("--start", day)
    assert "--start" in line
    assert "in the years 1990 to 2200" in line


def test_the_first_and_last_years_can_be_run() -> None:
    """Both ends of what the line promises."""
    assert read(["--start", "1990-01-01"]).start == timegm((1989, 12, 31, 23, 0, 0))
    assert read(["--start", "2200-12-31"]).start == timegm((2200, 12, 30, 23, 0, 0))


def test_a_seed_has_63_bits() -> None:
    """The largest is taken, one more is refused with the bound."""
    assert read(["--seed", str(SEED_MAX)]).seed == 2**63 - 1
    assert "0 to 9223372036854775807" in refused("--seed", str(1 << 63))
    assert "--seed" in refused("--seed", "-1")


def test_more_days_than_the_file_has_are_refused(tmp_path: Path) -> None:
    """What it has is named; fewer days and all days are taken."""
    loads = csv(tmp_path / "l.csv", 2, 200, JUNE_11)
    assert read(["--loads", loads]).slots == 200
    assert read(["--loads", loads, "--days", "2"]).slots == 192
    line = refused("--loads", loads, "--days", "3")
    assert "--days 3 is 288 slots, but " in line
    assert "l.csv has 2025-06-10T23:00Z to 2025-06-13T01:00Z: 200 slots" in line


def test_days_of_two_files_are_those_they_have_in_common(tmp_path: Path) -> None:
    """A day of overlap is no two days."""
    loads = csv(tmp_path / "l.csv", 1, 192, JUNE_11)
    pv = csv(tmp_path / "p.csv", 1, 192, JUNE_11 + 86400)
    both = ["--loads", loads, "--pv", pv]
    assert read(both).slots == 96
    assert "have in common 2025-06-11T23:00Z to 2025-06-12T23:00Z" in refused(*both, "--days", "2")
    assert "--start is 2025-06-10T23:00Z" in refused(*both, "--start", "2025-06-11")
    assert read([*both, "--start", "2025-06-12"]).start == JUNE_11 + 86400


def test_a_first_day_moves_a_run_within_its_file(tmp_path: Path) -> None:
    """It begins at that day's first slot, and has what is left; without it the file's first slot counts."""
    loads = csv(tmp_path / "l.csv", 1, 200, JUNE_11 + 3600)
    assert read(["--loads", loads]).start == JUNE_11 + 3600
    settings = read(["--loads", loads, "--start", "2025-06-12"])
    assert (settings.start, settings.slots) == (JUNE_11 + 86400, 108)
    assert read(["--loads", loads, "--start", "2025-06-12", "--days", "1"]).slots == 96
    assert "108 slots from" in refused("--loads", loads, "--start", "2025-06-12", "--days", "2")
    for outside in ("2025-06-11", "2025-06-14"):
        line = refused("--loads", loads, "--start", outside)
        assert "l.csv has 2025-06-11T00:00Z to 2025-06-13T02:00Z" in line


def test_plants_that_panels_cannot_make_are_refused(tmp_path: Path) -> None:
    """No plant without a panel, no panel without a plant, at most 16 panels each."""
    pv = csv(tmp_path / "p.csv", 20, 4, JUNE_11)
    assert read(["--pv", pv]).plants == 5
    assert read(["--pv", pv, "--plants", "20"]).plants == 20
    assert "--plants 21, but" in refused("--pv", pv, "--plants", "21")
    assert "has 20 panels" in refused("--pv", pv, "--plants", "21")
    assert "--plants 0, but" in refused("--pv", pv, "--plants", "0")
    assert "at least 2 plants" in refused("--pv", pv, "--plants", "1")
    assert read(["--plants", "0"]).plants == 0


def test_what_is_in_the_way_of_the_results_is_named(tmp_path: Path) -> None:
    """No name, a file for the folder, a folder for a file: seen before anything runs."""
    assert "--out must name a folder" in refused("--out", "")
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert "is a file, not a folder" in refused("--out", str(tmp_path / "file"))
    for name in ("chain.db", "report.html", "summary.json"):
        (tmp_path / name / name).mkdir(parents=True)
        line = refused("--out", str(tmp_path / name))
        assert "%s is a folder" % (tmp_path / name / name) in line
    assert read(["--out", str(tmp_path / "new")]).out == tmp_path / "new"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--meters", "many"], "--meters"),
        (["--plant"], "--plant"),
        (["--colour", "red"], "--colour"),
        (["--loads", ""], "--loads must name a file"),
        (["--pv", ""], "--pv must name a file"),
    ],
)
def test_words_that_are_no_options_are_told_in_one_line(words: list[str], told: str) -> None:
    """As every other mistake."""
    assert told in refused(*words)
