# SPDX-License-Identifier: Apache-2.0
"""One process' own line to the broker, beside those of its nodes: JSON from part to part of a fleet.

It goes by the machine's clock. What cannot be read, or is of another run, is left out: the broker may still have
messages for a run that was stopped.
"""

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from host.broker.config import PACKET_SIZE_MAX
from wattpact.errors import LinkError, WireError
from wattpact.link.mqtt import MqttClient
from wattpact.link.session import Session
from wattpact.wire import topics

from ..world.seeds import child
from .errors import FleetError
from .identity import Identity

KEEPALIVE_S = 30
WINDOW = 4
FIRST_S = 20
SILENT_S = 60.0
"""Of the machine's: a process or broker that says nothing for so long is taken for gone."""

PROBE = b"probe"
"""No message of the protocol: whoever hears it refuses it."""
Message = Mapping[str, Any]


class Control:
    """Part `shard` of `kids`, the control kids of all parts in order."""

    def __init__(
        self,
        identity: Identity,
        kids: Sequence[bytes],
        shard: int,
        network: bytes,
        dial: Callable[[], Any],
        seed: int,
    ) -> None:
        self.shard = shard
        self.shards = len(kids)
        self.run = ""
        """The name of this run."""
        self._kids = kids
        self._network = network
        self._came: asyncio.Queue[tuple[int, Message]] = asyncio.Queue()
        self._trouble: asyncio.Queue[str] = asyncio.Queue()
        self._dial = dial
        presence = topics.broadcast(network, identity.kid, "presence")
        session = Session(identity.kid.hex(), presence, 1, KEEPALIVE_S, WINDOW)
        self._client = MqttClient(
            session,
            dial,
            self._on_message,
            lambda fresh: None,
            self._note,
            lambda: int(time.monotonic() * 1000),
            _sleep_ms,
            child(seed, "jitter", identity.name).randrange,
            PACKET_SIZE_MAX,
        )
        self._task: asyncio.Task[None] | None = None

    # -- the line

    async def connect(self) -> None:
        """FleetError, in one line, if there is no such broker, or it does not let us in or hear ourselves."""
        self._task = asyncio.create_task(self._client.run())
        inbox = topics.inboxes(self._network, self._kids[self.shard - 1])
        try:
            await self._or_trouble(self._client.subscribe(inbox))
        except LinkError as error:
            raise FleetError(str(error)) from None

    async def hear_ourselves(self, wait_s: float) -> None:
        """A broker with an access list grants what it does not carry: until it brings us what we say to ourselves."""
        until = time.monotonic() + wait_s
        while time.monotonic() < until:
            await self.say(self.shard, "echo")
            if await self.next(1.0, "echo"):
                return
        raise FleetError("the broker carries nothing of ours: does it know the devices?")

    async def _or_trouble(self, work: Any) -> None:
        working = asyncio.ensure_future(work)
        trouble = asyncio.ensure_future(self._trouble.get())
        tasks = {working, trouble}
        done, rest = await asyncio.wait(tasks, timeout=FIRST_S, return_when=asyncio.FIRST_COMPLETED)
        for task in rest:
            task.cancel()
        if working in done:
            working.result()
        elif trouble in done:
            raise FleetError(trouble.result())
        else:
            raise FleetError("it does not answer")

    async def close(self) -> None:
        """Hang up."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _note(self, text: str, error: BaseException | None) -> None:
        if self._trouble.empty():
            self._trouble.put_nowait(str(error) if error else text)

    async def _on_message(self, topic: str, payload: bytes) -> None:
        _network, sender, _to, _kind = topics.parse(topic)
        try:
            message: Message = dict(json.loads(payload))
            shard = self._kids.index(sender) + 1
        except (ValueError, TypeError) as error:
            raise WireError("not of this fleet") from error
        self._came.put_nowait((shard, message))

    async def say(self, to: int, kind: str, qos: int = 1, **more: Any) -> None:
        """One message to part `to`. FleetError if the broker does not take it."""
        topic = topics.inbox(self._network, self._kids[to - 1], self._kids[self.shard - 1])
        payload = json.dumps({"kind": kind, "run": self.run, **more}).encode()
        await self._publish(topic, payload, qos)

    async def probe(self, network: bytes, kid: bytes) -> None:
        """PROBE to a node's inbox; FleetError if the broker does not take it."""
        await self._publish(topics.inbox(network, kid, self._kids[self.shard - 1]), PROBE, 1)

    async def _publish(self, topic: str, payload: bytes, qos: int) -> None:
        try:
            await asyncio.wait_for(self._client.publish(topic, payload, qos), SILENT_S)
        except TimeoutError:
            raise FleetError("the broker does not answer any more") from None

    async def next(self, wait_s: float, *kinds: str) -> tuple[int, Message] | None:
        """(part, message), the next of these kinds and of this run; None if none comes for so long."""
        until = time.monotonic() + wait_s
        while (left := until - time.monotonic()) > 0:
            try:
                shard, message = await asyncio.wait_for(self._came.get(), left)
            except TimeoutError:
                break
            named = message.get("kind") == "welcome" or message.get("run") == self.run
            if message.get("kind") in kinds and named:
                return shard, message
        return None

    async def must_come(self, *kinds: str) -> tuple[int, Message]:
        """The same, or FleetError."""
        came = await self.next(SILENT_S, *kinds)
        if came is None:
            words = "nothing came for %d s of what was waited for: %s"
            raise FleetError(words % (SILENT_S, ", ".join(kinds)))
        return came


async def _sleep_ms(span_ms: int) -> None:
    await asyncio.sleep(span_ms / 1000)
