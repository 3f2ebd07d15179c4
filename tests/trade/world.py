# SPDX-License-Identifier: Apache-2.0
"""A small community by hand: real keys, a real host, the boards' cores and a wire between them.

Nothing happens but what `run_until` does, in one order; equal times go by the order of boards.
"""

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from host.desk import Desk
from host.engine import EmbeddedEngine
from host.genesis import Roles, Terms, found
from host.issuer import Issuer
from host.keys import OpensslSigner, OpensslVerifier
from host.registry import Member as Membership
from host.registry import Plant, Registrar
from host.store import ChainStore
from host.witness import Witness
from wattpact.contract.timing import Timing
from wattpact.crypto.hashes import kid
from wattpact.ledger.machine import Deal
from wattpact.market.need import DayMean
from wattpact.market.preferences import Preferences
from wattpact.node.effects import Publish, Send
from wattpact.node.member import Core, Member
from wattpact.node.meter import MeterNode
from wattpact.node.plant import PanelSettings, PlantNode
from wattpact.node.prosumer import ProsumerNode
from wattpact.units import DAY_S, HOUR_S

from .board import Board
from .wire import Letter, Wire

SLOT = 900
ROUND = 4 * SLOT
SETTLE = 2 * HOUR_S
FIRST = 1_748_858_400  # 2025-06-02 10:00 UTC: the first round that is traded
BORN = FIRST - 40 * DAY_S
EARLY = FIRST - 1_300  # before anything about the first round is said
BLOCK_S = 30
PRICE = 200_000
NEED_WH = 200
YIELD_WH = 1_000
VERIFIER = OpensslVerifier()


def signer(name: str) -> OpensslSigner:
    """The key of that name, as public as this line."""
    return OpensslSigner(hashlib.sha256(name.encode()).digest())


def kid_of(name: str) -> bytes:
    """Of the key of that name."""
    return kid(signer(name).public_key)


def named(name: str) -> bytes:
    """An 8-byte id."""
    return hashlib.sha256(name.encode()).digest()[:8]


ROLES = Roles(
    signer("registrar").public_key,
    signer("sequencer").public_key,
    [signer("witness 1").public_key, signer("witness 2").public_key],
    2,
)


def genesis(terms: Terms | None = None, name: str = "test") -> bytes:
    """The envelope that founds a network of these keys."""
    return found(signer("issuer"), ROLES, BORN, name, terms)


def described(name: str, panels: int = 1) -> Plant:
    """What is registered of a plant: panels of 8 kW, in service from 6 to 20 o'clock."""
    rows = [(panel_of(name, number), 8_000, 100) for number in range(panels)]
    return Plant(plant_of(name), rows, [(6 * HOUR_S, 20 * HOUR_S)] * 12)


def plant_of(name: str) -> bytes:
    """Plant id."""
    return named(name + " plant")


def panel_of(name: str, number: int = 0) -> bytes:
    """Panel id."""
    return named("%s panel %d" % (name, number))


@lru_cache
def chain_file(founding: bytes) -> bytes:
    """A new chain file of that genesis: a disk is slow, and no test of a trade needs one."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "chain.db"
        ChainStore.create(path, founding).close()
        return path.read_bytes()


class World:
    """The network from its founding; `run_until` lets time pass. It is every witness' clock."""

    def __init__(self, terms: Terms | None = None) -> None:
        self.clock = BORN
        self.genesis = genesis(terms)
        witnesses = [
            Witness(self.genesis, signer("witness %d" % number), VERIFIER, self)
            for number in (1, 2)
        ]
        self._chain = sqlite3.connect(":memory:", isolation_level=None)
        self._chain.deserialize(chain_file(self.genesis))
        store = ChainStore(Path("memory"), self._chain)
        engine = EmbeddedEngine(store, signer("sequencer"), witnesses, VERIFIER)
        self.ledger = engine.ledger
        self.network = self.ledger.network
        self.desk = Desk(engine, signer("sequencer"), Issuer(signer("issuer")))
        self.timing = Timing(self.ledger.genesis, 4)
        self.registrar = Registrar(self.network, signer("registrar"))
        self.wire = Wire(self._open, self.desk.kid)
        self.boards: dict[str, Board] = {}
        self.registers: dict[str, bytes] = {}
        self.recording = True
        """False: the host makes no blocks."""
        self._read_at = FIRST - SLOT + 1  # then the slot is read in which everything began
        self._block_at = 0

    def now(self) -> int:
        """Unix s."""
        return self.clock

    def __del__(self) -> None:
        """The chain is not needed any more. A collector that runs in another test's thread cannot close it."""
        with suppress(sqlite3.ProgrammingError):
            self._chain.close()

    # -- members

    def register(
        self, name: str, plant: Plant | None = None, meter: bool = True, owner: str = ""
    ) -> bytes:
        """The REGISTER envelope of `name`, recorded."""
        membership = Membership(
            signer(name).public_key, named(owner or name), 1, meter=meter, plant=plant
        )
        data = self.registrar.register(membership, BORN)
        self.registers[name] = data
        self.desk.receive(data, kid_of("registrar"))
        self.block()
        return data

    def member(self, name: str, outbox_max: int = 32) -> Member:
        """A registered node's identity, as after a start."""
        return Member(self.genesis, self.registers[name], signer(name), VERIFIER, outbox_max)

    def add_meter(
        self,
        name: str,
        hears: Sequence[str] = (),
        neighbours: Sequence[str] = (),
        preferences: Preferences | None = None,
        need_wh: int = NEED_WH,
        outbox_max: int = 32,
        owner: str = "",
    ) -> Board:
        """A home that hears the registrations of these plants and neighbours."""
        self.register(name, owner=owner)
        wishes = preferences or Preferences()

        def build() -> Core:
            return self.meter_node(self.member(name, outbox_max), wishes, need_wh)

        board = self._join(name, build)
        board.imports = lambda _slot: need_wh
        self.hear(board, [*hears, *neighbours])
        return board

    def add_plant(
        self,
        name: str,
        price: int = PRICE,
        panels: int = 1,
        yield_wh: int = YIELD_WH,
        outbox_max: int = 32,
        past_low: Sequence[tuple[int, int]] = (),
    ) -> Board:
        """A plant whose panels yield `yield_wh` each in every slot."""
        self.register(name, described(name, panels), meter=False)
        board = self._join(
            name,
            lambda: self.plant_node(self.member(name, outbox_max), price, yield_wh, past_low),
        )
        board.exports = lambda _slot: yield_wh
        return board

    def add_prosumer(self, name: str, hears: Sequence[str] = (), price: int = PRICE) -> Board:
        """A home with a roof."""
        self.register(name, described(name))

        def build() -> Core:
            member = self.member(name)
            meter = self.meter_node(member, Preferences(), NEED_WH)
            return ProsumerNode(meter, self.plant_node(member, price, YIELD_WH))

        board = self._join(name, build)
        board.imports = lambda _slot: NEED_WH
        board.exports = lambda _slot: YIELD_WH
        self.hear(board, hears)
        return board

    def meter_node(self, member: Member, preferences: Preferences, need_wh: int) -> MeterNode:
        """A core that needs as much in every slot."""
        need = DayMean([need_wh] * 96, SLOT, member.genesis.utc_offset_s)
        return MeterNode(member, self.timing, preferences, need, self.clock)

    def plant_node(
        self,
        member: Member,
        price: int,
        yield_wh: int,
        past_low: Sequence[tuple[int, int]] = (),
    ) -> PlantNode:
        """A core that expects as much of every panel in every slot."""
        panels = [
            PanelSettings(panel_id, [yield_wh] * 96, 1_000_000)
            for panel_id, _rated_w, _preset_wh in member.register.panels
        ]
        return PlantNode(member, self.timing, price, panels, list(past_low), self.clock)

    def hear(self, board: Board, names: Sequence[str]) -> None:
        """The registrations of these reach the board, from what is retained on."""
        for name in names:
            self.wire.listen(board.kid, "register", kid_of(name))
        self.wire.deliver()

    def _join(self, name: str, build: Callable[[], Core]) -> Board:
        self.clock = max(self.clock, EARLY)
        board = Board(name, kid_of(name), build, self.wire, self.now)
        self.boards[name] = board
        board.happen(lambda core: core.start(self.clock))
        return board

    # -- time

    def run_until(self, end: int) -> None:
        """Everything that happens until `end`, Unix s; then it is `end`."""
        while True:
            self.wire.deliver()
            time, event = min(self._events(), key=lambda each: each[0])
            if time > end:
                break
            self.clock = max(self.clock, time)
            event()
        self.clock = max(self.clock, end)

    def _events(self) -> list[tuple[int, Callable[[], None]]]:
        events: list[tuple[int, Callable[[], None]]] = [(self._read_at, self._read)]
        events += [(board.core.wake_at, board.tick) for board in self.boards.values()]
        if self.recording:
            due_at = self.ledger.due_at()
            events += [(at, self.block) for at in (due_at, self._block_at) if at]
        return events

    def _read(self) -> None:
        slot = self._read_at - 1 - SLOT
        self._read_at += SLOT
        for board in self.boards.values():
            board.read(slot)

    def _open(self, letter: Letter) -> None:
        if letter.to == self.desk.kid:
            answers = self.desk.receive(letter.payload, letter.sender)
            self._perform(answers)
            if not answers and not self._block_at:
                self._block_at = self.clock + BLOCK_S - self.clock % BLOCK_S
            return
        for board in self.boards.values():
            if board.kid == letter.to:
                board.receive(letter)

    def block(self) -> None:
        """The host records what waits, awards what is settled, and tells whom it concerns."""
        self._block_at = 0
        while True:
            result, effects = self.desk.make_block(self.clock)
            self._perform(effects)
            if not result.committed:
                break
        if result.waiting:
            self._block_at = self.clock + BLOCK_S
        self.wire.deliver()

    def deals(self) -> list[Deal]:
        """Contracts on the chain, by start."""
        return sorted(self.ledger.contracts(), key=lambda deal: (deal.terms.start, deal.id))

    def announce(self) -> None:
        """The host's hourly broadcast."""
        self._perform(self.desk.announce())
        self.wire.deliver()

    def _perform(self, effects: Sequence[Send | Publish]) -> None:
        for effect in effects:
            if isinstance(effect, Send):
                self.wire.post(Letter("in", self.desk.kid, effect.to, effect.payload))
            else:
                self.wire.publish(effect.kind, self.desk.kid, effect.payload)
