# SPDX-License-Identifier: Apache-2.0
"""The way into the network that board.json names, built from its pins and from what the user entered.

The module of a way is imported when it is the one: a board's memory holds the one that it uses.
"""

import network
from machine import UART, Pin

from ...compat import const

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ...interfaces import Access
    from .keeper import Sleep

    Fields = dict[str, Any]

_PPP_RX_BYTES = const(2048)  # what comes at 115200 baud in 180 ms


def radio() -> network.WLAN:
    """The station. Boards without Wi-Fi access have it, too: random numbers come from it (entropy.py)."""
    return network.WLAN(network.WLAN.IF_STA)


def access_of(fields: "Fields", entered: "Fields", key: str, sleep_ms: "Sleep") -> "Access":
    """`fields` are board.json's "access", `entered` those of settings.json, `key` is the vault's.

    ValueError names the setting.
    """
    kind = fields["kind"]
    if kind == "wifi":
        from .wifi import Wifi

        return Wifi(radio(), _text(entered, "ssid"), key, sleep_ms)
    if kind == "ethernet":
        from .ethernet import Ethernet

        return Ethernet(_lan(fields), sleep_ms)
    if kind == "ppp":
        return _ppp(fields, entered, key, sleep_ms)
    raise ValueError("board.json: access.kind: %s is none of wifi, ethernet, ppp" % kind)


def _lan(fields: "Fields") -> "Any":
    """network.LAN as the ESP32 port makes it (docs/esp32/quickref); the stubs have another port's."""
    pins: "dict[str, Any]" = {
        "mdc": Pin(fields["mdc"]),
        "mdio": Pin(fields["mdio"]),
        "phy_type": getattr(network, "PHY_" + fields["phy_type"]),
        "phy_addr": fields["phy_addr"],
        "power": None if fields["power"] is None else Pin(fields["power"]),
    }
    if fields["ref_clk"] is not None:
        pins["ref_clk"] = Pin(fields["ref_clk"])
    if fields["ref_clk_mode"] is not None:
        pins["ref_clk_mode"] = Pin.OUT if fields["ref_clk_mode"] == "out" else Pin.IN
    lan: "Any" = network.LAN
    return lan(**pins)


def _ppp(fields: "Fields", entered: "Fields", key: str, sleep_ms: "Sleep") -> "Access":
    from .modem import Modem
    from .ppp import Ppp

    for row in fields["levels"]:
        Pin(row["pin"], Pin.OUT, value=row["level"])
    power_key = None
    pressed = fields["power_key_level"]
    if fields["power_key"] is not None:
        power_key = Pin(fields["power_key"], Pin.OUT, value=1 - pressed)
    uart = UART(
        fields["id"],
        fields["baud"],
        tx=fields["tx"],
        rx=fields["rx"],
        rxbuf=_PPP_RX_BYTES,
        timeout=0,
    )

    async def press() -> None:
        if power_key is not None:
            power_key(pressed)
            await sleep_ms(fields["power_key_ms"])
            power_key(1 - pressed)
        await sleep_ms(fields["boot_s"] * 1000)

    user = _text(entered, "user") if "user" in entered else ""
    modem = Modem(uart, _text(entered, "apn"), press, sleep_ms)
    return Ppp(modem, lambda: network.PPP(uart), user, key, sleep_ms)


def _text(entered: "Fields", name: str) -> str:
    value = entered.get(name)
    if type(value) is not str or not value:
        raise ValueError("settings.json: access.%s is missing" % name)
    return value
