# SPDX-License-Identifier: Apache-2.0
"""`machine.WDT` seen from outside: a clock that resets the board unless it is wound up again in time."""

import threading
import time
from collections.abc import Callable


class Watchdog:
    """Off until `start`. It goes on through a soft reset and is off after any other."""

    def __init__(self, trip: Callable[[], None]) -> None:
        """`trip` is called in a thread of the watchdog's own."""
        self._trip = trip
        self._change = threading.Condition()
        self._timeout_s = 0.0
        self._due_s: float | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    def start(self, timeout_ms: int) -> None:
        """From now on it wants to be fed within `timeout_ms`; calling it again changes that."""
        with self._change:
            self._timeout_s = timeout_ms / 1000
            self._due_s = time.monotonic() + self._timeout_s
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
                self._thread.start()
            self._change.notify()

    def feed(self) -> None:
        """Another whole timeout."""
        with self._change:
            if self._due_s is not None:
                self._due_s = time.monotonic() + self._timeout_s

    def off(self) -> None:
        """As after a reset."""
        with self._change:
            self._due_s = None

    def close(self) -> None:
        """Its thread ends."""
        with self._change:
            self._closed = True
            self._change.notify()
        if self._thread is not None:
            self._thread.join()

    def _watch(self) -> None:
        while True:
            with self._change:
                if self._closed:
                    return
                left = None if self._due_s is None else self._due_s - time.monotonic()
                if left is None or left > 0:
                    self._change.wait(left)
                    continue
                self._due_s = None
            self._trip()
