# SPDX-License-Identifier: Apache-2.0
"""The recorded exchanges of tests/vectors/element; the parity suite gives the same ones to the board's interpreter."""

from typing import Any

import pytest

from tests.parity.cases.element import Line, perform
from tests.vectors.reading import cases
from wattpact.crypto.field import HALF_N
from wattpact.element.atecc608 import ADDRESS, Atecc608
from wattpact.errors import BusError


@pytest.mark.parametrize("case", cases("element/exchanges.json"))
def test_an_exchange_gives_what_it_says(case: dict[str, Any]) -> None:
    """Every byte and every wait as recorded, to the last one; results and error are the published ones."""
    line = Line(case["steps"])
    results: list[str] = []
    error = ""
    try:
        for result in perform(case["action"], Atecc608(line, line.sleep_us, ADDRESS)):
            results.append(result.hex())
    except (BusError, OSError) as fault:
        error = str(fault)
    assert (results, error) == (case["results"], case["error"])
    assert line.at == len(case["steps"])
    assert case["ok"] is (error == "")


def test_the_recorded_chip_gives_both_kinds_of_s() -> None:
    """Else a driver that forgets to fold it would pass."""
    case = next(
        each.values[0] for each in cases("element/exchanges.json") if each.id == "four signatures"
    )
    answers = [step[2] for step in case["steps"] if step[0] == "r" and len(step[2]) == 2 * 67]
    signed = [
        int(answer[2 + 64 : 2 + 128], 16) > HALF_N for answer in answers[1:]
    ]  # the first is a key
    assert len(signed) == 5
    assert {True, False} == set(signed)
