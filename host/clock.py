# SPDX-License-Identifier: Apache-2.0
"""The machine's clock, which NTP keeps right."""

import time


class SystemClock:
    """interfaces.Clock: a step back stands still until it is caught up."""

    def __init__(self) -> None:
        self._latest = 0

    def now(self) -> int:
        """Unix seconds; never goes back."""
        self._latest = max(self._latest, int(time.time()))
        return self._latest
