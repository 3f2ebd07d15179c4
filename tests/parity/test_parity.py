# SPDX-License-Identifier: Apache-2.0
"""The board's interpreter and the host's say the same: every case of cases/, line by line, CPython being the oracle.

MicroPython is asked twice, because each VM lacks what the other has: the official build, whose heap never runs out, and
one whose heap has a fixed size and is collected in the middle of things.

To add a case, add a file to cases/ with a generator `lines()`; it is found here by its name. See cases/README.md.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.parity.interpreters import (
    first_difference,
    on_cpython,
    on_fixed_heap,
    on_official_build,
)

FOLDER = Path(__file__).parent / "cases"
VECTORS = Path(__file__).parent.parent / "vectors"
CASES = sorted(path.stem for path in FOLDER.glob("*.py"))


@pytest.mark.parametrize("run", [on_official_build, on_fixed_heap])
@pytest.mark.parametrize("case", CASES)
def test_both_interpreters_print_the_same_lines(case: str, run: Callable[[str], list[str]]) -> None:
    """Same bytes, same rule numbers, same scores."""
    assert first_difference(on_cpython(case), run(case)) == ""


@pytest.mark.parametrize("path", sorted(VECTORS.glob("*/*.json")), ids=lambda path: path.name)
def test_every_vector_file_is_named_by_a_case(path: Path) -> None:
    """A vector that only one interpreter reads says nothing about the other."""
    text = "".join((FOLDER / (case + ".py")).read_text() for case in CASES)
    assert '"%s/%s"' % (path.parent.name, path.stem) in text or '"%s"' % path.name in text
