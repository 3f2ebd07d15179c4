# SPDX-License-Identifier: Apache-2.0
"""The shell around a node's core: it waits, keeps time, and does what the core wants done, in order.

Three things go on at once: the link carries, `_ticks` wakes the core and its meters and feeds the watchdog, carriers
bring out what the core sent. None of them runs while the core does, so a core that hangs is a board that resets.

An error that is no peer's fault (a chip that does not sign, a full flash, a mistake of ours) counts as a power cut:
the core is thrown away and made anew from the store, and what it was told is told again.
"""

import asyncio

from ..compat import const
from ..errors import WireError
from ..link.carrier import WAITING_MAX, Carrier
from ..wire import topics
from .effects import Drop, Keep, Listen, Publish, Send

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from typing import Any, Protocol

    from ..home.assistant import HomeAssistant
    from ..interfaces import Clock, Store
    from ..link.mqtt import MqttClient
    from ..metering.reading import Reading
    from .effects import Effect
    from .member import Core

    Note = Callable[[str, str], None]
    Event = Callable[[Any], list[Effect]]
    OnMessage = Callable[[str, bytes], Awaitable[None]]
    OnUp = Callable[[bool], None]

    class Source(Protocol):
        """A meter that is read slot by slot (metering/slots.py), or a file that stands for one."""

        wake_at: int
        """When `on_tick` is wanted, Unix s."""

        def on_tick(self, now: int) -> "list[Reading]":
            """Readings of the slots that have ended; never raises for its hardware."""
            ...


NAP_S_MAX = const(60)  # so that a clock that jumped is noticed
WATCH_S = const(5)  # naps with a watchdog
TRIES_MAX = const(5)  # of one event in a row, before the whole board starts anew
PAUSE_MS = const(1000)  # after the first fault; doubles
CARRIERS = const(4)  # messages on their way to the broker at a time


class Feed:
    """Where readings come from: the home's own meter, or the one at `panel_id`."""

    def __init__(self, source: "Source", panel_id: "bytes | None" = None) -> None:
        self.source = source
        self.panel_id = panel_id


class Runtime:
    """One node at work; `run` is all there is to it."""

    def __init__(
        self,
        build: "Callable[[int], Core]",
        store: "Store",
        client_of: "Callable[[OnMessage, OnUp], MqttClient]",
        feeds: "list[Feed]",
        clock: "Clock",
        sleep_ms: "Callable[[int], Awaitable[None]]",
        note: "Note",
        watchdog: "Callable[[], None] | None" = None,
        waiting_max: int = WAITING_MAX,
        home: "HomeAssistant | None" = None,
    ) -> None:
        """`build(now)` makes a core that remembers nothing, `client_of(on_message, on_up)` a client that rests.

        `sleep_ms` goes by `clock`. `note(code, text)` hears what the user may want to know. `watchdog` is called
        every WATCH_S while all is well. `home` is told what the user's Home Assistant says, and speaks to it.
        """
        self._build = build
        self._store = store
        self._feeds = feeds
        self._clock = clock
        self._sleep_ms = sleep_ms
        self._note = note
        self._watchdog = watchdog
        self._home = home
        self._wake = asyncio.Event()
        self._wake_at = 0  # what the nap was made for
        self._up: "list[bool]" = []  # connections that the core has not heard of: whether the session is a new one
        self._poison = b""  # the message that the last fault was about
        self._faults = 0
        self._ended = asyncio.Event()
        self._error: "BaseException | None" = None
        self.core = build(clock.now())
        member = self.core.member
        self._network = member.network
        self._kid = member.kid
        self.client = client_of(self.on_message, self._on_up)
        self.carrier = Carrier(self.client, member.network, member.kid, note, waiting_max)

    async def run(self) -> None:
        """Until cancelled. Raises what went wrong again and again: then only a fresh start can help."""
        self.carrier.inbox()
        if self._home:
            self.carrier.hear(self._home.filter)
        self._begin()
        works = [self.client.run(), self._ticks()]
        works += [self.carrier.run() for _ in range(CARRIERS)]
        tasks = [asyncio.create_task(self._guarded(work)) for work in works]
        try:
            await self._ended.wait()
        finally:
            for task in tasks:
                task.cancel()
        if self._error is not None:
            raise self._error

    async def on_message(self, topic: str, payload: bytes) -> None:
        """What the broker brings. It may go on when the core is done with it, and what had to be kept is."""
        if self._home and topic == self._home.filter:
            self._home.on_status(payload, self._clock.now())
            self._wake.set()
            return
        network, _sender, to, kind = topics.parse(topic)
        if network != self._network or (to is not None and to != self._kid):
            raise WireError("not for us")
        try:
            self._happen(lambda core: core.on_message(kind or "in", payload, self._clock.now()))
        except Exception:
            # The broker brings it again. One message must not keep a node from all others.
            self._faults = self._faults + 1 if payload == self._poison else 1
            self._poison = payload
            if self._faults < TRIES_MAX:
                raise
            self._note("fault", "given up: a message from " + topic)
        if payload == self._poison:
            self._poison = b""
        if self.core.wake_at < self._wake_at:
            self._wake.set()

    def _on_up(self, fresh: bool) -> None:
        self._up.append(fresh)
        self._wake.set()

    async def _guarded(self, work: "Coroutine[Any, Any, None]") -> None:
        """None of our works ends while all is well."""
        try:
            await work
        except Exception as error:  # noqa: BLE001 - whatever it is, `run` raises it
            self._error = self._error or error
        finally:
            self._ended.set()

    async def _ticks(self) -> None:
        while True:
            self._wake.clear()
            now = self._clock.now()
            while self._up:
                fresh = self._up.pop(0)
                await self._surely(_connected(fresh, now))
                if self._home:
                    self._home.on_connected(now)
            for feed in self._feeds:
                if feed.source.wake_at <= now:
                    for reading in feed.source.on_tick(now):
                        await self._surely(_told(feed, reading, now))
            if self.core.wake_at <= now:
                await self._surely(lambda core: core.on_tick(self._clock.now()))
            if self._home and self._home.wake_at <= now:
                await self._tell_home(self._home, now)
            if self._watchdog:
                self._watchdog()
            await self._nap(now)

    async def _tell_home(self, home: "HomeAssistant", now: int) -> None:
        """What is retained goes as trade does; a figure that finds no connection is old before there is one."""
        for topic, payload, retain in home.on_tick(now):
            if retain:
                self.carrier.carry(topic, payload, retain)
            else:
                await self.client.publish(topic, payload, 0)

    async def _nap(self, now: int) -> None:
        """Until something is due, or a message made something due."""
        due = [self.core.wake_at] + [feed.source.wake_at for feed in self._feeds]
        if self._home:
            due.append(self._home.wake_at)
        self._wake_at = min(due)
        longest = WATCH_S if self._watchdog else NAP_S_MAX
        span_s = min(max(self._wake_at - now, 0), longest)
        alarm = asyncio.create_task(self._ring(span_s * 1000))
        try:
            await self._wake.wait()
        finally:
            alarm.cancel()

    async def _ring(self, span_ms: int) -> None:
        await self._sleep_ms(span_ms)
        self._wake.set()

    async def _surely(self, event: "Event") -> None:
        """What nobody tells again: try until the core has done it."""
        pause_ms = PAUSE_MS
        for _ in range(TRIES_MAX - 1):
            try:
                self._happen(event)
                return
            except Exception:  # noqa: BLE001 - noted where it happened
                await self._sleep_ms(pause_ms)
                pause_ms *= 2
        self._happen(event)

    def _happen(self, event: "Event") -> None:
        """Tell the core, do what it wants. After a fault there is a new core that knows what was kept, and no more."""
        try:
            self._perform(event(self.core))
        except Exception as error:
            self._note("fault", "%s: %s" % (type(error).__name__, error))
            self.core = self._build(self._clock.now())
            self._begin()
            self.carrier.again()
            raise

    def _begin(self) -> None:
        now = self._clock.now()
        self._perform(self.core.restore(self._store.items(), now))
        self._perform(self.core.start(now))

    def _perform(self, effects: "list[Effect]") -> None:
        for effect in effects:
            if isinstance(effect, Keep):
                self._store.keep(effect.key, effect.value)
            elif isinstance(effect, Drop):
                self._store.drop(effect.key)
            elif isinstance(effect, Send):
                self.carrier.send(effect.to, effect.payload)
            elif isinstance(effect, Publish):
                self.carrier.publish(effect.kind, effect.payload)
            elif isinstance(effect, Listen):
                self.carrier.listen(effect.kind, effect.sender)
            else:
                self._note(effect.code, effect.text)


def _connected(fresh: bool, now: int) -> "Event":
    return lambda core: core.on_connected(now, fresh)


def _told(feed: Feed, reading: "Reading", now: int) -> "Event":
    if feed.panel_id is None:
        return lambda core: core.on_reading(reading, now)
    return lambda core: core.on_panel_reading(feed.panel_id, reading)
