# SPDX-License-Identifier: Apache-2.0
"""How far a long run is, on stderr and nowhere else: one line that renews itself, or now and then a plain one.

A run that ends within `QUIET_S` says nothing. The clocks come in, so that the only real time of a run is here and its
results know none of it.
"""

import os
from collections.abc import Callable
from typing import TextIO

from sim.figures import THIN, date, number

QUIET_S = 3.0
RENEW_S = 0.2  # faster than this nobody reads
PLAIN_S = 10.0
CLEAR = "\r\x1b[K"


class Progress:
    """Call `slot` after every slot and `close` at the end; both are cheap and never raise for a stream that is gone."""

    def __init__(
        self,
        stream: TextIO,
        meters: int,
        slots: int,
        now_s: Callable[[], float],
        cpu_s: Callable[[], float],
    ) -> None:
        """`now_s` is a monotonic clock, `cpu_s` the CPU time of this process, as in the module `time`."""
        self._stream = stream
        self._meters = meters
        self._slots = slots
        self._now_s = now_s
        self._cpu_s = cpu_s
        self._renews = stream.isatty()
        self._started_s = now_s()
        self._started_cpu_s = cpu_s()
        self._next_s = self._started_s + QUIET_S
        self._shown = False

    def slot(self, done: int, time: int, contracts: int) -> None:
        """`done` slots are over, virtual time is `time`, and `contracts` were recorded so far."""
        now_s = self._now_s()
        if now_s < self._next_s:
            return
        line = self._line(done, time, contracts, now_s - self._started_s)
        if self._renews:
            self._next_s = now_s + RENEW_S
            self._write(CLEAR + line[: self._columns() - 1])
        else:
            self._next_s = now_s + PLAIN_S
            self._write(line + "\n")
        self._shown = True

    def close(self) -> None:
        """Leave the terminal's line empty for what comes next."""
        if self._shown and self._renews:
            self._write(CLEAR)
        self._shown = False

    def _line(self, done: int, time: int, contracts: int, spent_s: float) -> str:
        at = date(time)
        cpu_s = self._cpu_s() - self._started_cpu_s
        speed = self._meters * done / cpu_s if cpu_s > 0 else 0.0
        left_s = spent_s * (self._slots - done) / done if done else 0.0
        line = (
            f"{100 * done // max(self._slots, 1):3d} %  {at:%Y-%m-%d %H:%M}  {number(contracts)} contracts  "
            f"{number(speed)} meter-slots/CPU s  {_clock(left_s)} left"
        )
        return line.replace(THIN, " ")

    def _columns(self) -> int:
        try:
            return os.get_terminal_size(self._stream.fileno()).columns or 80
        except (OSError, ValueError):
            return 80

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            self._next_s = float("inf")  # nobody listens any more; the run goes on


def _clock(seconds: float) -> str:
    """ "0:42", "12:05", "3:02:10"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
