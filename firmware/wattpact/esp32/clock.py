# SPDX-License-Identifier: Apache-2.0
"""The Clock seam (interfaces.py) of a board that wakes up in the year 2000: it asks the network, and doubts the answer.

Nobody signs NTP. So an answer is believed once after power-on, if it is not before the last time that was known to be
right; after that the clock runs on its own, and an answer that is far off is refused. `confirm` says that the time was
right: with it the broker's certificate was valid. Then it is kept every hour, and no start is earlier than that.
`now` never goes back, neither by an answer nor by a reset.
"""

import time

from ..compat import const

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from machine import RTC

    from .vault import Vault

    class Running(Protocol):
        """What SystemTime is."""

        def read(self) -> int:
            """Unix s."""
            ...

        def write(self, unix_s: int) -> None:
            """Set it."""
            ...


STEP_S_MAX = const(300)  # how far an answer may move a clock that was set
KEEP_S = const(3600)
DOUBTS_MAX = const(3)  # refused answers in a row, by a clock that was never confirmed

_EPOCH_2000_S = const(946684800)


def ntp_time(host: str) -> int:
    """Unix s as `host` has it. It blocks for a second at most, and longer while the name is looked up. OSError."""
    import ntptime  # the port's own module

    ntptime.host = host
    return ntptime.time() + _epoch_s()


def _epoch_s() -> int:
    """Where the port's seconds begin, in Unix s: 2000 on an ESP32."""
    return _EPOCH_2000_S if time.gmtime(0)[0] == 2000 else 0


class SystemTime:
    """The one that TLS goes by, too. It survives a reset, but not a power cut."""

    def __init__(self, rtc: "RTC") -> None:
        self._rtc = rtc
        self._epoch_s = _epoch_s()

    def read(self) -> int:
        """Unix s."""
        return int(time.time()) + self._epoch_s

    def write(self, unix_s: int) -> None:
        """To the second."""
        year, month, day, hour, minute, second, weekday = time.gmtime(unix_s - self._epoch_s)[:7]
        self._rtc.datetime((year, month, day, weekday, hour, minute, second, 0))


class BoardClock:
    """`trusted` says whether `now` may be used at all: a node and TLS start when it is."""

    def __init__(self, running: "Running", vault: "Vault") -> None:
        """After a reset that kept the system's time it is trusted at once."""
        self._running = running
        self._vault = vault
        self._floor = vault.time()  # surely over
        self._confirmed = False
        self.doubts = 0
        found = running.read()
        self.trusted = 0 < self._floor <= found <= self._floor + KEEP_S + STEP_S_MAX
        self._latest = found if self.trusted else self._floor

    def now(self) -> int:
        """Unix s, never less than before. Only where `trusted` it means anything."""
        if self.trusted:
            self._latest = max(self._latest, self._running.read())
            if self._confirmed and self._latest >= self._floor + KEEP_S:
                self._floor = self._latest
                self._vault.keep_time(self._floor)
        return self._latest

    def take(self, unix_s: int) -> str:
        """An answer by NTP; "" if it was believed, else why not."""
        if unix_s < self._floor:
            return "NTP: %d s before what this board has seen" % (self._floor - unix_s)
        if self.trusted and abs(unix_s - self.now()) > STEP_S_MAX:
            self.doubts += 1
            return "NTP: %d s off" % (unix_s - self.now())
        self.doubts = 0
        self._running.write(unix_s)
        self.trusted = True
        return ""

    def take_signed(self, unix_s: int) -> None:
        """A time that the host signed: it is over, whatever NTP says."""
        self._floor = max(self._floor, unix_s)
        if self._floor > self.now():
            self.trusted = False
            self._latest = self._floor

    def confirm(self) -> None:
        """The broker's certificate was valid now."""
        if self.trusted:
            self._confirmed = True
            self.doubts = 0
            self.now()

    def is_doubtful(self) -> bool:
        """It was set once, nothing ever confirmed it, and NTP says something else now: start anew."""
        return not self._confirmed and self.doubts >= DOUBTS_MAX
