# SPDX-License-Identifier: Apache-2.0
"""The MQTT client against a scripted broker on a clock that stands still: the same packets in the same order.

CPython runs it on its own asyncio, the VMs on sim/vm's, because they have none that a case could run.
"""

import asyncio
from binascii import hexlify, unhexlify

from tests.parity.shown import shown
from wattpact.errors import LinkError, WireError
from wattpact.link import packets
from wattpact.link.mqtt import MqttClient
from wattpact.link.session import Session

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator
    from typing import Any

GRANTED = "9003%s01"
INCOMING = (
    "20020100",
    "20020005",
    "2001",
    "3005000161" + "ffff",
    "3206000161" + "000a00",
    "3206000161" + "000000",
    "32050001c3" + "000a",
    "3405000161" + "0001",
    "4002000a",
    "400100",
    "9003000a80",
    "9003000a03",
    "d000",
    "d00100",
    "f000",
    "30ffffffff",
    "904100",
)


class Clock:
    """It stands still until `advance`."""

    def __init__(self) -> None:
        self.now = (1 << 30) - 20000  # it wraps on the way
        self.sleepers: "list[list[Any]]" = []

    def now_ms(self) -> int:
        return self.now & ((1 << 30) - 1)

    async def sleep_ms(self, span_ms: int) -> None:
        event = asyncio.Event()
        self.sleepers.append([self.now + span_ms, event])
        await event.wait()

    async def advance(self, span_ms: int) -> None:
        self.now += span_ms
        for sleeper in list(self.sleepers):
            if sleeper[0] <= self.now:
                self.sleepers.remove(sleeper)
                sleeper[1].set()
        await settle()


def message(payload: bytes, packet_id: int) -> str:
    """A PUBLISH to topic a, in hex."""
    return hexlify(packets.encode_publish("a", payload, packet_id, retain=False)).decode()


async def settle() -> None:
    """Until every task waits for something that has not happened."""
    for _ in range(40):
        await asyncio.sleep(0)


class Wire:
    """Both ends of a stream: what the client writes is told, what the broker says is given at once."""

    def __init__(self, told: "list[str]") -> None:
        self.told = told
        self.content = b""
        self.ended = False
        self.event = asyncio.Event()

    def say(self, text: str) -> None:
        self.told.append("<- " + text)
        self.content += unhexlify(text)
        self.event.set()

    def end(self) -> None:
        self.ended = True
        self.event.set()

    async def read(self, n: int = -1) -> bytes:
        while not self.content and not self.ended:
            self.event.clear()
            await self.event.wait()
        given, self.content = self.content[:n], self.content[n:]
        return given

    def write(self, data: bytes) -> None:
        self.told.append("-> " + hexlify(data).decode())

    async def drain(self) -> None:
        await asyncio.sleep(0)

    def close(self) -> None:
        self.told.append("closed")

    async def wait_closed(self) -> None:
        await asyncio.sleep(0)


class Script:
    """A node with its client, and whoever plays the broker."""

    def __init__(self) -> None:
        self.told: "list[str]" = []
        self.clock = Clock()
        self.wire = Wire(self.told)
        self.down = False
        session = Session("m1", "p/m1", 7, 10, 2)
        self.client = MqttClient(
            session,
            self.dial,
            self.on_message,
            self.on_up,
            self.note,
            self.clock.now_ms,
            self.clock.sleep_ms,
            lambda n: n // 2,
            size_max=32,
        )

    async def dial(self) -> "tuple[Wire, Wire]":
        if self.down:
            raise OSError("no route")
        self.wire = Wire(self.told)
        return self.wire, self.wire

    async def on_message(self, topic: str, payload: bytes) -> None:
        self.told.append("message " + topic + " " + shown(payload))
        await asyncio.sleep(0)
        if payload == b"wrong":
            raise WireError("wrong")
        if payload == b"broken":
            raise KeyError("broken")
        if payload == b"reply":
            await self.client.publish("a", b"reply")

    def on_up(self, fresh: bool) -> None:
        self.told.append("up, fresh" if fresh else "up")

    def note(self, text: str, error: "BaseException | None") -> None:
        kind = "" if error is None else error.__class__.__name__
        detail = str(error) if isinstance(error, (WireError, LinkError)) else ""
        self.told.append("note " + text + ": " + kind + " " + detail)

    async def named(self, name: str, work: "Coroutine[Any, Any, None]") -> None:
        try:
            await work
            self.told.append(name + " done")
        except LinkError as error:
            self.told.append(name + " " + str(error))

    def start(self, name: str, work: "Coroutine[Any, Any, None]") -> "Any":
        return asyncio.create_task(self.named(name, work))

    async def say(self, *texts: str) -> None:
        for text in texts:
            self.wire.say(text)
        await settle()

    async def later(self, span_ms: int) -> None:
        self.told.append("%d ms" % span_ms)
        await self.clock.advance(span_ms)


async def first_connection(script: Script) -> None:
    """What waits goes out after CONNACK; answers; messages, good, refused, dropped."""
    client = script.client
    script.start("run", client.run())
    script.start("subscribe a", client.subscribe("a"))
    script.start("subscribe b", client.subscribe("b"))
    for name in ("1", "2", "3"):
        script.start("publish " + name, client.publish("t", name.encode()))
    await settle()
    await script.say("20020000")
    await script.say("9003000301", "9003000480", "40020005", "40020001")
    await script.say(message(b"", 0), message(b"hi", 11), message(b"wrong", 12))
    await script.say("320600027cc3000d", message(bytes(59), 14))


async def over_again(script: Script) -> None:
    """Our own error ends the connection without a PUBACK, then dialling fails, then the session is found again."""
    await script.say(message(b"broken", 15))
    script.down = True
    await script.later(749)
    await script.later(1)
    script.down = False
    await script.later(1500)
    await script.say("20020100", "40020006")
    await script.say(message(b"reply", 16))
    await script.later(3000)
    await script.say("20020000")


async def silence(script: Script) -> None:
    """A ping in time, its answer, a ping without; then an end of the stream, garbage, a refusal, no answer at all."""
    await script.later(5000)
    await script.say("d000")
    for _ in range(3):
        await script.later(5000)
    await script.later(60000)
    await script.say("20020100")
    script.wire.end()
    await settle()
    for text in ("20020005", "d000", "ffff"):
        await script.later(60000)
        await script.say(text)
    await script.later(60000)
    for _ in range(7):
        await script.later(5000)
    await script.later(60000)
    await script.say("20020000")
    await script.client.publish("t", b"once", qos=0)
    await script.client.close()
    await settle()


async def play(script: Script) -> None:
    for part in (first_connection, over_again, silence):
        script.told.append("-- " + part.__name__)
        await part(script)


def decoded(text: str) -> str:
    """What one packet is, read a byte at a time."""
    framer = packets.Framer(32)
    raw = unhexlify(text)
    try:
        for at in range(len(raw)):
            packet = framer.take(raw[at : at + 1])
            if packet is not None:
                session = Session("m", "p", 1, 60, 1)
                session.open(0)
                if packet[0] != 0x20:
                    session.on_packet((0x20, b"\0\0", 2), 0)
                return shown(session.on_packet(packet, 0))
    except (WireError, LinkError) as error:
        return error.__class__.__name__ + " " + str(error)
    return "unfinished, wants %d" % framer.wanted()


def lines() -> "Iterator[str]":
    """The packets alone, then the whole play."""
    for text in INCOMING:
        yield text + " " + decoded(text)
    script = Script()
    asyncio.run(play(script))
    for line in script.told:
        yield line
