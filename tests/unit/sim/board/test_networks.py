# SPDX-License-Identifier: Apache-2.0
"""Interfaces come up after a while, are refused or taken away, and without one nothing is reached."""

import pytest

from sim.board.networks import COMES_UP_S, NO_AP_FOUND, WRONG_PASSWORD, Networks, State
from sim.vm.connections import Route
from tests.unit.sim.board.program import Program


class Watch:
    """A time that a test sets."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        """Now."""
        return self.now_s


def elsewhere(host: str, port: int) -> Route:
    """Everything the board dials is on this machine."""
    return Route("127.0.0.1", port)


def test_wifi_comes_up_only_when_it_is_on_and_told_to() -> None:
    """Off, idle, coming, up, and off again."""
    watch = Watch()
    networks = Networks(now_s=watch)
    program = Program(networks.services())
    states = [program.call("net_state", "wifi")]
    program.call("net_active", "wifi", 1)
    states.append(program.call("net_state", "wifi"))
    program.call("net_connect", "wifi", "any", "key")
    states.append(program.call("net_state", "wifi"))
    watch.now_s += COMES_UP_S
    states.append(program.call("net_state", "wifi"))
    program.call("net_active", "wifi", 0)
    states.append(program.call("net_state", "wifi"))
    assert states == [State.OFF, State.IDLE, State.COMING, State.UP, State.OFF]


@pytest.mark.parametrize(
    ("name", "key", "reason"),
    [("street", "wrong", WRONG_PASSWORD), ("other", "right", NO_AP_FOUND), ("street", "right", 0)],
)
def test_wifi_is_refused_for_a_reason(name: str, key: str, reason: int) -> None:
    """Which stands until the next try."""
    networks = Networks(ssid="street", key="right")
    program = Program(networks.services())
    program.call("net_active", "wifi", 1)
    program.call("net_connect", "wifi", name, key)
    assert program.call("net_reason", "wifi") == reason
    assert program.read("net_seen", size=32) == b"street"


def test_what_is_dialled_goes_where_it_is_sent_while_a_network_is_up() -> None:
    """EHOSTUNREACH before, and while it is taken away."""
    watch = Watch()
    networks = Networks(beyond=elsewhere, now_s=watch)
    program = Program(networks.services())
    program.call("net_active", "ethernet", 1)
    with pytest.raises(OSError, match="no network"):
        networks.resolve("broker.example", 8883)
    watch.now_s += COMES_UP_S
    route = networks.resolve("broker.example", 8883)
    assert isinstance(route, Route)
    assert route.address == ("127.0.0.1", 8883)
    networks.cut()
    assert program.call("net_state", "ethernet") == State.LOST
    with pytest.raises(OSError, match="no network"):
        networks.resolve("broker.example", 8883)
    networks.restore()
    assert not networks.is_up()
    watch.now_s += COMES_UP_S
    assert networks.is_up()


def test_a_reset_switches_all_off() -> None:
    """As the supply does."""
    watch = Watch()
    networks = Networks(now_s=watch)
    Program(networks.services()).call("net_active", "ethernet", 1)
    watch.now_s += COMES_UP_S
    networks.power_up()
    assert not networks.is_up()
