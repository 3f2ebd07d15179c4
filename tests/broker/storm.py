# SPDX-License-Identifier: Apache-2.0
"""A fleet that trades over a real broker while broker and host are killed, and what was known laid beside the chain.

Nodes and their virtual time live in the test's process, the host in one of its own, mosquitto is mosquitto. Time goes
on while either is away: offers stay unanswered, proposals run into their deadlines, as in a real outage. Only while a
process starts it stands, since how long that takes is the machine's business.
"""

import asyncio
import contextlib
import shutil
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from host.engine import BlockResult, EmbeddedEngine
from host.keys import OpensslVerifier
from host.store import ChainReader, ChainStore
from host.verify import verify
from host.witness import Witness
from sim.books import close as close_books
from sim.checkers import Checkers
from sim.choices import Choices
from sim.community import Community
from sim.cores import Cores, close_shop, meter_of
from sim.founding import BLOCK_S, Founding, Keys
from sim.mqtt.nodes import Dial, Makers, MemoryStore, Node
from sim.office import Office
from sim.scenario import HomeSite, PlantSite, build
from sim.settings import Settings, read
from sim.world.profiles import SLOT_S
from tests.broker.mosquitto import HOST, plain
from tests.broker.service import Service
from tests.broker.storm_clock import GrantingClock, SharedLines
from wattpact.contract.purchase import Purchase
from wattpact.contract.sale import Sale
from wattpact.link.dial import dialler
from wattpact.node.buying import Buying
from wattpact.node.meter import MeterNode
from wattpact.node.outbox import KEPT, KEPT_MAX
from wattpact.node.prosumer import ProsumerNode
from wattpact.units import HOUR_S
from wattpact.wire import codec, envelope
from wattpact.wire.messages import AWARD, CONTRACT, TRADE_END, Award, message_id, parse_as, type_of

Act = tuple[int, Callable[[], Awaitable[None]]]
START = datetime(2025, 6, 11, 7, 0, tzinfo=UTC)
LEASE_MS = 5_000
HOST_WAITS_S = 2 * BLOCK_S
STUCK_S = 120.0
"""Of the machine's, with both processes up: then something is stuck."""
LOOK_S = 0.002
OUTAGE_S = (5, 240)
WHEN_S = ((30, 700), (1150, 1350), (0, HOUR_S - 400))
"""After a round's offers: while contracts are made, while others end and are settled, or at any time."""
APART_S = 90
RECOVER_S = 4 * 3600
"""After the last slot is settled: the longest that anything may take until all is as it should be."""
NAMES = {CONTRACT: "contract", TRADE_END: "trade end"}
TOO_LATE = {38, 41, 45, 56, 60}
"""Rules that refuse what an outage made late: the offer, a contract on it, a contract, a report, the end of such a
contract."""
TAKEN = 46
"""Refuses a contract of a meter that has another one in that slot: two plants said yes, one of them late."""


class History(MemoryStore):
    """A node's flash, and the last of everything that it ever kept."""

    def __init__(self) -> None:
        super().__init__()
        self.last: dict[bytes, bytes] = {}
        self.times: Counter[bytes] = Counter()

    def keep(self, key: bytes, value: bytes) -> None:
        super().keep(key, value)
        self.last[key] = value
        self.times[key] += 1

    def under(self, prefix: bytes) -> dict[bytes, bytes]:
        """Key without its prefix -> value."""
        return {key[1:]: value for key, value in self.last.items() if key[:1] == prefix}


class WatchedMakers(Makers):
    """Remembers the stores it makes, by the node's name."""

    stores: dict[str, History]

    def store(self, name: str) -> History:
        return self.stores.setdefault(name, History())


class Reopened(Office):
    """The chain that the host left, executed again."""

    def __init__(self, keys: Keys, verifier: OpensslVerifier, clock: Any, chain: Path) -> None:
        self.blocks: list[BlockResult] = []
        self.on_block = None
        self.store = ChainStore.open(chain)
        self.witnesses = [
            Witness(self.store.genesis, signer, verifier, clock) for signer in keys.witnesses
        ]
        self.ledger = EmbeddedEngine(self.store, keys.sequencer, self.witnesses, verifier).ledger


class HostProcess(Service):
    """Its program is the storm's host."""

    program = ("tests.broker.storm_host",)
    ready = "the host runs"


@dataclass
class Outage:
    """One kill of each; times in virtual ms from the begin."""

    host_at: int
    host_up: int
    broker_at: int
    broker_up: int
    wiped: bool


@dataclass
class Figures:
    """Of one storm; printed at its end."""

    kills: int = 0
    wiped: int = 0
    contracts: int = 0
    ends: int = 0
    awards: int = 0
    came: int = 0
    repeated: int = 0
    void: int = 0
    longest_recovery_s: int = 0
    refused: Counter[int] = field(default_factory=Counter[int])
    faults: list[str] = field(default_factory=list[str])

    def line(self) -> str:
        """For a reader."""
        words = (
            "%d kills (%d wiped the broker): %d contracts, %d trade ends, %d awards on the chain; "
            "%d messages came, %d of them again; %d contracts void by an outage; "
            "longest recovery %d s; refused by rule %s"
        )
        counted = (self.kills, self.wiped, self.contracts, self.ends, self.awards, self.came)
        rules = {"R%d" % rule: count for rule, count in sorted(self.refused.items())}
        return words % (*counted, self.repeated, self.void, self.longest_recovery_s, rules)


def outages(seed: int, count: int, hours: int) -> list[Outage]:
    """Spread over `hours` trading rounds of an hour and more; every other one wipes the broker."""
    random, made = Random(seed), list[Outage]()
    for number in range(count):
        least_s, most_s = random.choices(WHEN_S, (5, 4, 1))[0]
        first = (number * hours // count * HOUR_S + random.randint(least_s, most_s)) * 1000
        second = first + random.randrange(APART_S * 1000)
        host_at, broker_at = random.sample((first, second), 2)
        long = [random.randint(*OUTAGE_S) * 1000 for _ in range(2)]
        made.append(
            Outage(host_at, host_at + long[0], broker_at, broker_at + long[1], number % 2 == 1)
        )
    return made


def _table(path: Path, columns: int, slots: int, base: int) -> str:
    """A CSV file with figures that go up and down."""
    rows = ["time," + ",".join("%s%d" % (path.stem, column) for column in range(columns))]
    for index in range(slots):
        time = START + timedelta(minutes=15 * index)
        cells = [str(base + (7 * index + 13 * column) % 50) for column in range(columns)]
        rows.append(",".join([time.isoformat(), *cells]))
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return str(path)


def world(folder: Path, homes: int, panels: int, slots: int, seed: int) -> Settings:
    """Homes, some with a roof, some deaf, and plants that have what they need; files go to `folder`."""
    loads = _table(folder / "home.csv", homes, slots, 150)
    yields = _table(folder / "panel.csv", panels, slots, 2000)
    shares = ["--prosumers", "0.1", "--deaf", "0.05", "--plants", str(-(-panels // 3))]
    return read(["--loads", loads, "--pv", yields, *shares, "--seed", str(seed)])


def buying_of(home: Node[HomeSite]) -> Buying:
    """What a home's meter has under way."""
    core = home.runtime.core
    assert isinstance(core, (MeterNode, ProsumerNode))
    return meter_of(core).buying


class Storm(Community[Node[HomeSite], Node[PlantSite]]):
    """One run; `blow` takes it to its end, `judge` finds what is wrong with it."""

    def __init__(self, folder: Path, settings: Settings, rounds: int, speed: float) -> None:
        scenario, verifier = build(settings), OpensslVerifier()
        keys = Keys(settings.seed, scenario, verifier)
        founding = Founding(settings, scenario, keys, "storm")
        self._lines = SharedLines(folder / "clock.map", new=True)
        clock = GrantingClock(founding.registered_at, speed, self._lines)
        self.leased = clock
        office = Office(founding, verifier, clock, folder / "chain.db")
        super().__init__(settings, scenario, founding, office, clock)
        office.store.close()
        clock.set(founding.begin)
        self.figures = Figures()
        self.choices = Choices(scenario, clock.now)
        hours = (scenario.end - scenario.start + founding.genesis.timeouts[0]) // HOUR_S
        self.outages = outages(settings.seed, rounds, hours)
        self._folder = folder
        self._keys = keys
        self._verifier = verifier
        self.broker = plain(folder / "broker", "autosave_interval 1\n")
        self._host = HostProcess(folder, self.broker.url, str(settings.seed), str(speed))
        self._host_up = False
        cores = Cores(founding, scenario.month, verifier, self.choices.made)
        makers = WatchedMakers(cores, scenario, clock, settings.seed, self._note)
        self.stores: dict[str, History] = {}
        makers.stores = self.stores
        self.plants = [makers.plant(each, self.dial_of(each.site.name)) for each in founding.plants]
        self.homes = [makers.home(each, self.dial_of(each.site.name)) for each in founding.homes]

    def _note(self, code: str, text: str) -> None:
        key = "%s: %s" % (code, text)
        self.notes[key] = self.notes.get(key, 0) + 1

    def nodes(self) -> "list[Node[Any]]":
        return [*self.plants, *self.homes]

    # -- what another kind of trouble changes

    def dial_of(self, name: str) -> Dial:
        """What brings the node of that name to the broker."""
        return dialler(HOST, self.broker.port)

    def acts(self) -> list[Act]:
        """What happens, and when, in virtual ms from the begin."""
        acts: list[Act] = []
        for each in self.outages:
            acts += [
                (each.host_at, partial(self._strike, "kill host", each)),
                (each.host_up, partial(self._strike, "start host", each)),
                (each.broker_at, partial(self._strike, "kill broker", each)),
                (each.broker_up, partial(self._strike, "start broker", each)),
            ]
        return acts

    def counts(self, node: "Node[Any]") -> bool:
        """Whether time waits for what this node has said."""
        return node.client.session.up

    async def end(self) -> None:
        """All nodes have stopped."""

    # -- the storm

    def blow(self) -> None:
        """All slots, all kills, until everything is as it should be or RECOVER_S are over."""
        with self.broker, self._host:
            self._host_up = True
            asyncio.run(self._blow())
            assert self._host.stop() == 0

    async def _blow(self) -> None:
        tasks = [node.start() for node in self.nodes()]
        working = asyncio.ensure_future(self._weather())
        try:
            done, _ = await asyncio.wait([working, *tasks], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in (working, *tasks):
                task.cancel()
            await asyncio.gather(working, *tasks, return_exceptions=True)
            await self.end()

    async def _weather(self) -> None:
        await self._until(
            lambda: self._lines.up and all(node.client.quiet() for node in self.nodes())
        )
        self.leased.begin()
        self.leased.grant(self.leased.now_ms(), self.leased.now_ms())
        begin_ms = self.leased.now_ms()
        for at_ms, act in sorted(self.acts(), key=lambda each: each[0]):
            await self._pass(begin_ms + at_ms)
            await act()
        over_ms = self.founding.over_at * 1000
        await self._pass(over_ms)
        while not self._all_is_well() and self.leased.now_ms() < over_ms + RECOVER_S * 1000:
            await self._pass(self.leased.now_ms() + 60_000)

    async def _strike(self, what: str, outage: Outage) -> None:
        if what.startswith("kill"):
            self._lines.up = False
        if what == "kill host":
            self._host_up = False
            self._host.kill()
        elif what == "kill broker":
            self.broker.kill()
            if outage.wiped:
                shutil.rmtree(self._folder / "broker" / "data")
                (self._folder / "broker" / "data").mkdir()
                self.figures.wiped += 1
        elif what == "start broker":
            self.broker.start()
        else:
            await asyncio.to_thread(self._host.start)
            self._host_up = True
        if what.startswith("kill"):
            self.figures.kills += 1
        elif self._host_up and self.broker.runs:
            asyncio.get_running_loop().create_task(self._recovered(self.leased.now()))

    async def _recovered(self, since: int) -> None:
        """How long it takes until the chain has answered all that waited when both were back."""
        waiting = {(node.name, each) for node in self.nodes() for each in self._outbox(node.name)}
        while waiting and self._host_up and self.broker.runs:
            await self.leased.sleep_ms(10_000)
            waiting = {each for each in waiting if each[1] in self._outbox(each[0])}
        if not waiting:
            longest = max(self.figures.longest_recovery_s, self.leased.now() - since)
            self.figures.longest_recovery_s = longest

    def _outbox(self, name: str) -> set[bytes]:
        return {key[1:] for key, _value in self.stores[name].items() if key[:1] == b"o"}

    async def _pass(self, until_ms: int) -> None:
        """Let virtual time pass, never faster than whoever is up can follow."""
        clock = self.leased
        while (now_ms := clock.now_ms()) < until_ms:
            if self.founding.close_at * 1000 <= now_ms:
                for node in self.nodes():
                    close_shop(node.runtime.core)
            if self._host_up and self.broker.runs:
                await self._until(self._follows)
            clock.grant(now_ms, min(now_ms + LEASE_MS, until_ms))
            ahead_ms = min(now_ms + LEASE_MS // 2, until_ms)
            while clock.now_ms() < ahead_ms:  # noqa: ASYNC110 (time itself is what it waits for)
                await asyncio.sleep(LOOK_S)

    def _follows(self) -> bool:
        """Nobody is behind: what was said is with the broker, and nothing waits for a block for long."""
        since = self._lines.waits_since
        if not self._lines.up:
            return False
        if since and self.leased.now() - since > HOST_WAITS_S:
            return False
        return all(node.client.quiet() or not self.counts(node) for node in self.nodes())

    async def _until(self, condition: Any) -> None:
        deadline = time.monotonic() + STUCK_S
        while not condition():
            assert time.monotonic() < deadline, "stuck: " + self._host.log()[-2000:]
            await asyncio.sleep(LOOK_S)

    def _all_is_well(self) -> bool:
        return not any(
            node.runtime.core.member.outbox.wake_at() for node in self.nodes()
        ) and not any(
            sum(purchase.delivered())
            for home in self.homes
            for purchase in buying_of(home).purchases()
        )

    # -- what became of it

    def judge(self) -> Figures:
        """Every fault found is in `faults`."""
        chain, faults = self._folder / "chain.db", self.figures.faults
        self.office = Reopened(self._keys, self._verifier, self.leased, chain)
        books = close_books(self)
        try:
            faults += self._compared()
        finally:
            self.office.store.close()
        for check in Checkers(self, books, chain).run():
            if not check["ok"]:
                faults.append("%s: %s" % (check["name"], check["detail"]))
        verify(chain, OpensslVerifier())
        return self.figures

    def _compared(self) -> Iterator[str]:
        on_chain = self._read_chain()
        excused = {each for each, rules in self._read_log().items() if rules <= TOO_LATE | {TAKEN}}
        yield from self._handed_in(on_chain, excused)
        yield from self._contracts(on_chain, excused)
        yield from self._wallets()

    def _read_chain(self) -> dict[bytes, int]:
        """Id -> type of message; what is there twice is a fault."""
        found: dict[bytes, int] = {}
        with contextlib.closing(ChainReader.open(self._folder / "chain.db")) as reader:
            for stored in reader.envelopes():
                sign1 = envelope.split_record(stored)[0] if envelope.is_record(stored) else stored
                payload = envelope.peek_payload(sign1)
                if message_id(payload) in found:
                    self.figures.faults.append("%s is twice" % message_id(payload).hex())
                found[message_id(payload)] = type_of(payload)
                if type_of(payload) == AWARD:
                    self.figures.awards += len(parse_as(Award, payload).awards)
        kinds = Counter(found.values())
        self.figures.contracts, self.figures.ends = kinds[CONTRACT], kinds[TRADE_END]
        return found

    def _read_log(self) -> dict[bytes, set[int]]:
        """Id -> rules it was refused by."""
        came: Counter[str] = Counter()
        self._refused = refused = dict[bytes, set[int]]()
        for line in (self._folder / "heard.log").read_text().splitlines():
            word, name, *rule = line.split()
            if word == "came":
                came[name] += 1
            else:
                refused.setdefault(bytes.fromhex(name), set()).add(int(rule[0]))
                self.figures.refused[int(rule[0])] += 1
        self.figures.came = came.total()
        self.figures.repeated = came.total() - len(came)
        return refused

    def _handed_in(self, on_chain: dict[bytes, int], excused: set[bytes]) -> Iterator[str]:
        """All that a node ever put into its outbox is on the chain, or was refused for one of two good reasons."""
        for name, store in self.stores.items():
            for each, kept in store.under(b"o").items():
                if each not in on_chain and each not in excused:
                    kind = KEPT.check(codec.decode(kept, KEPT_MAX), "kept")[1] or "contract"
                    yield "%s of %s is lost: %s" % (kind, name, each.hex())

    def _contracts(self, on_chain: dict[bytes, int], excused: set[bytes]) -> Iterator[str]:
        """Both parties of a contract know it, its end is the meter's, and a contract that both know is there."""
        bought: dict[bytes, Purchase] = {}
        for home in self.homes:
            for each, kept in self.stores[home.name].under(b"c").items():
                bought[each] = Purchase.restore(kept, self.founding.genesis.slot_s)
        sold: dict[bytes, Sale] = {}
        for store in self.stores.values():
            for each, kept in store.under(b"s").items():
                sold[each] = Sale.restore(kept)
        taken = {
            (deal.terms.meter, deal.terms.start + index * SLOT_S)
            for deal in self.ledger.contracts()
            for index in range(len(deal.terms.wh))
        }
        for each in sold.keys() - on_chain.keys():
            self.figures.void += 1
            contract = sold[each].contract
            late = each in excused
            slots = range(contract.start, contract.start + len(contract.wh) * SLOT_S, SLOT_S)
            if TAKEN in self._refused.get(each, set()):
                late = any((contract.meter, slot) in taken for slot in slots)
            if not late:
                yield "contract %s is lost" % each.hex()
        for deal in self.ledger.contracts():
            each = deal.id
            if each not in sold or each not in bought:
                yield "contract %s is on the chain and nobody's" % each.hex()
            elif not deal.progress.end_id:
                yield "contract %s has no trade end" % each.hex()
            elif bought[each].end_id != deal.progress.end_id:
                yield "contract %s has an end that is not its meter's" % each.hex()

    def _wallets(self) -> Iterator[str]:
        """Certificates and coins of each meter are those of the chain's awards to it, each taken once."""
        awarded: dict[bytes, set[bytes]] = {}
        for row in self.ledger.awards():
            awarded.setdefault(row[1], set()).add(row[0])
        for home in self.homes:
            own = awarded.get(home.kid, set())
            store, buying = self.stores[home.name], buying_of(home)
            kept = set(store.under(b"k"))
            if kept != own:
                yield "%s has %d certificates of %d" % (home.name, len(kept & own), len(own))
            if buying.awards != len(own) or any(store.times[b"k" + each] > 1 for each in own):
                yield "%s took %d awards, %d are its own" % (home.name, buying.awards, len(own))
            free_ug = sum(lot.free_ug for _id, lot in self.ledger.lots(home.kid))
            if buying.wallet.free_ug() != free_ug:
                yield "%s has %d ug of %d" % (home.name, buying.wallet.free_ug(), free_ug)
