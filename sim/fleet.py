# SPDX-License-Identifier: Apache-2.0
"""A whole community in one process and virtual time: boards, a host with two witnesses, one ledger file.

Every board runs the firmware's cores, every signature is real, every transaction goes through the host's engine
into `chain.db`. All nodes share one Verifier, which remembers verdicts; `host verify` checks every signature anew.
"""

from collections.abc import Sequence
from pathlib import Path

from host.desk import Outgoing
from host.keys import OpensslVerifier
from wattpact.node.effects import Send

from .boards import HomeBoard, PlantBoard
from .community import Community, rare_collections
from .cores import Cores, close_shop
from .founding import BLOCK_S, READ_S, Founding, Keys
from .office import Office
from .scenario import Scenario
from .settings import Settings
from .world.network import Network, VirtualClock
from .world.profiles import SLOT_S

NETWORK_NAME = "simulation"
ANNOUNCE_S = 3600


class Fleet(Community[HomeBoard, PlantBoard]):
    """Built from a scenario; `run` takes it from registration to the last award."""

    def __init__(self, settings: Settings, scenario: Scenario, chain: Path) -> None:
        verifier = OpensslVerifier()
        keys = Keys(settings.seed, scenario, verifier)
        founding = Founding(settings, scenario, keys, NETWORK_NAME)
        self._clock = clock = VirtualClock(founding.registered_at)
        office = Office(founding, verifier, clock, chain)
        super().__init__(settings, scenario, founding, office, clock)
        self._desk = office.desk
        self._block_at = 0
        self._network = network = Network(clock, settings.seed)
        network.join(self._desk.kid, self._arrive)
        network.overhear(self._desk.kid)
        clock.now_ms = founding.begin * 1000
        cores = Cores(founding, scenario.month, verifier, self.choices.made)
        now, notes = clock.now(), self.notes
        self.plants = [
            PlantBoard(each, cores.plant(each, now), clock, network, notes)
            for each in founding.plants
        ]
        self.homes = [
            HomeBoard(each, cores.home(each, now), clock, network, notes) for each in founding.homes
        ]

    # -- the host

    def _arrive(self, kind: str, sender: bytes, payload: bytes) -> None:
        """Presence says nothing new; an answer goes out at once, and everything else waits for a block."""
        if kind == "register":
            return
        answers = self._desk.receive(payload, sender)
        self._perform(answers)
        if not answers:
            self._want_block(self.clock.now() + BLOCK_S)

    def _want_block(self, time: int) -> None:
        time += -time % BLOCK_S
        if not self._block_at or time < self._block_at:
            self._block_at = time
            self._clock.at(time, self._make_block, time)

    def _make_block(self, time: int) -> None:
        if time != self._block_at:
            return
        self._block_at = 0
        self._record()

    def _record(self) -> None:
        """Blocks until nothing waits, then an appointment for whatever falls due next."""
        while True:
            result, effects = self.office.make_block(self.clock.now())
            self._perform(effects)
            if not result.committed or not (result.waiting or result.awardable):
                break
        if result.waiting:
            self._want_block(self.clock.now() + BLOCK_S)
        due_at = self.ledger.due_at()
        if due_at is not None:
            self._want_block(max(due_at, self.clock.now() + 1))

    def _announce(self) -> None:
        self._perform(self._desk.announce())
        self._clock.at(self.clock.now() + ANNOUNCE_S, self._announce)

    def _perform(self, effects: Sequence[Outgoing]) -> None:
        for effect in effects:
            if isinstance(effect, Send):
                self._network.send(self._desk.kid, effect.to, effect.payload)
            else:
                self._network.publish(self._desk.kid, effect.kind, effect.payload)

    # -- time passes

    def run(self) -> None:
        """All slots, then until the last contract is settled and awarded."""
        scenario, clock = self.scenario, self._clock
        for board in (*self.plants, *self.homes):
            board.perform(board.core.start(clock.now()))
        clock.at(scenario.start, self._announce)
        clock.at(scenario.start + SLOT_S + READ_S, self._read, 0)
        clock.at(self.founding.close_at, self._close)
        with rare_collections():
            clock.run_until(self.founding.over_at)

    def _read(self, index: int) -> None:
        """A slot is over: every meter is read."""
        slot = self.scenario.start + index * SLOT_S
        for board in (*self.plants, *self.homes):
            board.read(index, slot)
        if self.on_slot:
            self.on_slot(index)
        if index + 1 < self.scenario.slots:
            self._clock.at(slot + 2 * SLOT_S + READ_S, self._read, index + 1)

    def _close(self) -> None:
        """The run ends: nothing is offered beyond it."""
        for board in (*self.plants, *self.homes):
            close_shop(board.core)
