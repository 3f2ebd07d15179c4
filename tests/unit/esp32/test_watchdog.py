# SPDX-License-Identifier: Apache-2.0
"""Whoever starts is fed for a while, and whoever runs feeds itself."""

import asyncio

import machine

from tests.unit.esp32.conftest import Slept
from wattpact.esp32.watchdog import START_MS_MAX, Watchdog


def watchdog(slept: Slept) -> Watchdog:
    return Watchdog(machine.WDT(timeout=120_000), slept.pause_ms)


def test_a_long_pause_at_the_start_is_fed_often_enough(slept: Slept) -> None:
    """A modem takes longer to find its network than the watchdog waits."""
    asyncio.run(watchdog(slept).pause_ms(300_000))
    assert slept.ms == 300_000
    assert machine.WDT.fed >= 300_000 // 10_000


def test_a_board_that_never_gets_started_is_not_fed_for_ever(slept: Slept) -> None:
    """After START_MS_MAX in all the watchdog has its way: a fresh start may help."""
    guard = watchdog(slept)
    asyncio.run(guard.pause_ms(START_MS_MAX))
    fed = machine.WDT.fed
    asyncio.run(guard.pause_ms(60_000))
    assert machine.WDT.fed == fed
    guard.feed()  # the node, once it runs
    assert machine.WDT.fed == fed + 1
