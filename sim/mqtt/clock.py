# SPDX-License-Identifier: Apache-2.0
"""Virtual time that runs a number of times as fast as the machine's, and never further than it was granted.

Everything of a fleet goes by it: cores, clients, blocks, access networks. Whoever grants does so when the broker and
every process have answered (beats.py): a machine that cannot keep up gets slower time, not odd results.
"""

import asyncio
import time
from collections.abc import Callable

from .errors import FleetError

NAP_S_MIN = 0.001
WAITING_S_MAX = 1.0
STILL_S = 150
"""Longer than a silent broker, shard, host or VM is waited for, so that those are named first."""


class Standstill:
    """Notices virtual time that stands still while it should go on. One thread begins and ends, another may look."""

    def __init__(self, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._monotonic_s = monotonic_s
        self._seen: tuple[int, float] | None = None

    def begin(self, now_ms: int) -> None:
        """From now on it should."""
        self._seen = (now_ms, self._monotonic_s())

    def end(self) -> None:
        """It may stand."""
        self._seen = None

    def look(self, now_ms: int) -> None:
        """FleetError if it has shown the same for STILL_S of the machine's."""
        seen = self._seen
        if seen is None:
            return
        if seen[0] != now_ms:
            self.begin(now_ms)
        elif self._monotonic_s() - seen[1] > STILL_S:
            raise FleetError("virtual time stands still: %d s without any progress" % STILL_S)


class LeasedClock:
    """Stands until `begin`. Any thread may read it; one grants."""

    def __init__(
        self, now: int, speed: float, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        """`now`: Unix s."""
        self.speed = speed
        self.late_ms = 0
        """The longest that anybody slept beyond its time."""
        self._monotonic_s = monotonic_s
        self.began = False
        self._leg = (now * 1000, 0.0, now * 1000)  # virtual ms, at machine s, granted until

    def now_ms(self) -> int:
        """Unix ms."""
        since_ms, began_s, until_ms = self._leg
        passed_ms = int((self._monotonic_s() - began_s) * 1000 * self.speed)
        return min(since_ms + passed_ms, until_ms)

    def now(self) -> int:
        """Unix s; what a board's clock would say."""
        return self.now_ms() // 1000

    def real_s(self, span_ms: int) -> float:
        """Seconds of the machine that are so much virtual time, at least NAP_S_MIN; the same before `begin`."""
        if not self.began:
            return min(span_ms / 1000, WAITING_S_MAX)
        return max(span_ms / 1000 / self.speed, NAP_S_MIN)

    def set(self, now: int) -> None:
        """Before `begin`: it is another time."""
        self._leg = (now * 1000, 0.0, now * 1000)

    def begin(self) -> None:
        """From now on whoever sleeps does so in virtual time."""
        self.began = True

    def grant(self, since_ms: int, until_ms: int) -> None:
        """It is `since_ms` at least, and may become `until_ms`. What it stood still before is not made up for."""
        now_ms = max(self.now_ms(), since_ms)
        self._leg = (now_ms, self._monotonic_s(), max(now_ms, until_ms))

    async def sleep_ms(self, span_ms: int) -> None:
        """Until so much later; before `begin`, at most a second of the machine's."""
        if not self.began:
            await asyncio.sleep(self.real_s(span_ms))
            return
        await self.until_ms(self.now_ms() + span_ms)

    async def until_ms(self, wake_ms: int) -> None:
        """Until Unix ms `wake_ms`, which may be past. Whoever grants waits for nothing that it has not granted."""
        while (left_ms := wake_ms - self.now_ms()) > 0:  # noqa: ASYNC110 (time itself is what it waits for)
            await asyncio.sleep(self.real_s(left_ms))
        self.late_ms = max(self.late_ms, -left_ms)
