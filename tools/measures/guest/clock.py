# SPDX-License-Identifier: Apache-2.0
"""The finest clock of either build: that of the official one ticks once a millisecond, but JavaScript's is at hand."""

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ticks: "Any" = time
js: "Any" = None
try:
    js = __import__("js")
except ImportError:
    pass


def now_us() -> int:
    """A moment for `spent_us`."""
    return ticks.ticks_us() if js is None else int(js.performance.now() * 1000)


def spent_us(since_us: int) -> int:
    """Since a moment less than some minutes ago."""
    return ticks.ticks_diff(now_us(), since_us) if js is None else now_us() - since_us
