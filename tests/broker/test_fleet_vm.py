# SPDX-License-Identifier: Apache-2.0
"""Nodes of a fleet on the real MicroPython, in a heap of fixed size: they trade over TLS and get their awards."""

from pathlib import Path

import pytest

from tests.broker.test_fleet import run, secure, summary_of, table

SLOTS = 12


@pytest.mark.parametrize(
    ("homes", "panels", "vms", "more"),
    [(2, 0, 2, ["--plants", "0", "--prosumers", "0.5"]), (1, 1, 1, [])],
    ids=["two-of-them-and-no-plant", "one-and-a-plant-on-CPython"],
)
def test_boards_on_micropython_trade(
    tmp_path: Path, homes: int, panels: int, vms: int, more: list[str]
) -> None:
    """A meter and a prosumer with each other, or a meter with a plant: contracts, trade ends, an award; all checks."""
    out = tmp_path / "out"
    asked = ["--loads", table(tmp_path / "home.csv", homes, 150, SLOTS), *more]
    if panels:
        asked += ["--pv", table(tmp_path / "panel.csv", panels, 400, SLOTS)]
    with secure(tmp_path) as (broker, where):
        options = [*where, *asked, "--vm", str(vms), "--speed", "5000", "--out", str(out)]
        code, screen, told = run(*options, broker=broker)
        assert code == 0, screen + told
    summary = summary_of(out)
    assert all(check["ok"] for check in summary["checks"]), summary["checks"]
    claims = summary["claims"]
    assert claims["C5"] == claims["C6"] > 0
    assert claims["C7"] == claims["C9"] > 0
    assert (summary["neighbour_contracts"] > 0) == (panels == 0)
