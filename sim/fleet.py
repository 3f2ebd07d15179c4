# SPDX-License-Identifier: Apache-2.0
"""A whole community in one process and virtual time: boards, a host with two witnesses, one ledger file.

Every board runs the firmware's cores, every signature is real, every transaction goes through the host's engine
into `chain.db`. All nodes share one Verifier, which remembers verdicts; `host verify` checks every signature anew.
"""

import gc
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from host.desk import Desk
from host.engine import BlockResult, EmbeddedEngine
from host.genesis import Roles, Terms, found
from host.issuer import Issuer
from host.keys import OpensslSigner, OpensslVerifier
from host.registry import Member as Membership
from host.registry import Plant, Registrar
from host.store import ChainStore
from host.witness import Witness
from wattpact.contract.timing import Timing
from wattpact.crypto.hashes import kid
from wattpact.node.effects import Publish, Send
from wattpact.node.member import Member
from wattpact.node.prosumer import ProsumerNode
from wattpact.units import DAY_S

from .boards import HomeBoard, PlantBoard, home_days, meter_node, plant_node
from .elements import Element
from .scenario import HomeSite, PlantSite, Scenario, secret
from .settings import UTC_OFFSET_S, Settings
from .world.network import Network, VirtualClock
from .world.profiles import SLOT_S

BLOCK_S = 30
ANNOUNCE_S = 3600
READ_S = 1
REGISTERED_DAYS = 30
DRAIN_S = 900
PLANT_OUTBOX = 4096
PLANT_KNOWN = 65536
WITNESSES = 2


class Fleet:
    """Built from a scenario; `run` takes it from registration to the last award."""

    def __init__(self, settings: Settings, scenario: Scenario, chain: Path) -> None:
        self.settings = settings
        self.scenario = scenario
        self.blocks: list[BlockResult] = []
        self.on_slot: Callable[[int], None] | None = None
        self.on_block: Callable[[BlockResult], None] | None = None
        self.notes: dict[str, int] = {}
        self.clock = VirtualClock(scenario.start - REGISTERED_DAYS * DAY_S)
        self.network = Network(self.clock, settings.seed)
        self.verifier = OpensslVerifier()
        self._found(chain)
        self.homes: list[HomeBoard] = []
        self.plants: list[PlantBoard] = []
        self._block_at = 0
        self._enrol()

    # -- the network is founded and its members are registered

    def _signer(self, name: str) -> OpensslSigner:
        return OpensslSigner(secret(self.settings.seed, name))

    def _found(self, chain: Path) -> None:
        issuer, sequencer = self._signer("issuer"), self._signer("sequencer")
        registrar = self._signer("registrar")
        witnesses = [self._signer("witness %d" % number) for number in range(WITNESSES)]
        roles = Roles(
            registrar.public_key,
            sequencer.public_key,
            [witness.public_key for witness in witnesses],
            quorum=WITNESSES,
        )
        terms = Terms(utc_offset_s=UTC_OFFSET_S)
        self.genesis_data = found(issuer, roles, self.clock.now(), "simulation", terms)
        self.witnesses = [
            Witness(self.genesis_data, signer, self.verifier, self.clock) for signer in witnesses
        ]
        self.store = ChainStore.create(chain, self.genesis_data)
        engine = EmbeddedEngine(self.store, sequencer, self.witnesses, self.verifier)
        self.ledger = engine.ledger
        self.desk = Desk(engine, sequencer, Issuer(issuer))
        self.network.join(self.desk.kid, self._arrive)
        self.network.overhear(self.desk.kid)
        self._registrar = Registrar(self.ledger.network, registrar)
        self._registrar_kid = kid(registrar.public_key)

    def _enrol(self) -> None:
        """Register everybody in blocks of their own, 30 days before the first slot, and build the boards."""
        now = self.registered_at = self.clock.now()
        registrations = [self._membership(site) for site in self.scenario.plants]
        signers = [self._home_signer(site) for site in self.scenario.homes]
        registrations += [
            self._membership_home(site, signer.public_key)
            for site, signer in zip(self.scenario.homes, signers)
        ]
        envelopes = [self._registrar.register(each, now) for each in registrations]
        for data in envelopes:
            self.desk.receive(data, self._registrar_kid)
        self._record()
        count = len(self.scenario.plants)
        self.timing = Timing(self.ledger.genesis, self.settings.round_slots)
        self.clock.now_ms = (self.scenario.start - self.timing.offer_lead_s - BLOCK_S) * 1000
        for site, data in zip(self.scenario.plants, envelopes[:count]):
            self.plants.append(self._plant_board(site, data))
        for site, signer, data in zip(self.scenario.homes, signers, envelopes[count:]):
            self.homes.append(self._home_board(site, signer, data))

    def _membership(self, site: PlantSite) -> Membership:
        key = self._signer(site.name).public_key
        return Membership(key, site.owner, 0, meter=False, plant=_registered(site))

    def _home_signer(self, site: HomeSite) -> OpensslSigner | Element:
        if site.secure_element:
            return Element(self.settings.seed, site.name, self.verifier)
        return self._signer(site.name)

    def _membership_home(self, site: HomeSite, key: bytes) -> Membership:
        plant = _registered(site.roof) if site.roof else None
        return Membership(key, site.owner, site.neighbourhood, plant=plant)

    def _plant_board(self, site: PlantSite, data: bytes) -> PlantBoard:
        signer = self._signer(site.name)
        member = Member(self.genesis_data, data, signer, self.verifier, PLANT_OUTBOX, PLANT_KNOWN)
        clear = [panel.world.clear_day(self.scenario.month) for panel in site.panels]
        core = plant_node(member, self.timing, site, clear, self.clock.now())
        board = PlantBoard(site.name, core, self.clock, self.network, self.notes)
        board.plant, board.site = core, site
        return board

    def _home_board(
        self, site: HomeSite, signer: OpensslSigner | Element, data: bytes
    ) -> HomeBoard:
        now = self.clock.now()
        member = Member(self.genesis_data, data, signer, self.verifier)
        imported, exported = home_days(site, self.scenario.month)
        meter = meter_node(member, self.timing, site, imported, now)
        core = meter
        if site.roof:
            plant = plant_node(member, self.timing, site.roof, [exported], now)
            core = ProsumerNode(meter, plant)
        board = HomeBoard(site.name, core, self.clock, self.network, self.notes)
        board.meter, board.site = meter, site
        if isinstance(signer, Element):
            board.element = signer
        return board

    # -- the host

    def _arrive(self, kind: str, sender: bytes, payload: bytes) -> None:
        """Presence says nothing new; an answer goes out at once, and everything else waits for a block."""
        if kind == "register":
            return
        answers = self.desk.receive(payload, sender)
        self._perform(answers)
        if not answers:
            self._want_block(self.clock.now() + BLOCK_S)

    def _want_block(self, time: int) -> None:
        time += -time % BLOCK_S
        if not self._block_at or time < self._block_at:
            self._block_at = time
            self.clock.at(time, self._make_block, time)

    def _make_block(self, time: int) -> None:
        if time != self._block_at:
            return
        self._block_at = 0
        self._record()

    def _record(self) -> None:
        """Blocks until nothing waits, then an appointment for whatever falls due next."""
        while True:
            result, effects = self.desk.make_block(self.clock.now())
            self._perform(effects)
            if result.committed or result.refused:
                self.blocks.append(result)
                if self.on_block:
                    self.on_block(result)
            if not result.committed or not (result.waiting or result.awardable):
                break
        if result.waiting:
            self._want_block(self.clock.now() + BLOCK_S)
        due_at = self.ledger.due_at()
        if due_at is not None:
            self._want_block(max(due_at, self.clock.now() + 1))

    def _announce(self) -> None:
        self._perform(list(self.desk.announce()))
        self.clock.at(self.clock.now() + ANNOUNCE_S, self._announce)

    def _perform(self, effects: list[Send | Publish]) -> None:
        for effect in effects:
            if isinstance(effect, Send):
                self.network.send(self.desk.kid, effect.to, effect.payload)
            else:
                self.network.publish(self.desk.kid, effect.kind, effect.payload)

    # -- time passes

    def run(self) -> None:
        """All slots, then until the last contract is settled and awarded."""
        scenario = self.scenario
        for board in (*self.plants, *self.homes):
            board.perform(board.core.start(self.clock.now()))
        self.clock.at(scenario.start, self._announce)
        self.clock.at(scenario.start + SLOT_S + READ_S, self._read, 0)
        lead_s = self.timing.offer_lead_s
        self.clock.at(scenario.end - lead_s - BLOCK_S, self._close)
        settle_s = self.ledger.genesis.timeouts[0]
        with _rare_collections():
            self.clock.run_until(scenario.end + settle_s + DRAIN_S)

    def _read(self, index: int) -> None:
        """A slot is over: every meter is read."""
        slot = self.scenario.start + index * SLOT_S
        for board in (*self.plants, *self.homes):
            board.read(index, slot)
        if self.on_slot:
            self.on_slot(index)
        if index + 1 < self.scenario.slots:
            self.clock.at(slot + 2 * SLOT_S + READ_S, self._read, index + 1)

    def _close(self) -> None:
        """The run ends: nothing is offered beyond it."""
        for board in self.plants:
            board.plant.selling = False
        for home in self.homes:
            if isinstance(home.core, ProsumerNode):
                home.core.plant.selling = False


def _registered(site: PlantSite) -> Plant:
    panels = [(p.panel_id, p.world.rated_w, p.world.preset_wh) for p in site.panels]
    return Plant(site.plant_id, panels, site.service)


@contextmanager
def _rare_collections() -> Generator[None]:
    """Boards and ledger live as long as the run: walking them for garbage costs more with every board there is."""
    before = gc.get_threshold()
    gc.set_threshold(20_000, 20, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)
