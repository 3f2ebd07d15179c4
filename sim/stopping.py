# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C, SIGTERM and SIGHUP as one exception, so that a run that is stopped leaves nothing behind.

Needs the standard library alone: it stands before everything that takes time to import.
"""

import signal
from collections.abc import Callable
from types import FrameType

Handler = Callable[[int, FrameType | None], None] | signal.Handlers

SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


class Stopped(BaseException):
    """Somebody wants the run to end; no Exception, so that nothing on the way takes it for a fault."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


def raise_stopped() -> None:
    """From now on each of the signals raises Stopped, but for those that whoever started us ignores (nohup)."""
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)


def ignore() -> None:
    """While files are put in their place or cleared away: a second Ctrl-C must not disturb it."""
    _replace(_stop, _go_on)


def end_at_once() -> None:
    """Everything is in its place: the signals end the process as they end any other."""
    _replace(_go_on, signal.SIG_DFL)


def _replace(old: Handler, new: Handler) -> None:
    for number in SIGNALS:
        if signal.getsignal(number) is old:
            signal.signal(number, new)


def _stop(number: int, _frame: FrameType | None) -> None:
    raise Stopped(number)


def _go_on(_number: int, _frame: FrameType | None) -> None:
    """Not SIG_IGN, which would hide whether the signal was ignored before us."""
