# SPDX-License-Identifier: Apache-2.0
"""How the processes of a fleet find each other, keep one time, and bring their figures together.

    join      I -> 1     "I am part I of N", again and again until it is heard
    welcome   1 -> I     the name of this run
    ready     I -> 1     its nodes are connected, and the broker has answered all they asked
    beat      1 -> all   round n, virtual time t: go on until t + LEASE
    beaten    all -> 1   round n has arrived
    ask       1 -> I     the run is over: what do your nodes say?
    end       I -> 1     that, in parts
    over      1 -> I     all of it has arrived

Shard 1 beats to itself over the broker as well, and the next beat follows when every answer is there. So virtual time
waits for the slowest process, for the broker and for the host's disk, and no clocks of machines have to agree.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..streams import tell
from .clock import LeasedClock
from .control import SILENT_S, Control
from .errors import FleetError

LEASE_MS = 5_000
"""Virtual time between two answers of all, at most: a quarter of what a plant has to answer a meter."""
LOOK_S = 0.001
GATHER_S = 600.0
"""Of the machine's: shards are started by hand, and a large one needs long to connect."""
JOIN_S = 1.0
AGAIN_S = 1.0
QUIET_ROUNDS = 5
HOST_EVERY = 4
"""Rounds between two looks at whether the host hears: its answers matter within minutes, not seconds."""
PART_SIZE = 4_000


async def gather(control: Control, digest: str) -> None:
    """Shard 1: name the run when all others are there. FleetError if one was started with other parameters."""
    missing = dict.fromkeys(range(2, control.shards + 1), "")
    if missing:
        tell("waiting for shards 2 to %d" % control.shards)
    while absent := [shard for shard, nonce in missing.items() if not nonce]:
        came = await control.next(GATHER_S, "join")
        if came is None:
            raise FleetError("shards that did not come: %s" % _listed(absent))
        shard, message = came
        if (message.get("digest"), message.get("shards")) != (digest, control.shards):
            raise FleetError("shard %d was started with other parameters" % shard)
        missing[shard] = str(message.get("nonce"))
    control.run = "%d" % time.time_ns()
    for shard, nonce in missing.items():
        await control.say(shard, "welcome", nonce=nonce)


async def join(control: Control, digest: str) -> None:
    """Any other shard: until shard 1 has welcomed us."""
    tell("shard %d of %d waits for shard 1" % (control.shard, control.shards))
    nonce = str(time.time_ns())
    until = time.monotonic() + GATHER_S
    while not control.run:
        if time.monotonic() > until:
            raise FleetError("shard 1 did not come")
        await control.say(1, "join", digest=digest, shards=control.shards, nonce=nonce)
        came = await control.next(JOIN_S, "welcome")
        if came and came[0] == 1 and came[1].get("nonce") == nonce:
            control.run = str(came[1].get("run"))


@dataclass(frozen=True)
class Host:
    """What a fleet sees of its host. `refused` counts messages that were no transactions, of which PROBE is one."""

    network: bytes
    kid: bytes
    is_up: Callable[[], bool]
    waits_s: Callable[[], int]
    """How long what came has waited for a block, in virtual s."""
    refused: Callable[[], int]


class Rounds:
    """Shard 1's: beats."""

    def __init__(
        self, control: Control, clock: LeasedClock, behind: Callable[[], bool], host: Host
    ) -> None:
        """`behind`: somebody here who does not beat has something to do that time must wait for."""
        self._control = control
        self._clock = clock
        self._behind = behind
        self._host = host
        self._number = 0

    async def settle(self, quiet: Callable[[], bool]) -> None:
        """Until every shard is ready and ours has been quiet for some rounds."""
        waiting = set(range(2, self._control.shards + 1))
        while waiting:
            came = await self._control.next(GATHER_S, "ready")
            if came is None:
                raise FleetError("shards that do not get ready: %s" % _listed(waiting))
            waiting.discard(came[0])
        await still(self._control, quiet)

    async def pace(self, over_ms: int) -> None:
        """Let virtual time pass until then."""
        while (now_ms := self._clock.now_ms()) < over_ms:
            await self._round(now_ms)
            self._clock.grant(now_ms, now_ms + LEASE_MS)
            # An instant, not a span: one from a moment later could end beyond what was granted, and nobody else grants.
            await self._clock.until_ms(now_ms + LEASE_MS // 2)

    async def _round(self, now_ms: int) -> None:
        self._number += 1
        waiting = set(range(1, self._control.shards + 1))
        until = time.monotonic() + SILENT_S
        while waiting:
            for shard in sorted(waiting):
                await self._control.say(shard, "beat", qos=0, number=self._number, ms=now_ms)
            again = time.monotonic() + AGAIN_S
            while waiting and (left := again - time.monotonic()) > 0:
                came = await self._control.next(left, "beat", "beaten")
                if came and came[1].get("number") == self._number:
                    waiting.discard(came[0])
            if waiting and time.monotonic() > until:
                raise FleetError(_silent(waiting))
        await caught_up(self._behind)
        if self._number % HOST_EVERY == 0:
            await self._host_hears(until)

    async def _host_hears(self, until: float) -> None:
        """It has taken what the broker had for it: a message to it, behind all others, was heard and refused."""
        before = self._host.refused()
        while True:
            await self._control.probe(self._host.network, self._host.kid)
            again = time.monotonic() + AGAIN_S
            while time.monotonic() < again:
                if self._host.refused() > before:
                    return
                await asyncio.sleep(LOOK_S)
            if time.monotonic() > until:
                raise FleetError("the host does not hear what the broker has for it")

    async def ends(self) -> list[bytes]:
        """What every other shard says of its nodes, in order."""
        found: list[bytes] = []
        for shard in range(2, self._control.shards + 1):
            await self._control.say(shard, "ask")
            parts: list[str] = []
            while True:
                sender, message = await self._control.must_come("end")
                if sender == shard and message.get("index") == len(parts):
                    parts.append(str(message.get("part")))
                    if len(parts) == message.get("parts"):
                        break
            found.append("".join(parts).encode())
            await self._control.say(shard, "over")
        return found


class Follower:
    """Any other shard's part in it."""

    def __init__(self, control: Control, clock: LeasedClock, behind: Callable[[], bool]) -> None:
        """As of Rounds."""
        self._control = control
        self._clock = clock
        self._behind = behind

    async def settle(self, quiet: Callable[[], bool]) -> None:
        """Tell shard 1 when our nodes are ready."""
        await still(self._control, quiet)
        await self._control.say(1, "ready")

    async def follow(self) -> None:
        """Go by shard 1's time until it says that the run is over."""
        while True:
            shard, message = await self._control.must_come("beat", "ask")
            if shard != 1:
                continue
            if message["kind"] == "ask":
                return
            now_ms = int(message["ms"])
            self._clock.grant(now_ms, now_ms + LEASE_MS)
            await caught_up(self._behind)
            await self._control.say(1, "beaten", qos=0, number=message["number"])

    async def hand_over(self, told: bytes) -> None:
        """What our nodes say; returns when shard 1 has it."""
        text = told.decode()
        parts = [text[at : at + PART_SIZE] for at in range(0, len(text), PART_SIZE)]
        for index, part in enumerate(parts):
            await self._control.say(1, "end", index=index, parts=len(parts), part=part)
        await self._control.must_come("over")


async def caught_up(behind: Callable[[], bool]) -> None:
    """Until nobody is behind any more; FleetError if that lasts as long as silence may."""
    until = time.monotonic() + SILENT_S
    while behind():
        if time.monotonic() > until:
            raise FleetError("host or VM hangs")
        await asyncio.sleep(LOOK_S)


async def still(control: Control, quiet: Callable[[], bool]) -> None:
    """Until nothing of our nodes' has been on its way for QUIET_ROUNDS messages to ourselves and back."""
    rounds = 0
    while rounds < QUIET_ROUNDS:
        rounds = rounds + 1 if quiet() else 0
        await control.say(control.shard, "echo")
        if await control.next(AGAIN_S, "echo") is None:
            rounds = 0
        await asyncio.sleep(0)


def _listed(shards: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(shards)))


def _silent(shards: set[int]) -> str:
    if shards == {1}:
        return "the broker does not answer any more"
    return "shard %d does not answer any more" % max(shards)
