# SPDX-License-Identifier: Apache-2.0
"""An MQTT 3.1.1 client that stays connected: session.py's session over asyncio streams, the same on a board and a PC.

Nothing polls: three tasks live as long as a connection, one that reads, one that writes, one that sleeps until the
session wants to know the time; the first that ends takes the others with it, and after a while there is a new
connection. A message is acknowledged when `on_message` has returned, so what a power cut interrupts comes again, and
whoever receives must bear to see it twice.
"""

import asyncio

from ..compat import const
from ..errors import LinkError, RuleError, WireError
from .packets import Framer, encode_publish
from .session import elapsed_ms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from typing import Any, Protocol

    from .packets import Packet
    from .session import Session

    class ByteReader(Protocol):
        """What is used of an asyncio stream that reads."""

        async def read(self, n: int = -1) -> bytes:
            """At most `n` bytes; none at the end."""
            ...

    class ByteWriter(Protocol):
        """What is used of an asyncio stream that writes."""

        def write(self, data: bytes) -> None:
            """Later, maybe."""
            ...

        async def drain(self) -> None:
            """Until there is room."""
            ...

        def close(self) -> None:
            """No more."""
            ...

        async def wait_closed(self) -> None:
            """Until it is."""
            ...

    Dial = Callable[[], Coroutine[Any, Any, tuple[ByteReader, ByteWriter]]]

BACKOFF_MS_MIN = const(1000)
BACKOFF_MS_MAX = const(60000)
_OUT_MAX = const(16)  # what waits to be written before whoever wants to add to it has to wait
_CLOSE_S = const(2)


class MqttClient:
    """`run` is a task of its own; it ends when `close` was called."""

    def __init__(
        self,
        session: "Session",
        dial: "Dial",
        on_message: "Callable[[str, bytes], Awaitable[None]]",
        on_up: "Callable[[bool], None]",
        note: "Callable[[str, BaseException | None], None]",
        now_ms: "Callable[[], int]",
        sleep_ms: "Callable[[int], Awaitable[None]]",
        jitter: "Callable[[int], int]",
        size_max: int = 2048,
    ) -> None:
        """`jitter(n)` is any number from 0 to n - 1, `note` hears of whatever went wrong, `size_max` bounds what
        a packet may bring, `on_up` hears of every connection, with True if the broker had no session of ours, so that
        what it retained for us may be gone, too. `now_ms` and `sleep_ms` belong to one clock; see session.py.

        `on_message` must not wait for `publish` of QoS 1 or `subscribe`: their answers are read after it. It is
        cancelled where it waits if the connection ends, and will see the message again.
        WireError and RuleError of `on_message` are its sender's fault: noted, and the message is done with. Any
        other error is ours: noted, the connection ends, and the broker brings the message again.
        """
        self.session = session
        self._dial = dial
        self._on_message = on_message
        self._on_up = on_up
        self._note = note
        self._now_ms = now_ms
        self._sleep_ms = sleep_ms
        self._jitter = jitter
        self._size_max = size_max
        self._writer: "ByteWriter | None" = None
        self._wake = asyncio.Event()  # there may be something to write
        self._moved = (
            asyncio.Event()
        )  # something was written or has landed, or the connection is gone
        self._ended = asyncio.Event()  # one of the tasks, or all of it
        self._error: "BaseException | None" = None
        self._running = 0  # how many tasks there are
        self._reader: "Any" = None  # the task that calls on_message
        self._closing = False

    async def run(self) -> None:
        """Connect again and again, each time later, but for a connection that lasted."""
        backoff_ms = BACKOFF_MS_MIN
        while not self._closing:
            began_ms = self._now_ms()
            await self._connection()
            if self._closing:
                break
            self._note("connection lost", self._error)
            if elapsed_ms(self._now_ms(), began_ms) > BACKOFF_MS_MAX:
                backoff_ms = BACKOFF_MS_MIN
            half_ms = backoff_ms // 2
            await self._until_first((self._pause(half_ms + self._jitter(half_ms + 1)),))
            backoff_ms = min(2 * backoff_ms, BACKOFF_MS_MAX)

    async def publish(self, topic: str, payload: bytes, qos: int = 1, retain: bool = False) -> None:
        """QoS 1: waits for room in the window and returns when the broker has it; who is cancelled while waiting
        for that does not take it back. QoS 0: as soon as it is on its way; nothing happens without a connection."""
        session = self.session
        if qos == 0:
            packet = encode_publish(topic, payload, 0, retain)
            await self._until_short()
            if session.up:
                session.out.append(packet)
                self._wake.set()
            return
        self._check_caller()
        while not session.has_room():
            self._moved.clear()
            await self._moved.wait()
        landed = asyncio.Event()
        session.publish(topic, payload, retain, lambda landing: landed.set())
        self._wake.set()
        await landed.wait()

    async def subscribe(self, topic_filter: str) -> None:
        """At QoS 1, again in every new session. Returns when the broker grants it; LinkError if it does not."""
        answered = asyncio.Event()
        granted: "list[bool]" = []

        def on_answer(answer: bool) -> None:
            if not answered.is_set():
                granted.append(answer)
                answered.set()
            elif not answer:
                self._note("no longer granted: " + topic_filter, None)

        self._check_caller()
        self.session.subscribe(topic_filter, on_answer)
        self._wake.set()
        await answered.wait()
        if not granted[0]:
            raise LinkError("the broker does not let us hear " + topic_filter)

    async def close(self) -> None:
        """Say that we go and hang up; `run` returns. What has no PUBACK yet is not waited for."""
        if self.session.up:
            self.session.leave()
            self._wake.set()
            while self.session.out:
                self._moved.clear()
                await self._moved.wait()
        self._closing = True
        self._ended.set()

    async def _connection(self) -> None:
        self.session.open(self._now_ms())
        try:
            await self._until_first((self._read(), self._write(), self._watch()))
        finally:
            self.session.close()
            self._moved.set()
            writer, self._writer = self._writer, None
            if writer is not None:
                await hang_up(writer, self._closing)

    async def _until_first(self, works: "tuple[Coroutine[Any, Any, None], ...]") -> None:
        """Run them until one ends or we are to close, end the others; `_error` is what it was."""
        self._ended.clear()
        self._error = None
        tasks = [asyncio.create_task(self._guarded(work)) for work in works]
        try:
            await self._ended.wait()
        finally:
            for task in tasks:
                task.cancel()
            while self._running:
                self._ended.clear()
                await self._ended.wait()

    async def _guarded(self, work: "Coroutine[Any, Any, None]") -> None:
        """`work`; whatever it raises ends here and is told, so that nothing kills the loop unnoticed."""
        self._running += 1
        try:
            await work
        except Exception as error:  # noqa: BLE001 - TLS raises ValueError, too, and on_message anything
            if self._error is None:
                self._error = error
        finally:
            self._running -= 1
            self._ended.set()

    async def _read(self) -> None:
        self._reader = asyncio.current_task()
        reader, self._writer = await self._dial()
        self._wake.set()
        framer = Framer(self._size_max)
        while True:
            chunk = await reader.read(framer.wanted())
            if not chunk:
                raise EOFError("the broker hung up")
            packet = framer.take(chunk)
            if packet is not None:
                await self._take(packet)

    async def _take(self, packet: "Packet") -> None:
        was_up = self.session.up
        message = self.session.on_packet(packet, self._now_ms())
        if not was_up:
            self._on_up(self.session.fresh)
        if message is not None:
            topic, payload, packet_id = message
            if topic:
                try:
                    await self._on_message(topic, payload)
                except (WireError, RuleError) as error:
                    self._note("refused: " + topic, error)
            else:
                self._note("dropped: a PUBLISH of %d bytes" % packet[2], None)
            await self._until_short()
            self.session.on_done(packet_id, self._now_ms())
        self._moved.set()
        self._wake.set()

    async def _write(self) -> None:
        out = self.session.out
        while True:
            await self._wake.wait()
            self._wake.clear()
            while out and self._writer is not None:
                self._writer.write(out[0])
                await self._writer.drain()
                out.pop(0)
                self.session.sent_ms = self._now_ms()
                self._moved.set()

    async def _watch(self) -> None:
        session = self.session
        while True:
            due_ms = min(session.due_ms(self._now_ms()), session.keepalive_ms // 2)
            await self._pause(max(due_ms, 1))
            session.on_time(self._now_ms())
            self._wake.set()

    def _check_caller(self) -> None:
        """What on_message waits for must not need the task that waits for on_message."""
        if self.session.busy and asyncio.current_task() is self._reader:
            raise ValueError("on_message cannot wait for the broker: start a task")

    async def _until_short(self) -> None:
        while len(self.session.out) >= _OUT_MAX:
            self._moved.clear()
            await self._moved.wait()

    async def _pause(self, span_ms: int) -> None:
        await self._sleep_ms(span_ms)


async def hang_up(writer: "ByteWriter", orderly: bool) -> None:
    """Close it for good. What a dead line has not taken is thrown away instead of waited for."""
    transport: "Any" = getattr(writer, "transport", None)  # CPython's streams have one
    if transport is not None and not orderly:
        transport.abort()
    try:
        writer.close()
        await asyncio.wait_for(writer.wait_closed(), _CLOSE_S)
    except (OSError, EOFError, ValueError, asyncio.TimeoutError):
        pass  # gone either way
