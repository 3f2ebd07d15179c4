# SPDX-License-Identifier: Apache-2.0
"""The worlds that the ledger's tests begin with."""

import pytest

from tools.vector_cases.ledger_world import World


@pytest.fixture
def world() -> World:
    """Everybody is enrolled and nothing has happened yet."""
    return World().enrol()


@pytest.fixture
def offer(world: World) -> bytes:
    """A recorded offer of `sun`: eight slots of 1000 Wh of panel south."""
    made = world.offer()
    world.record(made)
    return made
