# SPDX-License-Identifier: Apache-2.0
"""A guest and a fleet in one virtual time: either the one works or the other, and only the fleet moves the clock."""

import threading
from collections.abc import Callable
from typing import TypeVar

from sim.vm.machine import Run
from sim.world.network import VirtualClock

Found = TypeVar("Found")
MILLISECOND_NS = 1_000_000
LOOK_S = 0.05  # how often we look whether a guest that does not wait has ended


class Turns:
    """The guest's clock (sim/vm/clock.py). `due_ms` is when it wants its next turn; None: when something comes."""

    def __init__(self, clock: VirtualClock) -> None:
        self.due_ms: int | None = None
        self._clock = clock
        self._guests = threading.Semaphore(0)
        self._fleets = threading.Semaphore(0)

    def now_ns(self) -> int:
        """The fleet's time."""
        return self._clock.now_ms * MILLISECOND_NS

    def wait(self, span_ns: int | None, look: Callable[[float | None], Found]) -> Found:
        """In the guest's thread: the fleet goes on until there is something, or its clock says enough."""
        due_ms = None if span_ns is None else -(-(self.now_ns() + span_ns) // MILLISECOND_NS)
        found = look(0)
        while not found and (due_ms is None or self._clock.now_ms < due_ms):
            self.due_ms = due_ms
            self._fleets.release()
            self._guests.acquire()
            found = look(0)
        return found

    def until_it_waits(self, run: Run) -> None:
        """In the fleet's thread, once, when the guest was started; also back if it has ended."""
        while not self._fleets.acquire(timeout=LOOK_S):
            if run.ended:
                return

    def give(self, run: Run) -> None:
        """In the fleet's thread: the guest goes on until it waits again."""
        self.let_go()
        self.until_it_waits(run)

    def let_go(self) -> None:
        """A guest that was stopped shall notice."""
        self._guests.release()
