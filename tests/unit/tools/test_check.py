# SPDX-License-Identifier: Apache-2.0
"""tools/check.py cannot pass when a step fails, and says which and why."""

import sys

import pytest

from tools import check


def step(name: str, code: int, told: str = "") -> check.Step:
    """A step that says `told` and exits with `code`."""
    return check.Step(name, sys.executable, "-c", "print(%r); raise SystemExit(%d)" % (told, code))


def test_all_steps_passing_is_success(capsys: pytest.CaptureFixture[str]) -> None:
    """One line each and nothing more."""
    assert check.run_steps([step("one", 0), step("two", 0)])
    lines = capsys.readouterr().out.splitlines()
    assert [(line.split()[0], line.split()[-1]) for line in lines] == [("ok", "one"), ("ok", "two")]


def test_the_first_failure_is_shown_and_the_rest_still_runs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The output of the first that failed, a line for each, and failure in the end."""
    steps = [step("one", 1, "first reason"), step("two", 2, "second reason"), step("three", 0)]
    assert not check.run_steps(steps)
    told = capsys.readouterr().out
    assert "first reason" in told
    assert "second reason" not in told
    assert told.strip().endswith("2 of 3 steps failed")


def test_both_type_runs_are_steps() -> None:
    """One against CPython's library, one against MicroPython's."""
    names = [step.name for step in check.quick_steps() + check.slow_steps()]
    assert names[:5] == ["format", "lint", "tidy", "types", "types on the board"]
