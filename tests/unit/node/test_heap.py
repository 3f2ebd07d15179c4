# SPDX-License-Identifier: Apache-2.0
"""A whole node on the real MicroPython in a heap of the size that docs/memory.md promises."""

from pathlib import Path

import pytest

from tools.measures.memory import FORMS, MOST_BYTES, lives


@pytest.mark.parametrize("name", sorted(MOST_BYTES))
def test_a_node_lives_through_a_morning_of_trade_in_the_promised_heap(
    name: str, tmp_path: Path
) -> None:
    """Genesis, registrations, offers, contracts, readings, ends, awards and checkpoints; it never breaks down."""
    form, role = name.split(".")
    code = FORMS[form](tmp_path / "code")
    life = lives(code, MOST_BYTES[name], role == "prosumer")
    assert life is not None
    assert life.recorded >= life.ended >= life.certificates > 0


def test_half_of_that_heap_is_not_enough(tmp_path: Path) -> None:
    """So the other test can fail."""
    code = FORMS["rom"](tmp_path / "code")
    assert lives(code, MOST_BYTES["rom.meter"] // 2, False) is None
