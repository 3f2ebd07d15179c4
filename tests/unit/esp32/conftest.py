# SPDX-License-Identifier: Apache-2.0
"""Tests of the board's adapters find stand-ins of MicroPython's own modules beside them, and what its `time` has."""

import asyncio
import contextlib
import gc
import heapq
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from wattpact.crypto import ecdsa

sys.path.append(str(Path(__file__).parent / "stand_ins"))

import esp32
import machine
import network
import ntptime


class Slept:
    """Virtual milliseconds: sleeping takes none, and moves `time.ticks_ms`."""

    def __init__(self) -> None:
        self.ms = 0
        self.passes: Callable[[int], object] = lambda _ms: None  # in a modelled world, too

    def sleep_ms(self, ms: int) -> None:
        self.ms += ms
        self.passes(ms)

    def sleep_us(self, us: int) -> None:
        self.ms += us // 1000

    async def pause_ms(self, ms: int) -> None:
        """For one task alone: time is what it sleeps."""
        self.sleep_ms(ms)
        await asyncio.sleep(0)


class Shared:
    """Virtual time for several tasks: `drive` lets it pass to where the next one wants to wake."""

    def __init__(self, slept: Slept) -> None:
        self._slept = slept
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._count = 0

    async def pause_ms(self, ms: int) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._waiting, (self._slept.ms + ms, self._count, future))
        await future

    async def drive(self, works: Coroutine[Any, Any, None], until: Callable[[], object]) -> None:
        """Run `works` until it is so; what `works` raises is raised."""
        task = asyncio.create_task(works)
        while not until() and not task.done():
            for _ in range(20):
                await asyncio.sleep(0)
            if self._waiting:
                at_ms, _, future = heapq.heappop(self._waiting)
                if not future.done():
                    self._slept.sleep_ms(max(at_ms - self._slept.ms, 0))
                    future.set_result(None)
            assert self._slept.ms < 86_400_000, "it never happened"
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _no_threshold(_taken_bytes: int) -> None:
    """CPython's collector has none in bytes."""


@pytest.fixture(autouse=True)
def slept(monkeypatch: pytest.MonkeyPatch) -> Slept:
    """MicroPython's names in `time`, `gc` and `asyncio`, on virtual time, and stand-ins that remember nothing."""
    clock = Slept()
    monkeypatch.setattr(time, "sleep_ms", clock.sleep_ms, raising=False)
    monkeypatch.setattr(time, "sleep_us", clock.sleep_us, raising=False)
    monkeypatch.setattr(time, "ticks_ms", lambda: clock.ms, raising=False)
    monkeypatch.setattr(time, "ticks_diff", int.__sub__, raising=False)
    monkeypatch.setattr(gc, "threshold", _no_threshold, raising=False)
    monkeypatch.setattr(ecdsa, "_peers", ecdsa._peers)  # a start chooses how many it keeps
    monkeypatch.setattr(asyncio, "sleep_ms", clock.pause_ms, raising=False)
    for kept in (
        machine.chips,
        machine.serials,
        machine.i2c_chips,
        machine.made,
        machine.pins,
        machine.resets,
        machine.RTC.written,
        network.made,
        network.answers,
        esp32.flash,
        ntptime.answers,
        ntptime.asked,
    ):
        kept.clear()
    machine.WDT.fed = 0
    return clock
