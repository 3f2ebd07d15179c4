# SPDX-License-Identifier: Apache-2.0
"""Keeps a board in its network, whatever the way: up, watched, up again, each time later, always with the reason."""

from ...compat import const
from ...errors import LinkError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ...interfaces import Access

    Sleep = Callable[[int], Awaitable[None]]

BACKOFF_MS_MIN = const(2000)
BACKOFF_MS_MAX = const(300000)
LOOK_MS = const(5000)
_STEP_MS = const(250)


async def until(is_so: "Callable[[], object]", span_ms: int, sleep_ms: "Sleep") -> bool:
    """Wait for it, `span_ms` at most. Whether it came."""
    while not is_so():
        if span_ms <= 0:
            return False
        await sleep_ms(_STEP_MS)
        span_ms -= _STEP_MS
    return True


async def keep_up(
    access: "Access",
    note: "Callable[[str, str], None]",
    sleep_ms: "Sleep",
    jitter: "Callable[[int], int]",
) -> None:
    """Never ends. A street that had no power comes back at once, so each board waits its own while: `jitter(n)` is
    any number from 0 to n - 1."""
    backoff_ms = BACKOFF_MS_MIN
    while True:
        try:
            await access.up()
            note("network", "up")
            backoff_ms = BACKOFF_MS_MIN
            while access.is_up():
                await sleep_ms(LOOK_MS)
            note("network", "lost")
        except (LinkError, OSError) as error:
            note("network", str(error))
        access.down()
        half_ms = backoff_ms // 2
        await sleep_ms(half_ms + jitter(half_ms + 1))
        backoff_ms = min(2 * backoff_ms, BACKOFF_MS_MAX)
