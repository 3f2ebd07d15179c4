# SPDX-License-Identifier: Apache-2.0
"""A small community trades while its lines fail, or somebody says everything twice and nonsense besides.

No node and no host is lost by it, and what they trade is whole: the same comparison as after a storm of kills.
"""

import asyncio
from pathlib import Path
from random import Random
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from sim.mqtt.nodes import Dial, Node
from sim.settings import Settings
from tests.broker.mosquitto import HOST
from tests.broker.node import Line
from tests.broker.storm import Act, Storm, world
from wattpact.link.dial import dialler
from wattpact.units import HOUR_S
from wattpact.wire import topics

SPEED = 1000.0
SLOTS, HOMES, PANELS = 8, 12, 6
EVERY_S = 20
OVERSIZE = 9_000
DROPPED = "no message was dropped"


class Flapping(Storm):
    """Every node has a line of its own, which breaks, or goes silent one way or both and then breaks."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.lines: dict[str, Line] = {}
        self.cuts = 0
        self._servers: list[asyncio.Server] = []
        super().__init__(folder, settings, 0, SPEED)

    def dial_of(self, name: str) -> Dial:
        async def dial() -> Any:
            if name not in self.lines:
                line = self.lines[name] = Line(self.broker.port)
                server = await asyncio.start_server(line.serve, HOST, 0)
                line.port = server.sockets[0].getsockname()[1]
                self._servers.append(server)
            return await dialler(HOST, self.lines[name].port)()

        return dial

    def acts(self) -> list[Act]:
        random, acts = Random(self.settings.seed), list[Act]()
        hours = (self.scenario.end - self.founding.begin) // HOUR_S + 1
        for node in self.nodes():
            for hour in range(hours):
                at_ms = (hour * HOUR_S + random.randrange(1400)) * 1000
                deaf, mute = random.choice(((False, False), (True, False), (False, True)))
                acts.append((at_ms, lambda n=node, d=deaf, m=mute: self._silence(n, d, m)))
                acts.append((at_ms + random.randrange(1, 300_000), lambda n=node: self._cut(n)))
        return acts

    def counts(self, node: "Node[Any]") -> bool:
        line = self.lines[node.name]
        return super().counts(node) and not line.deaf and not line.mute

    async def _silence(self, node: "Node[Any]", deaf: bool, mute: bool) -> None:
        self.lines[node.name].deaf, self.lines[node.name].mute = deaf, mute

    async def _cut(self, node: "Node[Any]") -> None:
        line = self.lines[node.name]
        line.cut()
        line.deaf = line.mute = False
        self.cuts += 1

    async def end(self) -> None:
        for server in self._servers:
            server.close()
        for line in self.lines.values():
            await line.end()


class Meddled(Storm):
    """Somebody on a broker without an access list repeats all that is said, out of order, and talks nonsense."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.repeated = 0
        self._said: set[tuple[str, bytes]] = set()
        self._random = Random(settings.seed)
        self._meddler = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv311)
        super().__init__(folder, settings, 0, SPEED)

    def acts(self) -> list[Act]:
        self._meddler.on_message = lambda c, u, m: self.heard.append((m.topic, bytes(m.payload)))
        self._meddler.connect(HOST, self.broker.port)
        self._meddler.subscribe("#", qos=1)
        self._meddler.loop_start()
        span_s = self.founding.over_at - self.founding.begin
        return [(at * 1000, self._meddle) for at in range(0, span_s, EVERY_S)]

    async def _meddle(self) -> None:
        heard, self.heard = self.heard, []
        new = [each for each in dict.fromkeys(heard) if each not in self._said]
        self._said.update(new)
        self._random.shuffle(new)
        for topic, payload in new:
            self._meddler.publish(topic, payload, qos=1)
            self.repeated += 1
        node = self._random.choice(self.nodes())
        for payload in self._nonsense([payload for _topic, payload in new]):
            self._said.update((topic, payload) for topic in self._topics(node))
            for topic in self._topics(node):
                self._meddler.publish(topic, payload, qos=1, retain="/out/" in topic)

    def _topics(self, node: "Node[Any]") -> list[str]:
        network, other = self.founding.network, self.plants[0].kid
        kinds = ("register", "offer", "generation", "trade_end")
        made = [topics.broadcast(network, node.kid, kind) for kind in kinds]
        host = self.founding.keys.host_kid
        made += [topics.broadcast(network, host, kind) for kind in ("checkpoint", "shortfall")]
        return [*made, topics.inbox(network, node.kid, other), topics.inbox(network, host, other)]

    def _nonsense(self, true: list[bytes]) -> list[bytes]:
        made = [b"\x00", self._random.randbytes(100), self._random.randbytes(OVERSIZE)]
        if true:
            whole = bytearray(self._random.choice(true) or b"x")
            made.append(bytes(whole[: len(whole) // 2]))
            whole[self._random.randrange(len(whole))] ^= 1
            made.append(bytes(whole))
        return made

    async def end(self) -> None:
        self._meddler.disconnect()
        self._meddler.loop_stop()


def test_lines_that_break_or_go_silent_lose_and_double_nothing(tmp_path: Path) -> None:
    """Each node's several times while it trades, also half-open; what was said meanwhile is said again."""
    storm = Flapping(tmp_path, world(tmp_path, HOMES, PANELS, SLOTS, 1))
    storm.blow()
    figures = storm.judge()
    assert not figures.faults, "\n".join(figures.faults)
    assert storm.cuts > 2 * (HOMES + PANELS // 3)
    assert figures.contracts


def test_repeated_and_reordered_messages_and_nonsense_change_nothing(tmp_path: Path) -> None:
    """Replays of everything, out of order; garbage, oversize, cut and spoiled messages to inboxes and retained as
    registration, offer, checkpoint and shortfall: all of it is dropped, the trade is whole."""
    storm = Meddled(tmp_path, world(tmp_path, HOMES, PANELS, SLOTS, 1))
    storm.blow()
    figures = storm.judge()
    assert not [each for each in figures.faults if not each.startswith(DROPPED)], figures.faults
    assert [each for each in figures.faults if "dropped" in each]
    assert storm.repeated > figures.contracts > 0
    assert not [note for note in storm.notes if note.startswith("fault")], storm.notes
