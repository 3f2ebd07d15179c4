# SPDX-License-Identifier: Apache-2.0
"""Who talks to a broker in these tests: our client as a node has it, paho as a peer that is not ours, and a line
between, which can go silent or be cut."""

import asyncio
import contextlib
import queue
import random
import ssl
import time
from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any, Self

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.broker.mosquitto import HOST
from wattpact.link.dial import dialler
from wattpact.link.mqtt import MqttClient
from wattpact.link.session import Session

LIMIT_S = 20


async def until(condition: Callable[[], object], limit_s: float = LIMIT_S) -> None:
    """Wait for what other tasks bring about."""
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        await asyncio.sleep(0.005)


class Node:
    """A node's client. Its clock is `speed` times as fast as ours, so that it does not wait long to dial again."""

    def __init__(
        self,
        port: int,
        name: str = "m1",
        boot_count: int = 1,
        keepalive_s: int = 60,
        window: int = 4,
        speed: int = 20,
        tls: "ssl.SSLContext | None" = None,
        server_name: str = "localhost",
    ) -> None:
        self.messages: list[bytes] = []
        self.notes: list[str] = []
        self.ups: list[bool] = []
        self.errors: list[BaseException | None] = []
        self.deal: Callable[[bytes], object] = self.messages.append
        self.speed = speed
        self.session = Session(name, "p/" + name, boot_count, keepalive_s * speed, window)
        self.client = MqttClient(
            self.session,
            dialler(HOST, port, tls, server_name),
            self.on_message,
            self.ups.append,
            self.note,
            lambda: int(time.monotonic() * 1000 * speed),
            self.sleep_ms,
            random.randrange,
        )
        self.running: asyncio.Task[None] | None = None

    async def on_message(self, topic: str, payload: bytes) -> None:
        done: Any = self.deal(payload)
        if asyncio.iscoroutine(done):
            await done

    def note(self, text: str, error: BaseException | None) -> None:
        self.notes.append("%s: %r" % (text, error))
        self.errors.append(error)

    async def sleep_ms(self, span_ms: int) -> None:
        await asyncio.sleep(span_ms / 1000 / self.speed)

    async def __aenter__(self) -> Self:
        self.running = asyncio.create_task(self.client.run())
        return self

    async def __aexit__(self, *error: object) -> None:
        if self.running is not None:
            await asyncio.wait_for(self.client.close(), LIMIT_S)
            await asyncio.wait_for(self.running, LIMIT_S)

    async def up(self) -> None:
        await until(lambda: self.session.up)

    async def die(self) -> None:
        """As in a power cut: no word to the broker."""
        assert self.running is not None
        self.running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.running
        self.running = None


class Peer:
    """paho, an independent client, in a thread of its own; what it hears is in `heard`."""

    def __init__(self, port: int, *filters: str) -> None:
        self.heard: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv311)
        self._client.on_message = self._on_message
        self._client.connect(HOST, port)
        self._client.loop_start()
        granted: queue.Queue[int] = queue.Queue()
        self._client.on_subscribe = lambda c, u, mid, codes, p: granted.put(mid)
        for topic_filter in filters:
            self._client.subscribe(topic_filter, qos=1)
            granted.get(timeout=LIMIT_S)

    def _on_message(self, client: Any, context: Any, message: paho.MQTTMessage) -> None:
        self.heard.put((message.topic, bytes(message.payload)))

    def say(self, topic: str, payload: bytes, qos: int = 1) -> None:
        self._client.publish(topic, payload, qos=qos).wait_for_publish(LIMIT_S)

    def hear(self, count: int) -> list[bytes]:
        return [self.heard.get(timeout=LIMIT_S)[1] for _ in range(count)]

    def end(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@contextlib.contextmanager
def peer(port: int, *filters: str) -> Generator[Peer]:
    """A Peer that hears `filters`, for the length of a block."""
    made = Peer(port, *filters)
    try:
        yield made
    finally:
        made.end()


class Line:
    """A TCP line to `port`. `deaf` stops what the broker says, `mute` what the client says: nobody is told."""

    def __init__(self, port: int) -> None:
        self.port = 0
        self.deaf = False
        self.mute = False
        self.said = bytearray()  # by clients
        self._to = port
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(HOST, self._to)
        except OSError:
            writer.close()
            return
        self._writers += [writer, far_writer]
        self._tasks += [
            asyncio.create_task(self._carry(reader, far_writer, up=True)),
            asyncio.create_task(self._carry(far_reader, writer, up=False)),
        ]

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, up: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(4096):
                if up:
                    self.said += chunk
                if not (self.mute if up else self.deaf):
                    writer.write(chunk)
                    await writer.drain()
        if not (self.mute if up else self.deaf):
            writer.close()

    def cut(self) -> None:
        """Every connection breaks."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def end(self) -> None:
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def line_to(port: int) -> AsyncGenerator[Line]:
    """A Line for the length of a block."""
    line = Line(port)
    server = await asyncio.start_server(line.serve, HOST, 0)
    line.port = server.sockets[0].getsockname()[1]
    try:
        yield line
    finally:
        server.close()
        await line.end()
        await server.wait_closed()
