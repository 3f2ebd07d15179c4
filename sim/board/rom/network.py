# SPDX-License-Identifier: Apache-2.0
"""`network` of the ESP32 port: interfaces come up after a while and go down when whoever has the board wants it."""

from outside import call

STA_IF, AP_IF = 0, 1
STAT_IDLE, STAT_CONNECTING, STAT_GOT_IP = 1000, 1001, 1010
STAT_BEACON_TIMEOUT, STAT_NO_AP_FOUND, STAT_WRONG_PASSWORD = 200, 201, 202
STAT_ASSOC_FAIL, STAT_CONNECT_FAIL, STAT_HANDSHAKE_TIMEOUT = 203, 203, 204
STAT_NO_AP_FOUND_W_COMPATIBLE_SECURITY, STAT_NO_AP_FOUND_IN_AUTHMODE_THRESHOLD = 210, 211
STAT_NO_AP_FOUND_IN_RSSI_THRESHOLD = 212
AUTH_OPEN, AUTH_WEP, AUTH_WPA_PSK, AUTH_WPA2_PSK, AUTH_WPA_WPA2_PSK = 0, 1, 2, 3, 4
ETH_INITIALIZED, ETH_STARTED, ETH_STOPPED, ETH_CONNECTED, ETH_DISCONNECTED, ETH_GOT_IP = (
    0,
    1,
    2,
    3,
    4,
    5,
)
(
    PHY_LAN8710,
    PHY_LAN8720,
    PHY_IP101,
    PHY_RTL8201,
    PHY_DP83848,
    PHY_KSZ8041,
    PHY_KSZ8081,
    PHY_GENERIC,
) = range(8)
_ADDRESS = ("192.0.2.2", "255.255.255.0", "192.0.2.1", "192.0.2.1")
_NOTHING = ("0.0.0.0", "0.0.0.0", "0.0.0.0", "0.0.0.0")
_OFF, _IDLE, _COMING, _UP, _LOST = 0, 1, 2, 3, 4
_names = {"hostname": "mpy-esp32", "country": "XX"}


def hostname(name=None):
    if name is None:
        return _names["hostname"]
    _names["hostname"] = name
    return None


def country(code=None):
    if code is None:
        return _names["country"]
    _names["country"] = code
    return None


class _Interface:
    """What all have in common; `_kind` is the model's name for it."""

    def active(self, *is_active):
        if is_active:
            call("net_active", self._kind, 1 if is_active[0] else 0)
        return self._state() != _OFF

    def isconnected(self):
        return self._state() == _UP

    def ifconfig(self, configtuple=None):
        if configtuple is not None:
            return None
        return _ADDRESS if self.isconnected() else _NOTHING

    def ipconfig(self, param):
        if param != "addr4":
            raise ValueError("unknown config param")
        return self.ifconfig()[:2]

    def _state(self):
        return call("net_state", self._kind)


class WLAN(_Interface):
    IF_STA, IF_AP = 0, 1
    PM_NONE, PM_PERFORMANCE, PM_POWERSAVE = 0, 1, 2
    SEC_OPEN, SEC_WPA2 = 0, 3
    _kind = "wifi"

    def __init__(self, interface_id=STA_IF):
        if interface_id != STA_IF:
            raise NotImplementedError("this board is a station")
        self._options = {"pm": self.PM_PERFORMANCE, "reconnects": -1, "txpower": 20, "channel": 1}

    def connect(self, ssid=None, key=None, *, bssid=None):
        if self._state() == _OFF:
            raise OSError("Wifi Not Started")
        call("net_connect", self._kind, ssid or "", key or "")

    def disconnect(self):
        if self._state() == _OFF:
            raise OSError("Wifi Not Started")
        call("net_disconnect", self._kind)

    def status(self, param=None):
        if param == "rssi":
            return -60
        refused = call("net_reason", self._kind)
        state = self._state()
        return refused or (
            STAT_GOT_IP if state == _UP else STAT_CONNECTING if state == _COMING else STAT_IDLE
        )

    def scan(self):
        """(ssid, bssid, channel, rssi, security, hidden) of each network in reach."""
        name = bytearray(32)
        count = call("net_seen", name)
        return (
            [(bytes(name[:count]), b"\x02\x00\x00\x00\x00\x01", 1, -60, self.SEC_WPA2, False)]
            if count
            else []
        )

    def config(self, *names, **options):
        if options:
            self._options.update(options)
            return None
        [name] = names
        if name == "mac":
            mac = bytearray(6)
            call("unique_id", mac)
            return bytes(mac)
        return self._options[name]


class LAN(_Interface):
    _kind = "ethernet"

    def __init__(
        self,
        id=0,
        *,
        mdc=None,
        mdio=None,
        power=None,
        phy_type=PHY_LAN8720,
        phy_addr=0,
        ref_clk=None,
        ref_clk_mode=0,
    ):
        self._id = id

    def status(self):
        state = self._state()
        return (ETH_STOPPED, ETH_STARTED, ETH_CONNECTED, ETH_GOT_IP, ETH_DISCONNECTED)[state]

    def config(self, config_parameters):
        if config_parameters != "mac":
            raise ValueError("unknown config param")
        mac = bytearray(6)
        call("unique_id", mac)
        return bytes(mac)


class PPP(_Interface):
    SEC_NONE, SEC_PAP, SEC_CHAP = 0, 1, 2
    _kind = "ppp"

    def __init__(self, stream):
        self._stream = stream
        call("net_active", self._kind, 1)

    def connect(self, security=SEC_NONE, user=None, key=None):
        call("net_connect", self._kind, user or "", key or "")

    def disconnect(self):
        call("net_disconnect", self._kind)

    def poll(self):
        """Nothing is to be done by hand."""

    def status(self):
        return self._state()
