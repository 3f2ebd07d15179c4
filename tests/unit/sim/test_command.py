# SPDX-License-Identifier: Apache-2.0
"""The command that replays a run is one that its reader can type."""

import sys
from pathlib import Path

import pytest

from sim.command import command


def test_a_python_below_the_current_folder_is_named_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the README starts it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "executable", str(tmp_path / ".venv" / "bin" / "python"))
    assert command(["--seed", "7"]) == [".venv/bin/python", "sim/run.py", "--seed", "7"]


@pytest.mark.parametrize("executable", ["/usr/bin/python3.12", ""])
def test_any_other_python_is_python3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, executable: str
) -> None:
    """No path of the machine that ran stands in a report."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "executable", executable)
    assert command([]) == ["python3", "sim/run.py"]
