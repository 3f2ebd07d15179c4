# SPDX-License-Identifier: Apache-2.0
"""What runs in the VM: a node as esp32/start.py builds it, with a meter and a file system that lie outside.

esp32/start.py is left out with what it brings up: Wi-Fi, clock, watchdog.
"""

import asyncio
import gc
import json
import time

import outside

from wattpact.assembly import node_core
from wattpact.crypto.ecdsa import keep_peers
from wattpact.crypto.signer import SoftwareSigner, SoftwareVerifier
from wattpact.esp32.flash_store import FlashStore
from wattpact.link.dial import dialler
from wattpact.link.mqtt import MqttClient
from wattpact.link.session import Session
from wattpact.metering.catalog import modbus_meter
from wattpact.metering.measurement import Site
from wattpact.metering.modbus.line import RtuLine
from wattpact.metering.slots import SlotMeter
from wattpact.node.member import PARCEL_SIZE_MAX, Member
from wattpact.node.runtime import Feed, Runtime
from wattpact.wire import topics

STORE_BYTES = 1 << 18
TOPIC_MAX = 128
POLL_S = 60
# As in esp32/start.py.
COLLECT_BYTES = 16384
PEERS = 4
PEER_TEETH = 4


class Wire:
    """The serial line of a model outside."""

    def discard(self):
        outside.call("uart.discard")

    def write(self, content):
        outside.call("uart.write", content)

    def read(self, count, timeout_ms):
        content = bytearray(count)
        return bytes(content[: outside.call("uart.read", content, timeout_ms)])

    def sleep_ms(self, ms):
        outside.call("uart.sleep", ms)


class File:
    """One file of the store; whoever opens it to write begins it anew."""

    def __init__(self, name, mode):
        self._name = name
        self._at = 0
        outside.call("flash.open", name, mode)

    def read(self, size):
        content = bytearray(size)
        count = outside.call("flash.read", self._name, self._at, content)
        self._at += count
        return bytes(content[:count])

    def seek(self, offset):
        self._at = offset

    def write(self, content):
        outside.call("flash.write", self._name, content)

    def flush(self):
        pass

    def close(self):
        pass


class Files:
    """The store's folder."""

    def names(self):
        room = bytearray(64)
        count = outside.call("flash.names", room)
        return bytes(room[:count]).decode().split()

    def open(self, name, mode):
        return File(name, mode)

    def remove(self, name):
        outside.call("flash.remove", name)


class Clock:
    """Of the VM."""

    def now(self):
        return int(time.time())


def content(name):
    """Of a file of /node."""
    with open("/node/" + name, "rb") as opened:
        return opened.read()


def note(code, text):
    """To whoever counts."""
    outside.call("note", code, str(text))


def jitter(most):
    """Never the cause of a difference between two runs."""
    return most // 2


def run():
    """Until the power is cut."""
    gc.threshold(COLLECT_BYTES)
    keep_peers(PEERS, PEER_TEETH)
    signer = SoftwareSigner(content("secret"))
    verifier = SoftwareVerifier()
    genesis = content("genesis.cbor")
    register = content("register.cbor")
    settings = json.loads(content("settings.json"))
    clock = Clock()

    def build(now):
        return node_core(Member(genesis, register, signer, verifier), settings, now)

    def client_of(on_message, on_up):
        member = runtime_member
        presence = topics.broadcast(member.network, member.kid, "presence")
        return MqttClient(
            Session(settings["client"], presence, 1, 60, 4),
            dialler("broker", 1883),
            on_message,
            on_up,
            lambda text, error: note("link", "%s: %s" % (text, error)),
            time.ticks_ms,
            asyncio.sleep_ms,
            jitter,
            PARCEL_SIZE_MAX + TOPIC_MAX,
        )

    store = FlashStore(Files(), STORE_BYTES)
    runtime_member = Member(genesis, register, signer, verifier)
    slot_s = runtime_member.genesis.slot_s
    driver = modbus_meter("sdm120", RtuLine(Wire(), 2400, 300), 1)
    site = Site(14000, 230000, "plant" in settings)
    source = SlotMeter(driver, store, b"m", b"", site, slot_s, POLL_S, clock.now())
    runtime = Runtime(build, store, client_of, [Feed(source)], clock, asyncio.sleep_ms, note)
    runtime_member = None
    gc.collect()
    outside.call("ready", gc.mem_alloc())
    asyncio.run(runtime.run())
