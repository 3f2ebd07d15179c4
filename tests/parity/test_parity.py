# SPDX-License-Identifier: Apache-2.0
"""The board's interpreter and the host's say the same: every case of cases/, line by line, CPython being the oracle.

To add a case, add a file to cases/ with a generator `lines()`; it is found here by its name. See cases/README.md.
"""

from pathlib import Path

import pytest

from tests.parity.interpreters import first_difference, on_cpython, on_micropython

CASES = sorted(path.stem for path in (Path(__file__).parent / "cases").glob("*.py"))


@pytest.mark.parametrize("case", CASES)
def test_both_interpreters_print_the_same_lines(case: str) -> None:
    """Same bytes, same rule numbers, same scores."""
    assert first_difference(on_cpython(case), on_micropython(case)) == ""
