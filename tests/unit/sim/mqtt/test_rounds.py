# SPDX-License-Identifier: Apache-2.0
"""Whoever grants time never waits for time that it has not granted, however the machine treats it."""

import asyncio
from typing import Any

import pytest

from sim.mqtt.clock import STILL_S, LeasedClock, Standstill
from sim.mqtt.control import Control, Message
from sim.mqtt.errors import FleetError
from sim.mqtt.identity import Identity
from sim.mqtt.rounds import HOST_EVERY, LEASE_MS, Host, Rounds

NOW = 1_750_000_000
LIMIT_S = 30


class Loopback(Control):
    """A line whose broker is this queue."""

    def __init__(self) -> None:
        own = Identity("shard 1", bytes(8), ("meter",))
        super().__init__(own, [own.kid], 1, bytes(8), list, 1)
        self.beats: asyncio.Queue[Message] = asyncio.Queue()
        self.probes = 0

    async def probe(self, network: bytes, kid: bytes) -> None:
        self.probes += 1

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
        line = Loopback()
        host = Host(bytes(8), bytes(8), lambda: True, lambda: 0, lambda: line.probes)
        await asyncio.wait_for(Rounds(line, clock, lambda: False, host).pace(over_ms), LIMIT_S)
        return clock.now_ms() - over_ms

    assert 0 <= asyncio.run(play()) <= LEASE_MS


def test_time_waits_for_a_host_that_does_not_hear() -> None:
    """What the broker has for it may be old: no more than some rounds go by until it has taken it."""

    async def play() -> tuple[int, int]:
        clock = LeasedClock(NOW, 5000)
        clock.begin()
        line, heard = Loopback(), [0]
        host = Host(bytes(8), bytes(8), lambda: True, lambda: 0, lambda: heard[0])
        rounds = Rounds(line, clock, lambda: False, host)
        pacing = asyncio.create_task(rounds.pace(NOW * 1000 + 100 * LEASE_MS))
        while not line.probes:  # noqa: ASYNC110 (the pace tells nobody)
            await asyncio.sleep(0)
        await asyncio.sleep(0.1)
        deaf_ms = clock.now_ms() - NOW * 1000
        while not pacing.done():
            heard[0] = line.probes
            await asyncio.sleep(0)
        return deaf_ms, line.probes

    deaf_ms, probes = asyncio.run(asyncio.wait_for(play(), LIMIT_S))
    assert deaf_ms <= HOST_EVERY * LEASE_MS
    assert probes >= 100 // HOST_EVERY


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
