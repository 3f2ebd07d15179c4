# SPDX-License-Identifier: Apache-2.0
"""A town's host at a real broker: the gateway in a thread of its own, on a clock that a test sets, and members that
speak with it over paho.

    with plain(tmp_path / "broker") as broker, office(tmp_path, broker.port, founding) as here:
        with here.member("sunny") as sunny: ...
"""

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from host.desk import Desk
from host.gateway.gateway import Gateway, Pace
from host.gateway.limits import Limits
from host.gateway.line import Address
from host.issuer import Issuer
from tests.broker.community import Client
from tests.broker.mosquitto import HOST
from tests.unit.host.town import Town, kid_of, signer
from wattpact.wire import topics
from wattpact.wire.envelope import peek_payload
from wattpact.wire.messages import Message, Stored, parse

SESSION_S = 3600
PATIENCE_S = 60


class Member:
    """One node at the broker, with a session that outlives a connection."""

    def __init__(
        self, name: str, network: bytes, broker_number: int, host: bytes | None = None
    ) -> None:
        self.kid = kid_of(name)
        self.network = network
        self.host = host or kid_of("sequencer")
        paho = mqtt.Client(CallbackAPIVersion.VERSION2, self.kid.hex(), protocol=mqtt.MQTTv5)
        self.client = Client(paho, broker_number, HOST)
        asked = Properties(PacketTypes.CONNECT)
        asked.SessionExpiryInterval = SESSION_S
        self.client.properties = asked

    def hand_in(self, transaction: bytes) -> None:
        """To the host's inbox."""
        self.client.publish(topics.inbox(self.network, self.host, self.kid), transaction)

    def say(self, kind: str, transaction: bytes) -> None:
        """To all."""
        self.client.publish(topics.broadcast(self.network, self.kid, kind), transaction)

    def next(self) -> Message:
        """What the host writes next."""
        return parse(peek_payload(self.client.next()[1]))

    def stored(self) -> Stored:
        """The same, which is STORED."""
        message = self.next()
        assert isinstance(message, Stored)
        return message


class Office:
    """A gateway that runs."""

    def __init__(
        self,
        folder: Path,
        broker_number: int,
        found: Callable[[Town], None],
        pace: Pace | None = None,
        limits: Limits | None = None,
        change: Callable[[Desk], None] = lambda desk: None,
    ) -> None:
        self.town: Town
        self.gateway: Gateway
        self.said: list[str] = []
        self._folder = folder
        self._number = broker_number
        self._found = found
        self._change = change
        self._pace = pace
        self._limits = limits
        self._ready = threading.Event()
        self._failed: list[BaseException] = []
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            self.town = town = Town(self._folder / "chain.db")
            if town.ledger.height == 0:
                self._found(town)
            desk = Desk(town.engine, signer("sequencer"), Issuer(signer("issuer")))
            self._change(desk)
            self.gateway = Gateway(
                desk,
                signer("sequencer"),
                town.clock,
                Address(HOST, self._number, secure=False),
                None,
                self._folder / "gateway.json",
                self.said.append,
                self._pace,
                self._limits,
            )
            self._ready.set()
            self.gateway.run()
            town.close()
        except BaseException as error:
            self._failed.append(error)
            raise
        finally:
            self._ready.set()

    def open(self, connected: bool = True) -> None:
        self._thread.start()
        assert self._ready.wait(PATIENCE_S)
        assert not self._failed
        if connected:
            until(lambda: self.gateway.up)

    def close(self) -> None:
        self.gateway.stop()
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()
        assert not self._failed

    @contextmanager
    def member(self, name: str) -> Generator[Member]:
        """One that hears its inbox."""
        member = Member(name, self.town.network, self._number)
        with member.client as client:
            client.subscribe(topics.inboxes(self.town.network, member.kid))
            yield member


@contextmanager
def office(
    folder: Path,
    broker_number: int,
    found: Callable[[Town], None],
    pace: Pace | None = None,
    limits: Limits | None = None,
    change: Callable[[Desk], None] = lambda desk: None,
) -> Generator[Office]:
    """One that is connected, and closed in the end."""
    here = Office(folder, broker_number, found, pace, limits, change)
    here.open()
    try:
        yield here
    finally:
        here.close()


def until(condition: Callable[[], object], limit_s: float = PATIENCE_S) -> None:
    """Wait for what another thread brings about."""
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)
