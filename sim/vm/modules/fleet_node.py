# SPDX-License-Identifier: Apache-2.0
"""A node of a fleet on MicroPython: the firmware, whose flash, meters and line are on the other side (sim/mqtt/vm.py).

import fleet_node
fleet_node.main()
"""

import asyncio
import gc
import json
import struct
import time
from binascii import hexlify
from os import urandom

import outside

from wattpact.assembly import node_core, panel_ids
from wattpact.crypto.signer import SoftwareSigner, SoftwareVerifier
from wattpact.link.dial import dialler
from wattpact.link.mqtt import MqttClient
from wattpact.link.session import Session
from wattpact.metering.reading import Reading
from wattpact.node.member import Member
from wattpact.node.runtime import Feed, Runtime
from wattpact.wire import topics

READING = "<qqqqq"  # slot, import, export, both registers
REPORT_MS = 10000
NEVER = 1 << 40
PACKET_MOST = 8456
QUIET, WAITS = 1, 2


class Client(MqttClient):
    """Counts what the broker has not answered, and says when it has."""

    waits = 0
    on_rest = None

    async def publish(self, topic, payload, qos=1, retain=False):
        """As the firmware's."""
        self.waits += 1
        try:
            await MqttClient.publish(self, topic, payload, qos, retain)
        finally:
            self._answered()

    async def subscribe(self, topic_filter):
        """As the firmware's."""
        self.waits += 1
        try:
            await MqttClient.subscribe(self, topic_filter)
        finally:
            self._answered()

    def _answered(self):
        self.waits -= 1
        if not self.waits and self.on_rest:
            self.on_rest()


class Flash:
    """A store on the other side: a board's is not on its heap either."""

    def keep(self, key, value):
        """Write or overwrite."""
        outside.call("keep", key, value)

    def drop(self, key):
        """Forget."""
        outside.call("drop", key)

    def items(self):
        """All, sorted by key."""
        found = []
        for index in range(outside.call("items")):
            size = outside.call("item", index, b"", b"")
            key, value = bytearray(size >> 20), bytearray(size & 0xFFFFF)
            outside.call("item", index, key, value)
            found.append((bytes(key), bytes(value)))
        return found


class Slots:
    """A meter, or the one at a panel, that is read when a slot is over."""

    def __init__(self, number):
        self._number = number
        self._index = 0
        self._ready = bytearray(struct.calcsize(READING))
        self.wake_at = outside.call("reads_at", 0)

    def on_tick(self, now):
        """Readings of slots that have ended."""
        readings = []
        while self.wake_at <= now:
            outside.call("reading", self._number, self._index, self._ready)
            readings.append(Reading(*struct.unpack(READING, self._ready)))
            self._index += 1
            self.wake_at = outside.call("reads_at", self._index) or NEVER
        return readings


class Clock:
    """The fleet's."""

    def now(self):
        """Unix s."""
        return int(time.time())


class Node:
    """What lies in /setup, at work."""

    def __init__(self):
        self._signer = SoftwareSigner(_file("secret"))
        self._verifier = SoftwareVerifier()
        self._genesis = _file("genesis")
        self._register = _file("register")
        self._settings = json.loads(_file("settings"))
        member = self._member()
        self._network, self._kid = member.network, member.kid
        panels = panel_ids(member)
        feeds = [Feed(Slots(n), panel) for n, panel in enumerate(panels)] or [Feed(Slots(0))]
        self.runtime = Runtime(
            self._core, Flash(), self._client, feeds, Clock(), asyncio.sleep_ms, _note
        )

    async def report(self):
        """Tell the other side how we are, now and then, and hear whether to go on selling."""
        while True:
            self.tell()
            gc.collect()
            await asyncio.sleep_ms(REPORT_MS)

    def tell(self):
        """The same, once."""
        core = self.runtime.core
        plant = getattr(core, "plant", core)
        if hasattr(plant, "selling"):
            plant.selling = outside.call("selling") == 1
        member, meter = core.member, getattr(core, "meter", core)
        client = self.runtime.client
        flags = QUIET if client.session.up and not client.waits else 0
        flags |= WAITS if member.outbox.wake_at() else 0
        counts = [0] * 5
        if hasattr(meter, "tally"):
            tally = meter.tally
            counts = [tally.scored, tally.offers, tally.tells, tally.choices]
            counts.append(meter.buying.awards)
        outside.call("report", flags, member.dropped, *counts)

    def _member(self):
        return Member(self._genesis, self._register, self._signer, self._verifier)

    def _core(self, now):
        return node_core(self._member(), self._settings, now)

    def _client(self, on_message, on_up):
        presence = topics.broadcast(self._network, self._kid, "presence")
        session = Session(
            hexlify(self._kid).decode(), presence, 1, self._settings["keepalive_s"], 4
        )
        return Client(
            session,
            dialler("broker", 1883),
            on_message,
            on_up,
            lambda text, error: _note("link", "%s: %s" % (text, error) if error else text),
            time.ticks_ms,
            asyncio.sleep_ms,
            _jitter,
            PACKET_MOST,
        )


def main():
    """Never returns but by an error."""
    asyncio.run(_work())


async def _work():
    node = Node()
    gc.collect()
    node.runtime.client.on_rest = node.tell
    reporting = asyncio.create_task(node.report())
    try:
        await node.runtime.run()
    finally:
        reporting.cancel()


def _note(code, text):
    outside.call("note", code, text)


def _file(name):
    with open("/setup/" + name, "rb") as file:
        return file.read()


def _jitter(bound):
    return int.from_bytes(urandom(4), "big") % bound
