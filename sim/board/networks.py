# SPDX-License-Identifier: Apache-2.0
"""Wi-Fi, Ethernet and PPP of a board: each comes up some time after it was told to, unless it is refused or cut off.

What the board dials leaves by this machine's network while one of them is up. Another thread may take the network away
and give it back.
"""

import errno
import socket
import time
from collections.abc import Callable
from enum import IntEnum

from sim.vm.connections import Resolve, Route
from sim.vm.services import Room, Service

WIFI, ETHERNET, PPP = "wifi", "ethernet", "ppp"
WRONG_PASSWORD, NO_AP_FOUND = 202, 201  # network.STAT_...
COMES_UP_S = 0.3
"""How long an interface takes here. A real one takes seconds; its driver waits for either."""


class State(IntEnum):
    """As rom/network.py knows them."""

    OFF = 0
    IDLE = 1
    COMING = 2
    UP = 3
    LOST = 4


class Interface:
    """One of them."""

    def __init__(self) -> None:
        self.active = False
        self.joined_s: float | None = None
        self.reason = 0


class Networks:
    """All of a board's. `ssid` and `key` are of the one Wi-Fi network in reach; ssid "" is any."""

    def __init__(
        self,
        *,
        ssid: str = "",
        key: str = "",
        beyond: Resolve | None = None,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`beyond` says where what the board dials goes; this machine's own network if it is not given."""
        self._ssid = ssid
        self._key = key
        self._beyond = beyond or dialled
        self._now_s = now_s
        self._available = True
        self._known = {kind: Interface() for kind in (WIFI, ETHERNET, PPP)}

    def cut(self) -> None:
        """The access point is off, the cable out, the antenna broken."""
        self._available = False

    def restore(self) -> None:
        """It is there again; what was joined before joins by itself, as Ethernet does and Wi-Fi may."""
        self._available = True
        for interface in self._known.values():
            if interface.joined_s is not None:
                interface.joined_s = self._now_s()

    def power_up(self) -> None:
        """Everything is off."""
        self._known = {kind: Interface() for kind in (WIFI, ETHERNET, PPP)}

    def is_up(self) -> bool:
        """Whether the board reaches anything."""
        return any(self._state(kind) is State.UP for kind in self._known)

    def resolve(self, host: str, port: int) -> Route | socket.socket:
        """Where a connection of the board goes. EHOSTUNREACH without a network."""
        if not self.is_up():
            raise OSError(errno.EHOSTUNREACH, "no network")
        return self._beyond(host, port)

    def services(self) -> dict[str, Service]:
        """For rom/network.py and rom/ntptime.py."""
        return {
            "net_active": self._activate,
            "net_connect": self._connect,
            "net_disconnect": self._disconnect,
            "net_state": self._state,
            "net_reason": self._reason,
            "net_seen": self._seen,
            "ntp_time": self._ntp_time,
        }

    def _activate(self, kind: str, on: int) -> None:
        interface = self._known[kind]
        interface.active = bool(on)
        interface.reason = 0
        if not on:
            interface.joined_s = None
        elif kind == ETHERNET and interface.joined_s is None:
            interface.joined_s = self._now_s()

    def _connect(self, kind: str, name: str, key: str) -> None:
        interface = self._known[kind]
        interface.reason = 0
        interface.joined_s = None
        if kind == WIFI and (not self._available or self._ssid not in ("", name)):
            interface.reason = NO_AP_FOUND
        elif kind == WIFI and self._ssid and key != self._key:
            interface.reason = WRONG_PASSWORD
        else:
            interface.joined_s = self._now_s()

    def _disconnect(self, kind: str) -> None:
        self._known[kind].joined_s = None

    def _state(self, kind: str) -> State:
        interface = self._known[kind]
        if not interface.active:
            return State.OFF
        if interface.joined_s is None:
            return State.IDLE
        if not self._available:
            return State.LOST
        return State.UP if self._now_s() - interface.joined_s >= COMES_UP_S else State.COMING

    def _reason(self, kind: str) -> int:
        return self._known[kind].reason

    def _seen(self, told: Room) -> int:
        return told.fill(self._ssid.encode() or b"any") if self._available else 0

    def _ntp_time(self, host: str) -> int:
        """Unix seconds."""
        if not self.is_up():
            raise OSError(errno.ETIMEDOUT, "no network")
        return int(time.time())


def dialled(host: str, port: int) -> Route:
    """Where the board says."""
    return Route(host, port)
