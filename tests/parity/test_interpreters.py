# SPDX-License-Identifier: Apache-2.0
"""The comparison cannot pass by accident: silence, errors, crashes and differences are all failures."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.parity.interpreters import (
    CaseError,
    first_difference,
    on_cpython,
    on_fixed_heap,
    on_official_build,
)

Runner = Callable[[str, Path], list[str]]
VMS: list[Runner] = [on_official_build, on_fixed_heap]
RUNNERS: list[Runner] = [on_cpython, *VMS]


def write_case(root: Path, body: str) -> None:
    """A checkout with one case, `probe`, and nothing else."""
    folder = root / "tests" / "parity" / "cases"
    folder.mkdir(parents=True)
    (folder / "probe.py").write_text("def lines():\n    %s\n" % body.replace("\n", "\n    "))


@pytest.mark.parametrize("run", RUNNERS)
def test_lines_come_back_in_order(run: Runner, tmp_path: Path) -> None:
    """Also those with a NUL inside, and integers of any size."""
    write_case(tmp_path, "yield 'a\\0b'\nyield str(1 << 70)\nyield str(-(1 << 40))")
    assert run("probe", tmp_path) == ["a\0b", "1180591620717411303424", "-1099511627776"]


@pytest.mark.parametrize("run", RUNNERS)
@pytest.mark.parametrize(
    "body",
    [
        "yield from ()",
        "yield 'a line first'\nraise ValueError('then this')",
        "import no_such_module\nyield 'never'",
        "yield from [1 / 0]",
        "def deeper(n):\n    return deeper(n + 1)\nyield deeper(0)",
        "import sys\nyield 'one'\nsys.exit(0)",
    ],
    ids=["silence", "error", "import", "arithmetic", "recursion", "early exit"],
)
def test_a_case_that_does_not_come_to_its_end_is_an_error(
    run: Runner, body: str, tmp_path: Path
) -> None:
    """However much it had printed before."""
    write_case(tmp_path, body)
    with pytest.raises(CaseError, match="probe"):
        run("probe", tmp_path)


@pytest.mark.parametrize("run", VMS)
def test_a_vm_that_runs_out_of_memory_is_an_error(run: Runner, tmp_path: Path) -> None:
    """Whether its heap grows up to a bound or not at all: the case fails and does not hang."""
    write_case(tmp_path, "yield str(len(b'x' * (1 << 31)))")
    with pytest.raises(CaseError):
        run("probe", tmp_path)


@pytest.mark.parametrize("run", VMS)
def test_the_vm_is_micropython_and_the_oracle_is_not(run: Runner, tmp_path: Path) -> None:
    """Both are asked who they are, so that one can never stand in for the other."""
    write_case(tmp_path, "import sys\nyield sys.implementation.name")
    assert on_cpython("probe", tmp_path) == ["cpython"]
    assert run("probe", tmp_path) == ["micropython"]


def test_the_first_difference_is_told_by_line() -> None:
    """Equal lines before it are not shown."""
    assert first_difference(["a", "b"], ["a", "b"]) == ""
    assert first_difference(["a", "b"], ["a", "c"]).startswith("line 2\n")
    assert "3 lines, MicroPython 2" in first_difference(["a", "b", "c"], ["a", "b"])
