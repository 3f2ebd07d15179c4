# SPDX-License-Identifier: Apache-2.0
"""C10: every way into the network comes up through one seam, says why it does not, and comes back."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import machine
import network
import pytest

from tests.unit.esp32.conftest import Slept
from wattpact.errors import LinkError
from wattpact.esp32.access.chosen import access_of
from wattpact.esp32.access.keeper import BACKOFF_MS_MAX, keep_up
from wattpact.interfaces import Access

WIFI = {"kind": "wifi"}
ETHERNET = {
    "kind": "ethernet",
    "phy_type": "LAN8720",
    "phy_addr": 1,
    "mdc": 23,
    "mdio": 18,
    "power": 16,
    "ref_clk": 0,
    "ref_clk_mode": "in",
}
PPP = {
    "kind": "ppp",
    "id": 1,
    "tx": 27,
    "rx": 26,
    "baud": 115200,
    "power_key": 4,
    "power_key_ms": 500,
    "power_key_level": 1,
    "boot_s": 15,
    "levels": [{"pin": 25, "level": 1}],
}
ENTERED = {"ssid": "home", "apn": "iot.example"}
KEY = "correct horse"


class FakeModem:
    """A SIM7600 on the line: answers as its AT command manual says, once it was switched on."""

    def __init__(self, on: bool = True) -> None:
        self.waiting = bytearray()
        self.said: list[bytes] = []
        self.on = on
        self.in_data = False
        self.answers: dict[bytes, list[bytes]] = {
            b"AT+CPIN?": [b"+CPIN: READY\r\n\r\nOK"],
            b"AT+CEREG?": [b"+CEREG: 0,2\r\n\r\nOK", b"+CEREG: 0,5\r\n\r\nOK"],
            b"AT+CGREG?": [b"+CGREG: 0,0\r\n\r\nOK"],
            b"ATD*99#": [b"CONNECT 115200"],
        }

    def heard(self, content: bytes) -> None:
        if content == b"+++":
            self.in_data = False
            return
        self.said.append(content.rstrip(b"\r"))
        self.on = self.on or machine.pins[4].levels[-2:] == [1, 0]
        if not self.on or self.in_data:
            return
        asked = self.answers.get(content.rstrip(b"\r"), [b"OK"])
        answer = asked.pop(0) if len(asked) > 1 else asked[0]
        self.in_data = answer.startswith(b"CONNECT")
        self.waiting += b"\r\n" + answer + b"\r\n"


def built(fields: dict[str, Any], slept: Slept, entered: dict[str, Any] | None = None) -> Access:
    machine.serials.setdefault(1, FakeModem())
    return access_of(fields, ENTERED if entered is None else entered, KEY, slept.pause_ms)


def comes_up(kind: str) -> None:
    """The next attempt works."""
    network.answers[{"ethernet": "lan"}.get(kind, kind)] = [
        network.STAT_GOT_IP if kind == "wifi" else 1
    ]


@pytest.mark.parametrize("fields", [WIFI, ETHERNET, PPP], ids=lambda each: each["kind"])
def test_each_way_comes_up_and_goes_down_through_the_one_seam(
    fields: dict[str, Any], slept: Slept
) -> None:
    """Up, seen to be up, down, not up, up again; whoever calls does not know which it is."""
    access = built(fields, slept)
    assert not access.is_up()
    access.down()
    for _ in range(2):
        comes_up(fields["kind"])
        asyncio.run(access.up())
        assert access.is_up()
        access.down()
        assert not access.is_up()


@pytest.mark.parametrize(
    ("fields", "reason"),
    [(WIFI, "no answer in 20 s"), (ETHERNET, "no link"), (PPP, "no address")],
    ids=["wifi", "ethernet", "ppp"],
)
def test_each_way_says_why_it_does_not_come_up(
    fields: dict[str, Any], reason: str, slept: Slept
) -> None:
    """After a bounded time, as an error that is nobody's key."""
    access = built(fields, slept)
    with pytest.raises(LinkError, match=reason) as raised:
        asyncio.run(access.up())
    assert KEY not in str(raised.value)
    assert slept.ms < 60_000


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (network.STAT_WRONG_PASSWORD, "wrong key"),
        (network.STAT_NO_AP_FOUND, "no such network"),
        (network.STAT_HANDSHAKE_TIMEOUT, "handshake"),
        (network.STAT_NO_AP_FOUND_IN_RSSI_THRESHOLD, "too weak"),
    ],
)
def test_a_station_tells_a_wrong_key_from_a_network_out_of_reach(
    status: int, reason: str, slept: Slept
) -> None:
    """At once, not after a timeout."""
    network.answers["wifi"] = [status]
    with pytest.raises(LinkError, match=reason):
        asyncio.run(built(WIFI, slept).up())
    assert slept.ms == 0


def test_a_station_does_not_sleep_and_does_not_try_for_ever_by_itself(slept: Slept) -> None:
    """Power management off (random numbers, latency), the driver's endless retries off; the key only in connect."""
    comes_up("wifi")
    asyncio.run(built(WIFI, slept).up())
    wlan = dict(network.made)["WLAN"]
    assert wlan.told == [
        ("active", True),
        ("config", {"pm": network.WLAN.PM_NONE, "reconnects": 0}),
        ("connect", "home", KEY),
    ]


@pytest.mark.parametrize(
    ("entered", "key", "told"),
    [
        ({}, KEY, "ssid is missing"),
        ({"ssid": "x" * 33}, KEY, "1 to 32 bytes"),
        ({"ssid": "home"}, "short", "8 to 63 bytes"),
        ({"ssid": "home"}, "x" * 64, "8 to 63 bytes"),
    ],
)
def test_a_wrong_setting_of_a_station_is_told_without_the_key(
    entered: dict[str, Any], key: str, told: str, slept: Slept
) -> None:
    """Before anything is tried."""
    with pytest.raises(ValueError, match=told) as raised:
        access_of(WIFI, entered, key, slept.pause_ms)
    assert key not in str(raised.value)


def test_ethernet_is_made_of_the_pins_of_the_board(slept: Slept) -> None:
    """As the ESP32 port wants them: keywords only."""
    built(ETHERNET, slept)
    assert dict(network.made)["LAN"] == {
        "mdc": 23,
        "mdio": 18,
        "phy_type": network.PHY_LAN8720,
        "phy_addr": 1,
        "power": 16,
        "ref_clk": 0,
        "ref_clk_mode": machine.Pin.IN,
    }


def test_ethernet_tells_a_missing_cable_from_a_missing_address(slept: Slept) -> None:
    """Link without a lease is another person's fault."""
    access: Any = built(ETHERNET, slept)

    class Linked(network.LAN):
        def active(self, *is_active: bool) -> bool:
            self.state = network.ETH_CONNECTED
            return True

    access._lan = Linked()
    with pytest.raises(LinkError, match="DHCP"):
        asyncio.run(access.up())


def test_a_modem_that_is_off_is_switched_on_and_dialled(slept: Slept) -> None:
    """PWRKEY for as long as the board says, then its boot, then the APN, registration and the call."""
    machine.serials[1] = modem = FakeModem(on=False)
    comes_up("ppp")
    asyncio.run(built(PPP, slept).up())
    assert machine.pins[4].levels == [0, 1, 0]
    assert machine.pins[25].levels == [1]
    assert slept.ms > 15_000
    said = modem.said[modem.said.index(b"ATE0") :]
    assert said == [
        b"ATE0",
        b"AT+CPIN?",
        b'AT+CGDCONT=1,"IP","iot.example"',
        b"AT+CEREG?",
        b"AT+CGREG?",
        b"AT+CEREG?",
        b"ATD*99#",
    ]
    assert dict(network.made)["PPP"].told == [(0, None, None)]


def test_a_modem_that_still_carries_data_is_talked_out_of_it(slept: Slept) -> None:
    """After a reset of the board the modem is where it was: +++ and not the power key."""
    machine.serials[1] = modem = FakeModem()
    modem.in_data = True
    comes_up("ppp")
    asyncio.run(built(PPP, slept).up())
    assert machine.pins[4].levels == [0]


@pytest.mark.parametrize(
    ("command", "answer", "told"),
    [
        (b"AT+CPIN?", b"+CME ERROR: SIM not inserted", "AT.CPIN"),
        (b"AT+CPIN?", b"+CPIN: SIM PIN\r\n\r\nOK", "wants a PIN"),
        (b"AT+CEREG?", b"+CEREG: 0,3\r\n\r\nOK", "refuses this SIM"),
        (b"AT+CEREG?", b"+CEREG: 0,2\r\n\r\nOK", "check the antenna"),
        (b"ATD*99#", b"NO CARRIER", "check the APN"),
        (b'AT+CGDCONT=1,"IP","iot.example"', b"ERROR", "CGDCONT was refused"),
    ],
)
def test_a_modem_says_at_which_step_it_failed(
    command: bytes, answer: bytes, told: str, slept: Slept
) -> None:
    """SIM, registration, call: each is another person's to mend."""
    machine.serials[1] = modem = FakeModem()
    modem.answers[command] = [answer]
    with pytest.raises(LinkError, match=told):
        asyncio.run(built(PPP, slept).up())


def test_a_modem_that_never_answers_is_told_as_wires(slept: Slept) -> None:
    """Neither AT nor +++ nor the power key wakes it."""
    machine.serials[1] = modem = FakeModem(on=False)
    modem.heard = lambda content: None
    with pytest.raises(LinkError, match="no answer to AT"):
        asyncio.run(built(PPP, slept).up())


def test_user_and_key_of_a_subscription_go_to_ppp_and_nowhere_else(slept: Slept) -> None:
    """CHAP."""
    machine.serials[1] = modem = FakeModem()
    comes_up("ppp")
    asyncio.run(built(PPP, slept, {"apn": "a", "user": "me"}).up())
    assert dict(network.made)["PPP"].told == [(network.PPP.SEC_CHAP, "me", KEY)]
    assert not any(KEY.encode() in said for said in modem.said)


@pytest.mark.parametrize("apn", ['a"b', "a\rAT+X", "", "x" * 64, "a b", "\xe4"])
def test_an_apn_cannot_carry_another_command(apn: str, slept: Slept) -> None:
    """It stands in quotes in an AT command."""
    with pytest.raises(ValueError, match=r"access\.apn"):
        built(PPP, slept, {"apn": apn})


def test_an_unknown_way_is_refused(slept: Slept) -> None:
    """Of board.json."""
    with pytest.raises(ValueError, match="none of wifi, ethernet, ppp"):
        built({"kind": "pigeon"}, slept)


class Weather:
    """An Access that comes up when the test lets it, and is lost when the test says so."""

    def __init__(self, *ups: bool) -> None:
        self.ups = list(ups)
        self.is_there = False
        self.downs = 0

    async def up(self) -> None:
        if not self.ups:
            raise asyncio.CancelledError
        self.is_there = self.ups.pop(0)
        if not self.is_there:
            raise LinkError("out of reach")

    def is_up(self) -> bool:
        there, self.is_there = self.is_there, False
        return there

    def down(self) -> None:
        self.downs += 1


def kept(weather: Weather, sleep_ms: Callable[[int], Coroutine[Any, Any, None]]) -> list[str]:
    notes: list[str] = []
    work = keep_up(weather, lambda code, text: notes.append(text), sleep_ms, lambda n: n - 1)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(work)
    return notes


def test_a_board_comes_back_again_and_again_and_says_why_it_was_away() -> None:
    """Lost and found; each attempt begins from nothing."""
    waited: list[int] = []

    async def sleep_ms(ms: int) -> None:
        waited.append(ms)

    weather = Weather(False, True, False)
    assert kept(weather, sleep_ms) == ["out of reach", "up", "lost", "out of reach"]
    assert weather.downs == 3


def test_a_board_that_cannot_come_back_waits_longer_each_time_up_to_a_bound() -> None:
    """A neighbourhood without an access point does not burn its batteries."""
    waited: list[int] = []

    async def sleep_ms(ms: int) -> None:
        waited.append(ms)

    kept(Weather(*[False] * 12), sleep_ms)
    assert waited[:4] == [2000, 4000, 8000, 16000]
    assert waited[-1] == BACKOFF_MS_MAX
