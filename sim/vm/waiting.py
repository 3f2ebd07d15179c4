# SPDX-License-Identifier: Apache-2.0
"""How a guest waits: in one call, for time, for connections, or for somebody here who wakes or stops it."""

import contextlib
import select
import socket
import threading
from collections.abc import Mapping

from .clock import Clock

READ, WRITE = select.POLLIN, select.POLLOUT
GONE = select.POLLHUP | select.POLLERR | select.POLLNVAL
MILLISECONDS_MOST = 86_400_000  # of our time; whoever waits longer asks again
WOKEN = -1  # stands for the file by which it was woken


class Waiting:
    """One guest's. It waits in its own thread; `wake` and `stop` come from any other."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._stopped = threading.Event()
        self._ear, self._mouth = socket.socketpair()
        self._ear.setblocking(False)
        self._mouth.setblocking(False)

    @property
    def stopped(self) -> bool:
        """Whether nobody shall wait any more."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """Whoever waits comes back at once, now and ever after."""
        self._stopped.set()
        self.wake()

    def wake(self) -> None:
        """Whoever waits for files comes back once, else the next who does."""
        with contextlib.suppress(
            OSError
        ):  # BlockingIOError: there is enough to hear already; or it is closed
            self._mouth.send(b"!")

    def sleep(self, span_ns: int) -> None:
        """All of `span_ns`, unless stopped."""
        self.clock.wait(span_ns, self._stopped.wait)

    def files(self, span_ns: int | None, wanted: Mapping[int, int]) -> dict[int, int]:
        """Which of the `wanted` files, by number, are ready and how (READ, WRITE); WOKEN if somebody woke us.

        A file that is gone is ready for all that is wanted of it. Empty after `span_ns`.
        """
        poll = select.poll()
        poll.register(self._ear, READ)
        for file, events in wanted.items():
            poll.register(file, events)
        ear = self._ear.fileno()

        def look(seconds: float | None) -> dict[int, int]:
            if self.stopped:
                return {WOKEN: READ}
            limit_ms = None if seconds is None else min(1000 * seconds, MILLISECONDS_MOST)
            found = dict(poll.poll(limit_ms))
            if found.pop(ear, None) is not None:
                with contextlib.suppress(BlockingIOError):
                    self._ear.recv(4096)
                found[WOKEN] = READ
            return {
                file: wanted.get(file, READ) if events & GONE else events
                for file, events in found.items()
            }

        return self.clock.wait(span_ns, look)

    def close(self) -> None:
        """Of no more use."""
        self._ear.close()
        self._mouth.close()
