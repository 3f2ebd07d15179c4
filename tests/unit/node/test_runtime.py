# SPDX-License-Identifier: Apache-2.0
"""The shell does what a core wants in order, survives its faults as power cuts, and ends with one that stays broken."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from tests.trade.world import World, kid_of
from wattpact.errors import BusError, LinkError, WireError
from wattpact.home.assistant import HomeAssistant
from wattpact.link.carrier import FILTERS_MAX
from wattpact.metering.reading import Reading
from wattpact.node.effects import Drop, Keep, Listen, Note, Publish, Send
from wattpact.node.member import Core, Member
from wattpact.node.runtime import TRIES_MAX, Feed, Runtime
from wattpact.wire import topics

NOW = 1_748_858_400
SLOT_S = 900
OTHER = kid_of("other")
Effects = list[Any]


class Flash:
    """A store in memory, whose writes are told in the order of everything else."""

    def __init__(self, told: list[str]) -> None:
        self.kept: dict[bytes, bytes] = {}
        self.told = told
        self.full = False

    def keep(self, key: bytes, value: bytes) -> None:
        if self.full:
            raise OSError("no space")
        self.told.append("keep " + key.decode())
        self.kept[key] = value

    def drop(self, key: bytes) -> None:
        self.told.append("drop " + key.decode())
        self.kept.pop(key, None)

    def items(self) -> list[tuple[bytes, bytes]]:
        return sorted(self.kept.items())


class Broker:
    """Where a client's words end: a broker that is always there."""

    def __init__(self, told: list[str]) -> None:
        self.told = told
        self.takes = asyncio.Event()
        self.takes.set()
        self.breaks_down = asyncio.Event()
        self.granted: Callable[[str], bool] = lambda _filter: True
        self.on_up: Callable[[bool], None] = lambda _fresh: None

    def client_of(
        self, on_message: Callable[[str, bytes], Awaitable[None]], on_up: Callable[[bool], None]
    ) -> Any:
        self.on_up = on_up
        return self

    async def run(self) -> None:
        await self.breaks_down.wait()
        raise RuntimeError("the link broke down")

    async def publish(self, topic: str, payload: bytes, qos: int, retain: bool = False) -> None:
        assert qos == (0 if "/state/" in topic else 1)
        await self.takes.wait()
        self.told.append(
            "%s %s%s" % (topic[28:], payload.decode("latin-1")[:9], " kept" if retain else "")
        )

    async def subscribe(self, topic_filter: str) -> None:
        self.told.append("hear " + topic_filter[28:])
        if not self.granted(topic_filter):
            raise LinkError("not granted")


class Cell:
    """A meter that has these readings, each from its time on."""

    def __init__(self, *at: int) -> None:
        self.wake_at = at[0] if at else NOW * 2
        self._at = list(at)

    def on_tick(self, now: int) -> list[Reading]:
        due = [time for time in self._at if time <= now]
        self._at = self._at[len(due) :]
        self.wake_at = self._at[0] if self._at else NOW * 2
        return [Reading(time - time % SLOT_S, 1, 2, 3, 4) for time in due]


class Obedient(Core):
    """A core that does what the test wants, and whose memory is its store."""

    def __init__(self, member: Member, bench: "Bench") -> None:
        super().__init__(member)
        self.bench = bench
        self.wake_at = NOW * 2
        self.remembered: list[bytes] = []

    def start(self, now: int) -> Effects:
        return [Publish("register", b"born")]

    def take_back(self, key: bytes, kept: bytes, now: int) -> None:
        self.remembered.append(key)

    def on_message(self, kind: str, data: bytes, now: int) -> Effects:
        return self.bench.answer(self, kind, data)

    def on_tick(self, now: int) -> Effects:
        self.bench.told.append("tick %d" % (now - NOW))
        self.wake_at = NOW * 2
        return self.bench.on_tick()

    def on_reading(self, reading: Reading, now: int) -> Effects:
        self.bench.told.append("reading")
        return self.bench.on_tick()

    def on_panel_reading(self, panel_id: bytes, reading: Reading) -> Effects:
        self.bench.told.append("panel %s" % panel_id.decode())
        return []


class Bench:
    """A node at work, and everything that it did."""

    def __init__(
        self,
        *feeds: Feed,
        waiting_max: int = 64,
        watched: bool = False,
        home: HomeAssistant | None = None,
    ) -> None:
        self.told: list[str] = []
        self.notes: list[str] = []
        self.flash = Flash(self.told)
        self.broker = Broker(self.told)
        self.time_ms = NOW * 1000
        self.fed = 0
        self.built = 0
        self.answer: Callable[[Obedient, str, bytes], Effects] = lambda _core, _kind, _data: []
        self.on_tick: Callable[[], Effects] = list
        self._world = World()
        self._world.register("node")
        self.runtime = Runtime(
            self.build,
            self.flash,
            self.broker.client_of,
            list(feeds),
            self,
            self.sleep_ms,
            lambda code, text: self.notes.append("%s: %s" % (code, text)),
            self.feed if watched else None,
            waiting_max,
            home,
        )

    def build(self, _now: int) -> Core:
        self.built += 1
        return Obedient(self._world.member("node"), self)

    def now(self) -> int:
        return self.time_ms // 1000

    def feed(self) -> None:
        self.fed += 1

    async def sleep_ms(self, span_ms: int) -> None:
        """Time stands still until the test is idle, then jumps: it is always the earliest sleeper that wakes."""
        until = self.time_ms + span_ms
        while self.time_ms < until:
            await asyncio.sleep(0.001)
            self.time_ms = min(until, self.time_ms + max(span_ms // 4, 1))

    @property
    def core(self) -> Obedient:
        core = self.runtime.core
        assert isinstance(core, Obedient)
        return core

    def inbox(self, network: bytes = b"", to: bytes = b"") -> str:
        member = self.core.member
        return topics.inbox(network or member.network, to or member.kid, OTHER)

    async def receive(self, payload: bytes = b"x", topic: str = "") -> None:
        await self.runtime.on_message(topic or self.inbox(), payload)

    async def until(self, condition: Callable[[], object]) -> None:
        for _ in range(5_000):
            if condition():
                return
            await asyncio.sleep(0.001)
        raise AssertionError("it never happened: %s" % self.told)

    def play(self, test: Callable[[], Coroutine[Any, Any, None]]) -> None:
        async def both() -> None:
            running = asyncio.create_task(self.runtime.run())
            await self.until(lambda: any("register" in line for line in self.told))
            await test()
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running

        asyncio.run(both())


def test_effects_are_performed_in_their_order_before_the_broker_may_go_on() -> None:
    bench = Bench()

    async def test() -> None:
        bench.told.clear()
        await bench.receive()
        assert bench.told == ["keep k", "drop k"]
        await bench.until(lambda: len(bench.told) == 5)
        node, other = bench.core.member.kid.hex(), OTHER.hex()
        assert sorted(bench.told[2:]) == sorted(
            [
                "%s/in/%s s" % (other, node),
                "%s/out/offer o kept" % node,
                "hear %s/out/offer" % other,
            ]
        )
        assert bench.notes == ["code: text"]

    bench.answer = lambda _core, _kind, _data: [
        Keep(b"k", b""),
        Send(OTHER, b"s"),
        Publish("offer", b"o"),
        Listen("offer", OTHER),
        Drop(b"k"),
        Note("code", "text"),
    ]
    bench.play(test)


def test_a_start_listens_to_the_inbox_and_shows_the_registration() -> None:
    bench = Bench()

    async def test() -> None:
        node = bench.core.member.kid.hex()
        await bench.until(lambda: len(bench.told) == 2)
        assert bench.told == ["hear %s/in/+" % node, "%s/out/register born kept" % node]

    bench.play(test)


@pytest.mark.parametrize("fresh", [True, False])
def test_only_a_broker_that_forgot_us_is_shown_the_registration_again(fresh: bool) -> None:
    bench = Bench()

    async def test() -> None:
        bench.told.clear()
        bench.broker.on_up(fresh)
        await bench.receive()
        for _ in range(50):
            await asyncio.sleep(0.001)
        assert len(bench.told) == (1 if fresh else 0)

    bench.play(test)


def test_what_is_for_another_node_or_network_is_refused() -> None:
    bench = Bench()

    async def test() -> None:
        for topic in (bench.inbox(network=bytes(8)), bench.inbox(to=OTHER), "wattpact/2/x"):
            with pytest.raises(WireError):
                await bench.receive(topic=topic)

    bench.answer = lambda _core, _kind, _data: [Note("heard", "it")]
    bench.play(test)
    assert not bench.notes


@pytest.mark.parametrize("error", [BusError("no answer"), OSError("flash"), KeyError("ours")])
def test_a_fault_is_a_power_cut_and_the_message_comes_again(error: Exception) -> None:
    """The core that failed is gone with all that it had not kept; no PUBACK, since on_message raises."""
    bench = Bench()
    faults = [error]

    def answer(core: Obedient, _kind: str, _data: bytes) -> Effects:
        core.remembered.append(b"not kept")
        if faults:
            raise faults.pop()
        return [Note("remembered", str(core.remembered))]

    async def test() -> None:
        bench.flash.kept[b"kept"] = b""
        with pytest.raises(type(error)):
            await bench.receive()
        await bench.receive()
        assert bench.notes[-1] == "remembered: [b'kept', b'not kept']"
        assert bench.notes[0].startswith("fault: " + type(error).__name__)
        assert bench.built == 2

    bench.answer = answer
    bench.play(test)


def test_a_core_made_anew_is_told_again_what_the_broker_retains() -> None:
    """It has forgotten whom it heard, so it starts as after a power cut and every filter is asked for once more."""
    bench = Bench()
    faults = [KeyError("ours")]

    def answer(_core: Obedient, _kind: str, _data: bytes) -> Effects:
        if faults:
            raise faults.pop()
        return [Listen("offer", OTHER)]

    async def test() -> None:
        hears = [line for line in bench.told if line.startswith("hear")]
        with pytest.raises(KeyError):
            await bench.receive()
        born = "%s/out/register born kept" % bench.core.member.kid.hex()
        await bench.until(lambda: bench.told.count(born) == 2)
        await bench.until(lambda: bench.told.count(hears[0]) == 2)

    bench.answer = answer
    bench.play(test)


def test_a_full_flash_is_a_fault_of_the_event_that_wanted_to_keep() -> None:
    bench = Bench()

    async def test() -> None:
        bench.flash.full = True
        with pytest.raises(OSError, match="no space"):
            await bench.receive()
        bench.flash.full = False
        await bench.receive()
        assert bench.flash.kept == {b"k": b""}

    bench.answer = lambda _core, _kind, _data: [Keep(b"k", b""), Send(OTHER, b"never before")]
    bench.play(test)


def test_one_message_does_not_keep_a_node_from_all_others() -> None:
    """What fails TRIES_MAX times in a row is given up; another that fails in between has a count of its own."""
    bench = Bench()

    def answer(_core: Obedient, _kind: str, data: bytes) -> Effects:
        if data == b"poison":
            raise KeyError(data)
        return []

    async def test() -> None:
        for _ in range(2):
            for _ in range(TRIES_MAX - 1):
                with pytest.raises(KeyError):
                    await bench.receive(b"poison")
            await bench.receive(b"poison")
        given_up = [note for note in bench.notes if "given up" in note]
        assert len(given_up) == 2

    bench.answer = answer
    bench.play(test)


def test_a_reading_is_told_again_until_the_core_has_it() -> None:
    cell = Cell(NOW + 30)
    bench = Bench(Feed(cell))
    faults = [BusError("no answer")] * (TRIES_MAX - 1)

    def fail() -> Effects:
        if faults:
            raise faults.pop()
        return [Keep(b"read", b"")]

    async def test() -> None:
        await bench.until(lambda: b"read" in bench.flash.kept)
        assert bench.told.count("reading") == TRIES_MAX
        assert bench.built == TRIES_MAX

    bench.on_tick = fail
    bench.play(test)


def test_a_core_that_fails_for_good_ends_the_node_and_nobody_feeds_the_watchdog() -> None:
    bench = Bench(watched=True)

    def fail() -> Effects:
        bench.core.wake_at = 0
        raise BusError("dead for good")

    async def run() -> None:
        bench.core.wake_at = NOW + 1
        with pytest.raises(BusError, match="for good"):
            await bench.runtime.run()
        fed = bench.fed
        await asyncio.sleep(0.05)
        assert bench.fed == fed

    bench.on_tick = fail
    bench.build = _always_due(bench.build)  # type: ignore[method-assign]
    bench.runtime._build = bench.build
    asyncio.run(asyncio.wait_for(run(), 20))


def _always_due(build: Callable[[int], Core]) -> Callable[[int], Core]:
    def due(now: int) -> Core:
        core = build(now)
        core.wake_at = 0
        return core

    return due


def test_a_link_that_breaks_down_ends_the_node() -> None:
    bench = Bench()

    async def run() -> None:
        bench.broker.breaks_down.set()
        with pytest.raises(RuntimeError, match="broke down"):
            await bench.runtime.run()

    asyncio.run(asyncio.wait_for(run(), 20))


def test_the_core_is_woken_when_it_wants_to_be_and_the_watchdog_meanwhile() -> None:
    bench = Bench(watched=True)

    async def test() -> None:
        bench.core.wake_at = bench.now() + 40
        due = bench.core.wake_at - NOW
        await bench.receive()
        await bench.until(lambda: any(line.startswith("tick") for line in bench.told))
        woken = next(line for line in bench.told if line.startswith("tick"))
        assert due <= int(woken[5:]) <= due + 5
        assert bench.fed > 8

    bench.play(test)


def test_a_message_that_makes_something_due_wakes_the_node_from_its_nap() -> None:
    bench = Bench()

    def answer(core: Obedient, _kind: str, _data: bytes) -> Effects:
        core.wake_at = bench.now()
        return []

    async def asleep(_span_ms: int) -> None:
        await asyncio.Event().wait()

    async def test() -> None:
        await bench.receive()
        await bench.until(lambda: any(line.startswith("tick") for line in bench.told))

    bench.answer = answer
    bench.runtime._sleep_ms = asleep
    bench.play(test)


def test_each_meter_is_read_in_its_time_and_named() -> None:
    bench = Bench(Feed(Cell(NOW + 10, NOW + 20)), Feed(Cell(NOW + 15), b"roof"))

    async def test() -> None:
        await bench.until(lambda: bench.told.count("reading") == 2)
        assert [line for line in bench.told if line in ("reading", "panel roof")] == [
            "reading",
            "panel roof",
            "reading",
        ]

    bench.play(test)


def test_what_waits_for_the_broker_is_bounded_and_not_doubled() -> None:
    bench = Bench(waiting_max=3)

    async def test() -> None:
        bench.broker.takes.clear()
        for number in (0, 0, 1, 2, 3, 3, 4, 5, 6, 7, 8, 9):
            await bench.receive(b"%d" % number)
            await asyncio.sleep(0.002)
        refused = [note for note in bench.notes if "no room for a message" in note]
        bench.broker.takes.set()
        await bench.until(lambda: len([line for line in bench.told if "/in/" in line]) == 8)
        assert len(refused) == 4

    bench.answer = lambda _core, _kind, data: [Send(OTHER, data)]
    bench.play(test)


def test_filters_are_bounded_asked_once_and_a_refusal_is_said() -> None:
    bench = Bench()

    async def test() -> None:
        for number in range(FILTERS_MAX + 2):
            await bench.receive(b"%d" % (number // 2 * 2))
            await bench.receive(b"%d" % number)
        await bench.until(lambda: len([x for x in bench.told if "hear" in x]) == FILTERS_MAX)
        assert sum("no room to hear" in note for note in bench.notes) == 5
        assert "link: not granted" in bench.notes

    bench.broker.granted = lambda topic_filter: "0000000000000000" not in topic_filter
    bench.answer = lambda _core, _kind, data: [Listen("offer", int(data).to_bytes(8, "big"))]
    bench.play(test)


def test_home_assistant_is_told_when_we_connect_and_when_it_starts() -> None:
    prefix = topics.home(bytes(8), bytes(8))
    home = HomeAssistant(prefix, "k", str.encode, lambda _now: b"state", lambda _n: 0)
    bench = Bench(home=home)

    def count(line: str) -> int:
        return bench.told.count(line)

    async def test() -> None:
        config = "home/%s/device/k/config %s kept" % ("00" * 8, prefix[:9])
        figures = "home/%s/state/k state" % ("00" * 8)
        await bench.until(lambda: count("hear home/%s/status" % ("00" * 8)))
        bench.broker.on_up(True)
        await bench.until(lambda: count(config) == 1 and count(figures) >= 1)
        await bench.receive(b"online", prefix + "/status")
        await bench.until(lambda: count(config) == 2)

    bench.answer = lambda _core, _kind, _data: [Note("core", "was asked")]
    bench.play(test)
    assert not bench.notes
