# SPDX-License-Identifier: Apache-2.0
"""One virtual time for two processes of a machine: the fleet grants it, the host of its own process reads it.

`time.monotonic` counts from one instant in all of them. In the same file the host says since when something waits, and
whether it is connected.
"""

import mmap
import struct
import time
from pathlib import Path

from sim.mqtt.clock import LeasedClock

LEG = struct.Struct("<qdq")  # virtual ms, at machine s, granted until
SINCE = struct.Struct("<q")
UP_AT = 2 * LEG.size + SINCE.size
SIZE = UP_AT + 1


class SharedLines:
    """The file. A leg is written twice: a reader that finds two different ones was too early."""

    def __init__(self, path: Path, *, new: bool = False) -> None:
        if new:
            path.write_bytes(bytes(SIZE))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), SIZE)

    def put_leg(self, since_ms: int, at_s: float, until_ms: int) -> None:
        for place in (0, LEG.size):
            LEG.pack_into(self._map, place, since_ms, at_s, until_ms)

    def leg(self) -> tuple[int, float, int]:
        while self._map[: LEG.size] != self._map[LEG.size : 2 * LEG.size]:
            pass
        return LEG.unpack_from(self._map, LEG.size)

    @property
    def waits_since(self) -> int:
        """Virtual s since when something at the host waits for a block; 0: nothing does."""
        return SINCE.unpack_from(self._map, 2 * LEG.size)[0]

    @waits_since.setter
    def waits_since(self, since: int) -> None:
        SINCE.pack_into(self._map, 2 * LEG.size, since)

    @property
    def up(self) -> bool:
        """The host is connected. Whoever kills one of the two takes it back."""
        return bool(self._map[UP_AT])

    @up.setter
    def up(self, up: bool) -> None:
        self._map[UP_AT] = up


class GrantingClock(LeasedClock):
    """The fleet's, which the host follows."""

    def __init__(self, now: int, speed: float, lines: SharedLines) -> None:
        super().__init__(now, speed)
        self._lines = lines

    def grant(self, since_ms: int, until_ms: int) -> None:
        super().grant(since_ms, until_ms)
        self._lines.put_leg(*self._leg)


class FollowingClock:
    """The host's."""

    def __init__(self, speed: float, lines: SharedLines) -> None:
        self._speed = speed
        self._lines = lines

    def now(self) -> int:
        since_ms, at_s, until_ms = self._lines.leg()
        return min(since_ms + int((time.monotonic() - at_s) * 1000 * self._speed), until_ms) // 1000
