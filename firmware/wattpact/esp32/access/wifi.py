# SPDX-License-Identifier: Apache-2.0
"""Access over Wi-Fi. Power management is off: a station that sleeps between beacons answers late, and while its
radio sleeps the random numbers are none (entropy.py)."""

import network

from ...compat import const
from ...errors import LinkError
from .keeper import until

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .keeper import Sleep

JOIN_MS = const(20000)
SSID_MAX = const(32)  # IEEE 802.11
KEY_MIN = const(8)  # WPA2-PSK as a passphrase
KEY_MAX = const(63)

REASONS = (
    (network.STAT_WRONG_PASSWORD, "wrong key"),
    (network.STAT_NO_AP_FOUND, "no such network in reach"),
    (network.STAT_NO_AP_FOUND_W_COMPATIBLE_SECURITY, "its security is not ours"),
    (network.STAT_NO_AP_FOUND_IN_AUTHMODE_THRESHOLD, "its security is too weak"),
    (network.STAT_NO_AP_FOUND_IN_RSSI_THRESHOLD, "too weak"),
    (network.STAT_HANDSHAKE_TIMEOUT, "no handshake: often a wrong key"),
    (network.STAT_BEACON_TIMEOUT, "out of reach"),
    (network.STAT_ASSOC_FAIL, "the access point refuses us"),
)
"""What `status` says when it has given up (network module, ESP32 port)."""


class Wifi:
    """One access point's network. An open one has the key ""."""

    def __init__(self, wlan: network.WLAN, ssid: str, key: str, sleep_ms: "Sleep") -> None:
        """ValueError if name or key cannot be one; no text of ours ever holds the key."""
        if not 0 < len(ssid.encode()) <= SSID_MAX:
            raise ValueError("access.ssid: 1 to %d bytes" % SSID_MAX)
        if key and not KEY_MIN <= len(key.encode()) <= KEY_MAX:
            raise ValueError("the key of a Wi-Fi network has %d to %d bytes" % (KEY_MIN, KEY_MAX))
        self._wlan = wlan
        self._ssid = ssid
        self._key = key
        self._sleep_ms = sleep_ms

    async def up(self) -> None:
        """LinkError says why not; the driver's own endless trying is off, or it would never say."""
        wlan = self._wlan
        wlan.active(True)
        wlan.config(pm=network.WLAN.PM_NONE, reconnects=0)
        wlan.connect(self._ssid, self._key or None)
        if not await until(self._is_decided, JOIN_MS, self._sleep_ms):
            raise LinkError("Wi-Fi %s: no answer in %d s" % (self._ssid, JOIN_MS // 1000))
        if not wlan.isconnected():
            raise LinkError("Wi-Fi %s: %s" % (self._ssid, self._reason()))

    def is_up(self) -> bool:
        """Connected, with an address."""
        return self._wlan.isconnected()

    def down(self) -> None:
        """Leave it. The radio stays on: it is where random numbers come from."""
        try:
            self._wlan.disconnect()
        except OSError:
            pass  # it was not connected

    def _is_decided(self) -> bool:
        return self._wlan.isconnected() or self._reason() != ""

    def _reason(self) -> str:
        status: "Any" = self._wlan.status()  # the stubs say it is a list
        for code, reason in REASONS:
            if status == code:
                return reason
        return ""
