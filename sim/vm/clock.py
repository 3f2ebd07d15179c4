# SPDX-License-Identifier: Apache-2.0
"""A guest's clock: as fast as ours, some times as fast, or one that stands still until the guest waits.

`now_ns` is Unix time for time.time() and, being a clock that never goes back, the guest's ticks, too.
"""

import threading
import time
from collections.abc import Callable
from typing import Protocol, TypeVar

Found = TypeVar("Found")
SECOND_NS = 1_000_000_000


class Clock(Protocol):
    """What a guest knows of time."""

    def now_ns(self) -> int:
        """Since 1970."""
        ...

    def wait(self, span_ns: int | None, look: Callable[[float | None], Found]) -> Found:
        """Until `span_ns` are over, or without end; less if `look` finds something, which takes seconds of ours."""
        ...


class ScaledClock:
    """`factor` seconds pass in one of ours, from `start_s` on, else from now."""

    def __init__(self, factor: float = 1, start_s: float | None = None) -> None:
        if not factor > 0:
            raise ValueError("time goes forward")
        self._factor = factor
        self._start_ns = time.time_ns() if start_s is None else int(start_s * SECOND_NS)
        self._began_ns = time.monotonic_ns()

    def now_ns(self) -> int:
        """As Clock says."""
        return self._start_ns + int((time.monotonic_ns() - self._began_ns) * self._factor)

    def wait(self, span_ns: int | None, look: Callable[[float | None], Found]) -> Found:
        """As Clock says."""
        if span_ns is None:
            return look(None)
        return look(min(span_ns / SECOND_NS / self._factor, threading.TIMEOUT_MAX))


class VirtualClock:
    """Starts at `start_s` and goes on only when its guest waits, then by all of the wait at once.

    What happens outside, on a connection, happens in our time. Before a wait is skipped it gets `patience_s` of ours;
    a wait without end lasts until something happens.
    """

    def __init__(self, start_s: int, patience_s: float = 0) -> None:
        self._now_ns = start_s * SECOND_NS
        self._patience_s = patience_s

    def now_ns(self) -> int:
        """As Clock says."""
        return self._now_ns

    def wait(self, span_ns: int | None, look: Callable[[float | None], Found]) -> Found:
        """As Clock says."""
        if span_ns is None:
            return look(None)
        found = look(min(self._patience_s, span_ns / SECOND_NS))
        if not found:
            self._now_ns += span_ns
        return found
