# SPDX-License-Identifier: Apache-2.0
"""Two serial devices wired to each other: what is written to one is read at the other, but for what a test does to it.

with Crossover() as line:            # line.slave for the meter, line.master for who asks it
    line.fault = split               # from now on, for each answer: the pieces of it and pauses between them
"""

import os
import select
import threading
import time
import tty
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

Piece = bytes | float
Fault = Callable[[bytes], Sequence[Piece]]
QUIET_S = 0.02


def whole(answer: bytes) -> Sequence[Piece]:
    """Nothing happens to it."""
    return [answer]


def lost(_answer: bytes) -> Sequence[Piece]:
    """Nothing comes."""
    return []


def spoiled(answer: bytes) -> Sequence[Piece]:
    """One bit is another."""
    return [answer[:-3] + bytes([answer[-3] ^ 1]) + answer[-2:]]


def split(answer: bytes) -> Sequence[Piece]:
    """Three pieces, as adapters deliver them."""
    return [answer[:2], 0.1, answer[2:7], 0.1, answer[7:]]


def shortened(count: int) -> Fault:
    """The last bytes are lost."""
    return lambda answer: [answer[:-count]]


def noisy(_answer: bytes) -> Sequence[Piece]:
    """Something else comes."""
    return [b"\x55" * 300]


def slow(seconds: float) -> Fault:
    """The meter thinks for so long."""
    return lambda answer: [seconds, answer]


def once(fault: Fault) -> Fault:
    """The first answer only."""
    left = [fault]

    def first(answer: bytes) -> Sequence[Piece]:
        return left.pop()(answer) if left else whole(answer)

    return first


class Crossover:
    """Two pseudo-terminals and a thread between them. `requests` counts what went to the slave."""

    def __init__(self) -> None:
        self.fault: Fault = whole
        self.requests = 0
        self._stopped = threading.Event()
        self._ends = [os.openpty(), os.openpty()]
        for _inner, outer in self._ends:
            tty.setraw(outer)
        self.master, self.slave = (os.ttyname(outer) for _inner, outer in self._ends)
        self._thread = threading.Thread(target=self._pump, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopped.set()
        self._thread.join()
        for pair in self._ends:
            for end in pair:
                os.close(end)

    def _pump(self) -> None:
        to_master, to_slave = self._ends[0][0], self._ends[1][0]
        while not self._stopped.is_set():
            ready, _, _ = select.select([to_master, to_slave], [], [], QUIET_S)
            if to_master in ready:
                self.requests += 1
                os.write(to_slave, os.read(to_master, 512))
            if to_slave in ready:
                for piece in self.fault(self._whole(to_slave)):
                    if isinstance(piece, bytes):
                        os.write(to_master, piece)
                    else:
                        time.sleep(piece)

    @staticmethod
    def _whole(end: int) -> bytes:
        """An answer until nothing more of it comes."""
        answer = os.read(end, 512)
        while select.select([end], [], [], QUIET_S)[0]:
            answer += os.read(end, 512)
        return answer
