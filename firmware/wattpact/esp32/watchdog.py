# SPDX-License-Identifier: Apache-2.0
"""Resets a board that does not come round any more. Once started it cannot be stopped, only fed."""

from ..compat import const

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from machine import WDT

START_MS_MAX = const(900000)  # to find network and time
_STEP_MS = const(2000)


class Watchdog:
    """The node feeds it in the loop that also reads its meters (node/runtime.py); until it runs, `pause_ms` does."""

    def __init__(self, wdt: "WDT", sleep_ms: "Callable[[int], Awaitable[None]]") -> None:
        self._wdt = wdt
        self._sleep_ms = sleep_ms
        self._start_ms_left = START_MS_MAX

    def feed(self) -> None:
        """All is well."""
        self._wdt.feed()

    async def pause_ms(self, span_ms: int) -> None:
        """Sleep while the board starts. START_MS_MAX in all are fed: what has not started by then starts anew."""
        while span_ms > 0:
            step_ms = min(span_ms, _STEP_MS)
            await self._sleep_ms(step_ms)
            span_ms -= step_ms
            self._start_ms_left -= step_ms
            if self._start_ms_left > 0:
                self._wdt.feed()
