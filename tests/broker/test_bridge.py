# SPDX-License-Identifier: Apache-2.0
"""Two real brokers that form one network, each for some neighbourhoods: what is said at one is heard at the other."""

from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.broker.community import OWNER, Client, Community, Device, broadcast, inbox, run
from tests.broker.mosquitto import HOST

COUNT = 200
BEFORE = b"before"


class Pair:
    """Brokers `near` and `far`, bridged by far, and a device at each."""

    def __init__(self, folder: Path, ending: ExitStack) -> None:
        self.near, self.far = (Community(folder / name) for name in ("near", "far"))
        self.meter = self.near.enrol("meter", "meter")
        self.plant = self.far.enrol("plant", "plant")
        far = self.far.folder
        address = "%s:%d" % (HOST, self.near.port)
        run("broker-config", far, "--bridge", address)
        request = far / "bridge.csr"
        run("enrol", self.near.folder, "--csr", request, "--roles", "bridge", "--owner", OWNER)
        bridge = next(
            each
            for each in (self.near.folder / "devices").iterdir()
            if each.name != self.meter.kid.hex()
        )
        run("broker-config", far, "--bridge-given", bridge)
        ending.enter_context(self.near.broker)
        ending.enter_context(self.far.broker)

    def at_near(self) -> Client:
        return lasting(self.near, self.meter)

    def at_far(self) -> Client:
        return lasting(self.far, self.plant)


@pytest.fixture
def pair(tmp_path: Path) -> Generator[Pair]:
    for name in ("near", "far"):
        (tmp_path / name).mkdir()
    with ExitStack() as ending:
        yield Pair(tmp_path, ending)


def lasting(here: Community, device: Device) -> Client:
    """A client whose session outlives its connection."""
    client = here.client(device)
    client.properties = Properties(PacketTypes.CONNECT)
    client.properties.SessionExpiryInterval = 3600
    return client


def texts(client: Client, count: int) -> list[bytes]:
    """So many different ones, in the order in which each came first: QoS 1 may repeat what had no PUBACK."""
    found: list[bytes] = []
    while len(found) < count:
        text = client.next()[1]
        if text not in (*found, BEFORE):
            found.append(text)
    return found


def numbered(count: int) -> list[bytes]:
    return [b"%d" % number for number in range(count)]


def test_what_is_said_at_one_broker_is_heard_at_the_other(pair: Pair) -> None:
    """Both ways, to an inbox and to all, once each, and what is retained also by who comes later."""
    with pair.at_near() as meter, pair.at_far() as plant:
        meter.subscribe(broadcast(pair.plant, "offer"))
        plant.subscribe(inbox(pair.plant, pair.meter))
        plant.publish(broadcast(pair.plant, "offer"), b"kept", retain=True)
        assert meter.next() == (broadcast(pair.plant, "offer"), b"kept")
        meter.publish(inbox(pair.plant, pair.meter), b"proposal")
        assert plant.next() == (inbox(pair.plant, pair.meter), b"proposal")
        assert meter.silent()
        assert plant.silent()
    late = pair.near.enrol("late", "meter")
    pair.near.broker.reload()
    with pair.near.client(late) as client:
        client.subscribe(broadcast(pair.plant, "offer"))
        assert client.next() == (broadcast(pair.plant, "offer"), b"kept")


def test_a_broker_that_is_away_misses_nothing(pair: Pair) -> None:
    """The one that the bridge leads to is stopped: what the other is told meanwhile arrives, in order."""
    with pair.at_near() as meter:
        meter.subscribe(broadcast(pair.plant, "offer"))
        with pair.at_far() as plant:
            plant.publish(broadcast(pair.plant, "offer"), BEFORE)
        assert meter.next()[1] == BEFORE
    pair.near.broker.stop()
    with pair.at_far() as plant:
        for text in numbered(COUNT):
            plant.publish(broadcast(pair.plant, "offer"), text)
    pair.near.broker.start()
    with pair.at_near() as meter:
        assert texts(meter, COUNT) == numbered(COUNT)


def test_the_broker_with_the_bridge_is_away_and_misses_nothing(pair: Pair) -> None:
    """The other keeps what it would have carried."""
    with pair.at_far() as plant, pair.at_near() as meter:
        plant.subscribe(inbox(pair.plant, pair.meter))
        meter.publish(inbox(pair.plant, pair.meter), BEFORE)
        assert plant.next()[1] == BEFORE
    pair.far.broker.stop()
    with pair.at_near() as meter:
        for text in numbered(COUNT):
            meter.publish(inbox(pair.plant, pair.meter), text)
    pair.far.broker.start()
    with pair.at_far() as plant:
        assert texts(plant, COUNT) == numbered(COUNT)


def test_a_device_of_one_broker_is_a_stranger_at_the_other(pair: Pair) -> None:
    """Each has an authority of its own; the bridge alone is known at both."""
    assert pair.far.refuses(pair.meter)
    assert pair.near.refuses(pair.plant)
