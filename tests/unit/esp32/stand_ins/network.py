# SPDX-License-Identifier: Apache-2.0
"""`network` as far as the adapters use it, for CPython: interfaces that come up when the test lets them."""

from typing import Any

PHY_LAN8720 = 1
PHY_LAN8710 = 0
STAT_BEACON_TIMEOUT = 200
STAT_NO_AP_FOUND = 201
STAT_WRONG_PASSWORD = 202
STAT_ASSOC_FAIL = 203
STAT_HANDSHAKE_TIMEOUT = 204
STAT_NO_AP_FOUND_W_COMPATIBLE_SECURITY = 210
STAT_NO_AP_FOUND_IN_AUTHMODE_THRESHOLD = 211
STAT_NO_AP_FOUND_IN_RSSI_THRESHOLD = 212
STAT_CONNECTING = 1001
STAT_GOT_IP = 1010
ETH_STARTED = 1
ETH_CONNECTED = 3
ETH_GOT_IP = 5

made: list[tuple[str, Any]] = []
answers: dict[str, list[int]] = {}
"""Of "wifi": statuses after the next connects, one each. Of "lan" and "ppp": 1 for each attempt that comes up."""


def _next(kind: str) -> int:
    return answers[kind].pop(0) if answers.get(kind) else 0


class WLAN:
    """A station."""

    IF_STA = 0
    PM_NONE = 0

    def __init__(self, interface_id: int) -> None:
        self.told: list[Any] = []
        self._status = STAT_CONNECTING
        made.append(("WLAN", self))

    def active(self, is_active: bool | None = None) -> bool:
        self.told.append(("active", is_active))
        return True

    def config(self, *args: str, **kwargs: int) -> None:
        self.told.append(("config", kwargs))

    def connect(
        self, ssid: str | None = None, key: str | None = None, *, bssid: bytes | None = None
    ) -> None:
        self.told.append(("connect", ssid, key))
        self._status = _next("wifi") or STAT_CONNECTING

    def disconnect(self) -> None:
        if self._status != STAT_GOT_IP:
            raise OSError("not connected")
        self._status = STAT_CONNECTING

    def isconnected(self) -> bool:
        return self._status == STAT_GOT_IP

    def status(self, param: str | None = None) -> int:
        return self._status


class LAN:
    """A socket, made as the ESP32 port makes it: keywords only, no id."""

    def __init__(self, **pins: Any) -> None:
        made.append(("LAN", {name: getattr(pin, "id", pin) for name, pin in pins.items()}))
        self.state = 0

    def active(self, *is_active: bool) -> bool:
        if is_active == (True,):
            self.state = ETH_GOT_IP if _next("lan") else ETH_STARTED
        elif is_active == (False,):
            self.state = 0
        return self.state > 0

    def isconnected(self) -> bool:
        return self.state == ETH_GOT_IP

    def status(self) -> int:
        return self.state


class PPP:
    """Over a stream."""

    SEC_CHAP = 2

    def __init__(self, stream: Any) -> None:
        self._up = False
        made.append(("PPP", self))
        self.told: list[Any] = []

    def connect(self, security: int = 0, user: str | None = None, key: str | None = None) -> None:
        self.told.append((security, user, key))
        self._up = bool(_next("ppp"))

    def isconnected(self) -> bool:
        return self._up

    def disconnect(self) -> None:
        self._up = False
