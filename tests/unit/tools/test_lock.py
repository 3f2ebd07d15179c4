# SPDX-License-Identifier: Apache-2.0
"""constraints.txt pins what pyproject.toml asks for, exactly."""

import re
import tomllib

from tools import lock

PROJECT = tomllib.loads((lock.ROOT / "pyproject.toml").read_text())
PINS = (lock.ROOT / "constraints.txt").read_text().splitlines()


def test_every_pin_is_one_exact_version() -> None:
    """No range, no wildcard, no package twice."""
    rows = [row for row in PINS if not row.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9_.-]+==[0-9][0-9a-z.]*", row) for row in rows)
    assert len({row.split("==")[0] for row in rows}) == len(rows)


def test_everything_asked_for_is_pinned() -> None:
    """A requirement added without running tools/lock.py is found here."""
    pinned = {row.split("==")[0].replace("_", "-") for row in PINS}
    wanted = [re.split(r"[\[<>=!~ ;]", row)[0] for row in lock.requirements(PROJECT)]
    assert [name for name in wanted if name.lower().replace("_", "-") not in pinned] == []


def test_pins_are_written_by_name() -> None:
    """The same resolution gives the same file."""
    report = {"install": [{"metadata": {"name": n, "version": "1"}} for n in ("b", "A", "c")]}
    assert lock.pins(report) == ["a==1", "b==1", "c==1"]
