# SPDX-License-Identifier: Apache-2.0
"""The nodes that this process runs, all of a fleet's or one shard of them, in an asyncio loop of a thread of its own.

The main thread has signals, and in shard 1 the host and its chain file; it calls `do` and waits.
"""

import asyncio
import concurrent.futures
import hashlib
import resource
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from host.errors import BrokerError
from host.keys import OpensslSigner, OpensslVerifier
from wattpact.crypto.hashes import kid as kid_of
from wattpact.link.dial import dialler

from ..choices import Choices
from ..cores import Cores
from ..founding import BLOCK_S, READ_S, Enrolled, Founding, Keys
from ..online import Online
from ..scenario import HomeSite, PlantSite, Scenario, identity, secret
from ..settings import Settings
from ..streams import tell
from ..vm.connections import Route
from ..world.access import NETWORKS, AccessLine
from ..world.input_errors import plain
from ..world.profiles import SLOT_S
from .clock import LeasedClock, Standstill
from .control import Control
from .errors import FleetError
from .identity import Contexts, Identity, enrol
from .nodes import Makers, Node, keepalive_at
from .relay import Relay
from .rounds import Follower, Host, Rounds, gather, join
from .sweep import forget
from .told import Told
from .vm import Setup, VmNode

T = TypeVar("T")
HUP_S = 300
ECHO_S = 10
SETTLE_S = 60
"""Without one more node that has got in."""
STOP_S = 20
CANCEL_S = 0.5
AT_ONCE = 20
HOST_WAITS_S = 2 * BLOCK_S
FILES_PER_NODE, OTHER_FILES = 4, 256
"""A connection, and with an access network its three ends and a listener."""


class Part:
    """Shard `online.shard` of a fleet."""

    def __init__(self, settings: Settings, online: Online, scenario: Scenario) -> None:
        self.online = online
        self.clock = LeasedClock(scenario.start, online.speed)
        self.keys = Keys(settings.seed, scenario, OpensslVerifier())
        self.notes: dict[str, int] = {}
        self.choices = Choices(scenario, self.clock.now)
        self.plants: dict[str, Node[PlantSite]] = {}
        self.homes: dict[str, Node[HomeSite] | VmNode] = {}
        self._settings = settings
        self._scenario = scenario
        self._contexts: Contexts | None = None
        self._controls = [
            Identity(
                name, kid_of(OpensslSigner(secret(settings.seed, name)).public_key), ("meter",)
            )
            for name in ("shard %d" % (index + 1) for index in range(online.shards))
        ]
        self.identities = self._identified()
        self.network = b""
        """The fleet's, when it is founded."""
        self._meeting = identity(settings.seed, "fleet")
        """The network level of topics on which processes meet."""
        self._control: Control | None = None
        able = [home.name for home in scenario.homes if not home.secure_element]
        self._on_vm = able[: online.vms]
        self._tasks: list[asyncio.Task[None]] = []
        self._relays: list[Relay] = []
        _allow_files(FILES_PER_NODE * (len(scenario.homes) + len(scenario.plants)))
        self._stood = Standstill()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    # -- from the main thread

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run it in the loop, and wait for what it gives or raises. A signal ends the waiting, and the work."""
        future = self.begin(work)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def begin(self, work: Coroutine[Any, Any, T]) -> "concurrent.futures.Future[T]":
        """The same without waiting."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def look(self) -> None:
        """Call it now and then. FleetError if virtual time, which should go on, has stood still for STILL_S."""
        self._stood.look(self.clock.now_ms())

    def close(self) -> None:
        """Stop all nodes and the loop."""
        if self._thread.is_alive():
            try:
                self.begin(self._stop()).result(STOP_S)
            except concurrent.futures.TimeoutError:
                pass  # a broker that is gone: the connections end with the process
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(STOP_S)
            if not self._thread.is_alive():
                self._loop.close()

    def _identified(self) -> dict[str, Identity]:
        """Everybody who connects for this fleet, by name."""
        keys, found = self.keys, [Identity("sequencer", self.keys.host_kid, ("host",))]
        for site, signer in zip(self._scenario.plants, keys.plants):
            found.append(Identity(site.name, kid_of(signer.public_key), ("plant",)))
        for site, signer in zip(self._scenario.homes, keys.homes):
            roles = ("meter", "plant") if site.roof else ("meter",)
            found.append(Identity(site.name, kid_of(signer.public_key), roles))
        return {each.name: each for each in (*found, *self._controls)}

    def context(self, name: str) -> Any:
        """TLS for one of `identities` by name, or None without TLS."""
        return self._contexts.of(self.identities[name]) if self._contexts else None

    async def sweep(self) -> None:
        """Stop our nodes, and have the broker forget our part of this run, which it would keep for ever."""
        await self._stop()
        address, network = self.online.address, self.network
        names = [*self.plants, *self.homes]
        if self.online.shard == 1:
            names.append("sequencer")
        own = self._controls[self.online.shard - 1]
        rows = [(self.identities[name], network) for name in names] + [(own, self._meeting)]
        for at in range(0, len(rows), AT_ONCE):
            works = [
                forget(
                    dialler(address.name, address.number, self.context(who.name)), who.kid, network
                )
                for who, network in rows[at : at + AT_ONCE]
            ]
            await asyncio.gather(*works)

    # -- in the loop

    async def meet(self) -> str:
        """Get to the broker and to the other shards; the name of this run. FleetError, in one line."""
        online = self.online
        try:
            if online.folder is not None:
                await self._enrol(online.folder)
            control = self._control = self._line(self._controls, online.shard)
            await control.connect()
            await control.hear_ourselves(ECHO_S)
        except BrokerError as error:
            raise FleetError(str(error)) from None
        except FleetError as error:
            where = "%s:%d" % (online.address.name, online.address.number)
            raise FleetError("%s: %s" % (where, error)) from None
        await (gather if online.shard == 1 else join)(control, self._digest())
        return control.run

    async def _enrol(self, folder: Path) -> None:
        """Have the broker know all of us, and see that it does."""
        new = enrol(folder, self._settings.seed, self.identities.values())
        self._contexts = Contexts(folder, self._settings.seed)
        if not new:
            return
        words = "enrolled %d; the broker must read its lists again: kill -HUP $(cat %s)"
        tell(words % (len(new), plain(str(folder / "mosquitto.pid"))))
        probe = self._line([new[-1]], 1)
        try:
            await probe.connect()
            await probe.hear_ourselves(HUP_S)
        finally:
            await probe.close()

    async def make(self, founding: Founding) -> None:
        """Our nodes, not connected yet."""
        self.clock.set(founding.begin)
        self.network = founding.network
        seed = self._settings.seed
        verifier = OpensslVerifier()
        cores = Cores(founding, self._scenario.month, verifier, self.choices.made)
        makers = Makers(cores, self._scenario, self.clock, seed, self._note)
        setup = Setup(seed, self._scenario, founding, keepalive_at(self.clock.speed))
        for index, plant in enumerate(founding.plants):
            if self._is_ours(index):
                self.plants[plant.site.name] = makers.plant(
                    plant, await self._dial(plant.site.name)
                )
        for index, home in enumerate(founding.homes, len(founding.plants)):
            if self._is_ours(index):
                self.homes[home.site.name] = await self._home(makers, setup, home)

    async def lead(self, founding: Founding, host: Host) -> list[Told]:
        """Shard 1: the whole run; what all shards' nodes say."""

        def behind() -> bool:
            return host.waits_s() > HOST_WAITS_S or self._works()

        rounds = Rounds(self._line_up(), self.clock, behind, host)
        await self._settle(rounds.settle, host.is_up)
        await self._beside(rounds.pace(founding.over_at * 1000), founding)
        told = [self._told()]
        for data in await rounds.ends():
            told.append(Told.decode(data, Choices(self._scenario, self.clock.now)))
        return told

    async def follow(self, founding: Founding) -> None:
        """Any other shard: the whole run."""
        follower = Follower(self._line_up(), self.clock, self._works)
        await self._settle(follower.settle, lambda: True)
        await self._beside(follower.follow(), founding)
        await follower.hand_over(self._told().encode())

    def _line_up(self) -> Control:
        assert self._control is not None
        return self._control

    def _told(self) -> Told:
        return Told.of(self._nodes(), self.notes, self.choices, self.clock.late_ms)

    async def _settle(
        self,
        settle: Callable[[Callable[[], bool]], Coroutine[Any, Any, None]],
        more: Callable[[], bool],
    ) -> None:
        """Connect our nodes, and wait until everybody's are."""
        nodes = self._nodes()
        self._tasks = [node.start() for node in nodes]

        def quiet() -> bool:
            return more() and all(node.quiet() for node in nodes)

        settling = asyncio.create_task(self._unless_failed(settle(quiet)))
        before = -1
        while not (await asyncio.wait({settling}, timeout=SETTLE_S))[0]:
            if quiet():
                continue  # others are not ready; whoever waits for them knows how long
            count = sum(node.quiet() for node in nodes)
            if count <= before:
                settling.cancel()
                late = next((node for node in nodes if not node.quiet()), None)
                why = "%s does not get in: %s" % (late.name, late.trouble) if late else "no host"
                raise FleetError(why)
            before = count
        settling.result()
        self.clock.begin()

    async def _beside(self, work: Coroutine[Any, Any, None], founding: Founding) -> None:
        """`work`, while nodes go on; in time they stop to offer."""
        closing = asyncio.create_task(self._close_shops(founding.close_at))
        self._stood.begin(self.clock.now_ms())
        try:
            await self._unless_failed(work)
        finally:
            self._stood.end()
            closing.cancel()

    async def _close_shops(self, at: int) -> None:
        await self.clock.until_ms(at * 1000)
        for node in self._nodes():
            node.close_shop()

    async def _unless_failed(self, work: Coroutine[Any, Any, None]) -> None:
        """`work`, or the error of the first node that cannot go on."""
        working = asyncio.create_task(work)
        try:
            done, _ = await asyncio.wait(
                {working, *self._tasks}, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                task.result()
        finally:
            working.cancel()

    async def _stop(self) -> None:
        """End everything that goes on in the loop, whatever it is; `wait_for` may swallow a first cancellation."""
        while rest := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in rest:
                task.cancel()
            await asyncio.wait(rest, timeout=CANCEL_S)
        for relay in self._relays:
            relay.close()

    def _is_ours(self, index: int) -> bool:
        return index % self.online.shards == self.online.shard - 1

    async def _home(
        self, makers: Makers, setup: Setup, home: Enrolled[HomeSite]
    ) -> Node[HomeSite] | VmNode:
        """On MicroPython, if it is one of the first that can be."""
        name = home.site.name
        if name not in self._on_vm:
            return makers.home(home, await self._dial(name))
        where = await self._way(name)
        route = Route(*where, self.context(name), self.online.address.name)
        return VmNode(home, setup, route, self.clock, self._note_from_thread)

    def _note_from_thread(self, code: str, text: str) -> None:
        self._loop.call_soon_threadsafe(self._note, code, text)

    async def _dial(self, name: str) -> Any:
        """What brings a node of ours to the broker."""
        where = await self._way(name)
        return dialler(*where, self.context(name), self.online.address.name)

    async def _way(self, name: str) -> tuple[str, int]:
        """What it has to dial: the broker, or the access network before it."""
        address = self.online.address
        where = (address.name, address.number)
        if self.online.access:
            begin_ms = self.clock.now_ms()
            line = AccessLine(NETWORKS[self.online.access], self._settings.seed, name, begin_ms)
            relay = Relay(line, address.name, address.number, self.clock)
            self._relays.append(relay)
            where = await relay.open()
        return where

    def _nodes(self) -> list[Node[Any] | VmNode]:
        return [*self.plants.values(), *self.homes.values()]

    def _works(self) -> bool:
        """A VM is at work."""
        return any(isinstance(node, VmNode) and node.works() for node in self.homes.values())

    def _note(self, code: str, text: str) -> None:
        key = "%s: %s" % (code, text)
        self.notes[key] = self.notes.get(key, 0) + 1

    def _line(self, identities: list[Identity], shard: int) -> Control:
        address = self.online.address
        own = identities[shard - 1]
        return Control(
            own,
            [each.kid for each in identities],
            shard,
            self._meeting,
            dialler(address.name, address.number, self.context(own.name)),
            self._settings.seed,
        )

    def _digest(self) -> str:
        """Of all that decides what a fleet is: each shard must have the same."""
        scenario = self._scenario
        told = hashlib.sha256(
            repr((self._settings.figures(), self.online.speed, self.online.access)).encode()
        )
        worlds = [panel.world for plant in scenario.plants for panel in plant.panels]
        for index in range(scenario.slots):
            row = [home.home.load_wh(index) for home in scenario.homes]
            row += [world.generated_wh(index) for world in worlds]
            told.update(repr(row).encode())
        return told.hexdigest()


def _allow_files(count: int) -> None:
    """Open so many files at once, as far as this process may allow itself."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def slots_over(scenario: Scenario, now: int) -> int:
    """How many slots have ended and were read by `now`."""
    return min(max((now - READ_S - scenario.start) // SLOT_S, 0), scenario.slots)
