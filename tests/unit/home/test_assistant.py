# SPDX-License-Identifier: Apache-2.0
"""When Home Assistant is told what."""

from wattpact.home.assistant import SPREAD_S, STATE_S, HomeAssistant

NOW = 1_748_858_400
CONFIG = ("home/device/k/config", b"home/state/k", True)


def at_home(drawn: int = 0) -> HomeAssistant:
    return HomeAssistant(
        "home", "k", str.encode, lambda now: b"%d" % now, lambda n: min(drawn, n - 1)
    )


def state(now: int) -> tuple[str, bytes, bool]:
    return ("home/state/k", b"%d" % now, False)


def test_a_connection_brings_the_description_and_the_state() -> None:
    home = at_home()
    home.on_connected(NOW)
    assert home.wake_at == NOW
    assert home.on_tick(NOW) == [CONFIG, state(NOW)]
    assert home.wake_at == NOW + STATE_S


def test_the_state_comes_every_minute_and_the_description_does_not() -> None:
    home = at_home()
    home.on_connected(NOW)
    home.on_tick(NOW)
    assert home.on_tick(NOW + STATE_S - 1) == []
    assert home.on_tick(NOW + STATE_S) == [state(NOW + STATE_S)]


def test_a_birth_is_answered_at_a_moment_of_ones_own() -> None:
    for drawn in (0, SPREAD_S):
        home = at_home(drawn)
        home.on_connected(NOW)
        home.on_tick(NOW)
        home.on_status(b"online", NOW + 5)
        due = NOW + 6 + min(drawn, SPREAD_S - 1)
        assert home.wake_at == due
        assert home.on_tick(due - 1) == []
        assert home.on_tick(due) == [CONFIG, state(due)]


def test_its_will_and_anything_else_change_nothing() -> None:
    home = at_home()
    home.on_connected(NOW)
    home.on_tick(NOW)
    for payload in (b"offline", b"", b"\xff" * 1000):
        home.on_status(payload, NOW + 5)
    assert home.on_tick(NOW + 10) == []


def test_it_listens_to_its_own_users_home_assistant() -> None:
    assert at_home().filter == "home/status"


def test_a_description_that_is_not_known_yet_comes_later() -> None:
    """Until the meter was read nobody knows its phases."""
    known: list[bytes] = []
    home = HomeAssistant(
        "home", "k", lambda _topic: b"".join(known), lambda now: b"%d" % now, lambda _n: 0
    )
    home.on_connected(NOW)
    assert home.on_tick(NOW) == [state(NOW)]
    known.append(b"three phases")
    assert home.on_tick(home.wake_at) == [
        ("home/device/k/config", b"three phases", True),
        state(NOW + STATE_S),
    ]
