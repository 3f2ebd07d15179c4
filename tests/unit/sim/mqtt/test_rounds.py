# SPDX-License-Identifier: Apache-2.0
"""Whoever grants time never waits for time that it has not granted, however the machine treats it."""

import asyncio
from typing import Any

import pytest

from sim.mqtt.clock import STILL_S, LeasedClock, Standstill
from sim.mqtt.control import Control, Message
from sim.mqtt.errors import FleetError
from sim.mqtt.identity import Identity
from sim.mqtt.rounds import LEASE_MS, Rounds

NOW = 1_750_000_000
LIMIT_S = 30


class Loopback(Control):
    """A line whose broker is this queue."""

    def __init__(self) -> None:
        own = Identity("shard 1", bytes(8), ("meter",))
        super().__init__(own, [own.kid], 1, bytes(8), list, 1)
        self.beats: asyncio.Queue[Message] = asyncio.Queue()

    async def say(self, to: int, kind: str, qos: int = 1, **more: Any) -> None:
        self.beats.put_nowait({"kind": kind, **more})

    async def next(self, wait_s: float, *kinds: str) -> tuple[int, Message] | None:
        return 1, await asyncio.wait_for(self.beats.get(), wait_s)


class Interrupted:
    """A machine that stops our process now and then as it asks for the time: 1 ms, 5 s at a speed of 5000."""

    def __init__(self) -> None:
        self.time_s = 0.0
        self._looks = 0

    def __call__(self) -> float:
        self._looks += 1
        self.time_s += 0.001 if self._looks % 9 in {0, 4} else 0.00001
        return self.time_s


def test_time_goes_on_however_often_the_process_is_interrupted() -> None:
    """The next grant does not wait for an instant beyond this one, which hung a run for ever."""

    async def play() -> int:
        clock = LeasedClock(NOW, 5000, Interrupted())
        clock.begin()
        over_ms = NOW * 1000 + 100 * LEASE_MS
        await asyncio.wait_for(Rounds(Loopback(), clock, lambda: False).pace(over_ms), LIMIT_S)
        return clock.now_ms() - over_ms

    assert 0 <= asyncio.run(play()) <= LEASE_MS


def test_time_that_stands_still_ends_the_run() -> None:
    """While it should go on, and not before or after; any progress counts."""
    machine = [0.0]
    stood = Standstill(lambda: machine[0])
    stood.look(NOW)
    machine[0] += 2 * STILL_S
    stood.begin(NOW)
    machine[0] += STILL_S
    stood.look(NOW)
    stood.look(NOW + 1)
    machine[0] += STILL_S
    stood.look(NOW + 1)
    machine[0] += 1
    with pytest.raises(FleetError, match="stands still"):
        stood.look(NOW + 1)
    stood.end()
    stood.look(NOW + 1)
