# SPDX-License-Identifier: Apache-2.0
"""Nodes at a broker: each is the firmware's runtime with a core, a client and a store of its own, and reads the world.

All of a process share one asyncio loop.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from host.broker.config import PACKET_SIZE_MAX
from wattpact.link.mqtt import MqttClient
from wattpact.link.session import Session
from wattpact.metering.reading import Reading
from wattpact.node.member import Core
from wattpact.node.runtime import Feed, Runtime
from wattpact.wire import topics

from ..community import Party
from ..cores import Cores, HomeMeter, NodeEnd, close_shop, node_end
from ..founding import READ_S, Enrolled, S
from ..scenario import HomeSite, PanelWorld, PlantSite, Scenario
from ..world.profiles import SLOT_S
from ..world.seeds import child
from .clock import LeasedClock

if TYPE_CHECKING:
    from wattpact.interfaces import Store

KEEPALIVE_S = 60
KEEPALIVE_S_MAX = 65535
WINDOW = 8
PLANT_WAITING_MAX = 4096
HOME_WAITING_MAX = 64
NEVER_S = 1 << 40

Dial = Callable[[], Any]


class Slots:
    """A Source: one reading for each slot of the run, when the slot is over."""

    def __init__(self, scenario: Scenario, read: Callable[[int, int], Reading]) -> None:
        """`read(index, slot)`."""
        self._start = scenario.start
        self._slots = scenario.slots
        self._read = read
        self._index = 0
        self.wake_at = self._ends(0)

    def on_tick(self, now: int) -> list[Reading]:
        """Those of slots that have ended."""
        readings: list[Reading] = []
        while self.wake_at <= now:
            slot = self._start + self._index * SLOT_S
            readings.append(self._read(self._index, slot))
            self._index += 1
            self.wake_at = self._ends(self._index)
        return readings

    def _ends(self, index: int) -> int:
        end = self._start + (index + 1) * SLOT_S + READ_S
        return end if index < self._slots else NEVER_S


class MemoryStore:
    """A flash that outlives the core, not the process."""

    def __init__(self) -> None:
        self._kept: dict[bytes, bytes] = {}

    def keep(self, key: bytes, value: bytes) -> None:
        """Write or overwrite."""
        self._kept[key] = value

    def drop(self, key: bytes) -> None:
        """Forget."""
        self._kept.pop(key, None)

    def items(self) -> list[tuple[bytes, bytes]]:
        """Sorted by key."""
        return sorted(self._kept.items())


class Client(MqttClient):
    """The firmware's, which can say whether the broker has answered everything."""

    waits = 0

    def quiet(self) -> bool:
        """Connected, and nothing is on its way."""
        return self.session.up and not self.waits

    async def publish(self, topic: str, payload: bytes, qos: int = 1, retain: bool = False) -> None:
        """As the firmware's."""
        self.waits += 1
        try:
            await super().publish(topic, payload, qos, retain)
        finally:
            self.waits -= 1

    async def subscribe(self, topic_filter: str) -> None:
        """As the firmware's."""
        self.waits += 1
        try:
            await super().subscribe(topic_filter)
        finally:
            self.waits -= 1


class Node(Party[S]):
    """One that runs here. What its core notes goes to `note`; what its link said last is `trouble`."""

    def __init__(
        self,
        enrolled: Enrolled[S],
        build: Callable[[int], Core],
        feeds: list[Feed],
        dial: Dial,
        clock: LeasedClock,
        seed: int,
        waiting_max: int,
        note: Callable[[str, str], None],
        store: "Store",
    ) -> None:
        super().__init__(enrolled)
        self._signer = enrolled.signer
        self._dial = dial
        self._clock = clock
        self._jitter = child(seed, "jitter", self.name).randrange
        self.trouble = ""
        self._network = build(clock.now()).member.network
        self.runtime = Runtime(
            build,
            store,
            self._client,
            feeds,
            clock,
            clock.sleep_ms,
            note,
            waiting_max=waiting_max,
        )

    @property
    def client(self) -> Client:
        """Its line to the broker."""
        client = self.runtime.client
        assert isinstance(client, Client)
        return client

    def quiet(self) -> bool:
        """Connected, and nothing is on its way."""
        return self.client.quiet()

    def close_shop(self) -> None:
        """Offer nothing more."""
        close_shop(self.runtime.core)

    def start(self) -> "asyncio.Task[None]":
        """A task that ends with an error only."""
        return asyncio.create_task(self.runtime.run())

    def end(self) -> NodeEnd:
        """Its own account."""
        return node_end(self.runtime.core, self._signer)

    def _client(
        self, on_message: Callable[[str, bytes], Awaitable[None]], on_up: Callable[[bool], None]
    ) -> Client:
        presence = topics.broadcast(self._network, self.kid, "presence")
        keepalive_s = keepalive_at(self._clock.speed)
        session = Session(self.kid.hex(), presence, 1, keepalive_s, WINDOW)
        return Client(
            session,
            self._dial,
            on_message,
            on_up,
            self._note_link,
            self._clock.now_ms,
            self._clock.sleep_ms,
            self._jitter,
            PACKET_SIZE_MAX,
        )

    def _note_link(self, text: str, error: BaseException | None) -> None:
        self.trouble = "%s: %s" % (text, error) if error else text


class Makers:
    """Makes the nodes of one fleet."""

    def __init__(
        self,
        cores: Cores,
        scenario: Scenario,
        clock: LeasedClock,
        seed: int,
        note: Callable[[str, str], None],
    ) -> None:
        self._cores = cores
        self._scenario = scenario
        self._clock = clock
        self._seed = seed
        self._note = note

    def plant(self, enrolled: Enrolled[PlantSite], dial: Dial) -> Node[PlantSite]:
        """With a meter of its own at every panel."""
        feeds = [
            Feed(Slots(self._scenario, _generation(panel.world)), panel.panel_id)
            for panel in enrolled.site.panels
        ]
        return self._node(
            enrolled, partial(self._cores.plant, enrolled), feeds, dial, PLANT_WAITING_MAX
        )

    def home(self, enrolled: Enrolled[HomeSite], dial: Dial) -> Node[HomeSite]:
        """With its one meter."""
        feeds = [Feed(Slots(self._scenario, HomeMeter(enrolled.site).read))]
        return self._node(
            enrolled, partial(self._cores.home, enrolled), feeds, dial, HOME_WAITING_MAX
        )

    def _node(
        self,
        enrolled: Enrolled[S],
        build: Callable[[int], Core],
        feeds: list[Feed],
        dial: Dial,
        waiting_max: int,
    ) -> Node[S]:
        store = self.store(enrolled.site.name)
        return Node(
            enrolled, build, feeds, dial, self._clock, self._seed, waiting_max, self._note, store
        )

    def store(self, name: str) -> "Store":
        """A flash for the node of that name."""
        return MemoryStore()


def _generation(world: PanelWorld) -> Callable[[int, int], Reading]:
    return lambda index, slot: Reading(slot, 0, world.generated_wh(index), 0, 0)


def keepalive_at(speed: float) -> int:
    """Virtual seconds that are KEEPALIVE_S of the machine's, as far as MQTT can say it."""
    return min(int(KEEPALIVE_S * speed), KEEPALIVE_S_MAX)
