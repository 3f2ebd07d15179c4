# SPDX-License-Identifier: Apache-2.0
"""Virtual time goes as fast as asked, no further than granted, and what it stood still is lost."""

import asyncio

from sim.mqtt.clock import LeasedClock

NOW = 1_750_000_000


class Machine:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.time_s = 100.0

    def __call__(self) -> float:
        return self.time_s


def test_it_stands_until_time_is_granted() -> None:
    """Whatever the machine's clock does."""
    machine = Machine()
    clock = LeasedClock(NOW, 10, machine)
    machine.time_s += 1000
    assert clock.now() == NOW


def test_it_goes_at_its_speed_and_no_further_than_granted() -> None:
    """Ten times as fast, until the lease is over."""
    machine = Machine()
    clock = LeasedClock(NOW, 10, machine)
    clock.grant(NOW * 1000, NOW * 1000 + 5000)
    machine.time_s += 0.25
    assert clock.now_ms() == NOW * 1000 + 2500
    machine.time_s += 60
    assert clock.now_ms() == NOW * 1000 + 5000


def test_what_it_stood_still_is_not_made_up_for() -> None:
    """After a minute without a grant it goes on where it was, at the same speed."""
    machine = Machine()
    clock = LeasedClock(NOW, 10, machine)
    clock.grant(NOW * 1000, NOW * 1000 + 5000)
    machine.time_s += 60
    clock.grant(NOW * 1000, NOW * 1000 + 10_000)
    assert clock.now_ms() == NOW * 1000 + 5000
    machine.time_s += 0.125
    assert clock.now_ms() == NOW * 1000 + 6250


def test_it_never_goes_back_and_catches_up_with_the_leading_shard() -> None:
    """A grant from the past changes nothing; one from ahead moves it there."""
    machine = Machine()
    clock = LeasedClock(NOW, 10, machine)
    clock.grant(NOW * 1000 + 3000, NOW * 1000 + 8000)
    assert clock.now_ms() == NOW * 1000 + 3000
    clock.grant(NOW * 1000, NOW * 1000 + 1000)
    assert clock.now_ms() == NOW * 1000 + 3000


def test_who_sleeps_wakes_in_virtual_time_and_what_is_late_is_known() -> None:
    """A minute of virtual time, while the machine shows that it was a minute too long."""

    async def play() -> int:
        machine = Machine()
        clock = LeasedClock(NOW, 60_000, machine)
        clock.begin()
        clock.grant(NOW * 1000, NOW * 1000 + 600_000)
        sleeping = asyncio.create_task(clock.sleep_ms(60_000))
        await asyncio.sleep(0)
        machine.time_s += 0.002
        await sleeping
        return clock.late_ms

    assert 59_000 <= asyncio.run(play()) <= 61_000


def test_before_the_run_begins_sleep_is_the_machines() -> None:
    """Nobody hangs on a clock that stands: a client that dials in vain dials again."""

    async def play() -> None:
        await asyncio.wait_for(LeasedClock(NOW, 10, Machine()).sleep_ms(10), 30)

    asyncio.run(play())
