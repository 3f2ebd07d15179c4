# SPDX-License-Identifier: Apache-2.0
"""The vectors of tests/vectors/market, case by case; the parity suite runs the same ones on the board's interpreter."""

from typing import Any

import pytest

from tests.parity.cases.market import answer_choice, answer_reliability, cases, chosen


@pytest.mark.parametrize("case", cases("reliability.json"), ids=lambda case: case["name"])
def test_a_reliability_vector_gives_what_it_says(case: dict[str, Any]) -> None:
    """Scores, observations, service times and judgements are the published ones."""
    assert answer_reliability(case) == case["expected"]


@pytest.mark.parametrize("case", cases("choice.json"), ids=lambda case: case["name"])
def test_a_choice_vector_gives_what_it_says(case: dict[str, Any]) -> None:
    """Outcome, costs, verdicts and ranking are the published ones, in order."""
    assert answer_choice(chosen(case)) == case["expected"]
