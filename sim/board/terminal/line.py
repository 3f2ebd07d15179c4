# SPDX-License-Identifier: Apache-2.0
"""A board's serial line, as a pseudo-terminal that looks to a terminal program as a board's does.

A thread reads what arrives, so that Ctrl-C is seen while the interpreter is at work. A terminal that is not read does
not hold the board up for longer than a moment: what does not fit is lost, as on a wire.
"""

import os
import pty
import select
import threading
import tty
from collections.abc import Callable

INPUT_BYTES_MOST = 64 * 1024
PATIENCE_S = 2.0
"""How long a full terminal is waited for before output is lost."""
LOOK_S = 0.5
CHUNK_BYTES = 4096


class Line:
    """The board's end. In the reading thread `taken` sees each byte and says whether it needs no reader; `arrived` is
    called when others wait for one."""

    def __init__(self, taken: Callable[[int], bool], arrived: Callable[[], None]) -> None:
        self._ours, self._theirs = pty.openpty()
        tty.setraw(self._theirs)  # before anybody writes: an echo would be taken for input
        os.set_blocking(self._ours, False)
        self.path = os.ttyname(self._theirs)
        self._taken = taken
        self._arrived = arrived
        self._waiting = bytearray()
        self._lock = threading.Lock()
        self._unread = False
        self._closing = False
        self._thread = threading.Thread(target=self._listen, name=self.path, daemon=True)
        self._thread.start()

    def write(self, content: bytes) -> None:
        """To whoever reads the terminal."""
        while content:
            try:
                content = content[os.write(self._ours, content) :]
                self._unread = False
            except BlockingIOError:
                if self._unread or not select.select([], [self._ours], [], PATIENCE_S)[1]:
                    self._unread = True
                    return

    def read(self, most: int) -> bytes:
        """At most `most` bytes of those that have arrived."""
        with self._lock:
            part = bytes(self._waiting[:most])
            del self._waiting[:most]
            return part

    def readable(self) -> bool:
        """Whether `read` gives anything."""
        return bool(self._waiting)

    def drop_input(self) -> None:
        """What arrived and was not read is lost."""
        with self._lock:
            self._waiting.clear()

    def close(self) -> None:
        """The terminal disappears."""
        self._closing = True
        self._thread.join()
        os.close(self._theirs)
        os.close(self._ours)

    def _listen(self) -> None:
        while not self._closing:
            if not select.select([self._ours], [], [], LOOK_S)[0]:
                continue
            for byte in os.read(self._ours, CHUNK_BYTES):
                if self._taken(byte):
                    continue
                with self._lock:
                    if len(self._waiting) < INPUT_BYTES_MOST:
                        self._waiting.append(byte)
            self._arrived()
