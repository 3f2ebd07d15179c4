# SPDX-License-Identifier: Apache-2.0
"""A community over a broker: shard 1 has the host, which is the product's gateway, and puts together what all say."""

import time
from pathlib import Path

from host.gateway.gateway import Gateway, Pace
from host.keys import OpensslVerifier

from ..community import Community, Party, rare_collections
from ..cores import NodeEnd
from ..fleet import ANNOUNCE_S, NETWORK_NAME
from ..founding import BLOCK_S, Founding, S
from ..office import Office
from ..online import Online
from ..results import Check
from ..scenario import HomeSite, PlantSite, Scenario
from ..settings import Settings
from ..streams import tell
from .errors import FleetError
from .part import Part, slots_over
from .rounds import Host
from .told import Told


class Reported(Party[S]):
    """A node of this or another shard; what it said comes when the run is over."""

    said: NodeEnd

    def end(self) -> NodeEnd:
        """Its own account."""
        return self.said


class OnlineFleet(Community[Reported[HomeSite], Reported[PlantSite]]):
    """Connected to broker and shards when it is made; FleetError if that cannot be."""

    def __init__(self, settings: Settings, online: Online, scenario: Scenario, chain: Path) -> None:
        self._part = part = Part(settings, online, scenario)
        try:
            run = part.do(part.meet())
            founding = Founding(settings, scenario, part.keys, "%s %s" % (NETWORK_NAME, run))
            part.clock.set(founding.registered_at)
            office = Office(founding, OpensslVerifier(), part.clock, chain)
            super().__init__(settings, scenario, founding, office, part.clock)
            self.choices, self.notes = part.choices, part.notes
            part.do(part.make(founding))
            self.plants = [Reported(each) for each in founding.plants]
            self.homes = [Reported(each) for each in founding.homes]
            self._gateway = self._host(online, chain)
        except BaseException:
            part.close()
            raise
        self._online = online
        self._told: list[Told] = []
        self._slot = 0

    def _host(self, online: Online, chain: Path) -> Gateway:
        pace = Pace(BLOCK_S, ANNOUNCE_S, online.speed)
        gateway = Gateway(
            self.office.desk,
            self.founding.keys.sequencer,
            self._part.clock,
            online.address,
            self._part.context("sequencer"),
            chain.with_name("gateway.json"),
            lambda line: None,
            pace,
        )
        gateway.on_block = self.office.count
        gateway.on_tick = self._tick
        return gateway

    def run(self) -> None:
        """All slots, then until the last contract is settled and awarded. FleetError if broker or shard is gone."""
        gateway = self._gateway
        host = Host(
            self.founding.network,
            self.office.desk.kid,
            lambda: gateway.up,
            self.office.desk.waits_s,
            lambda: gateway.counts["malformed"],
        )
        leading = self._part.begin(self._part.lead(self.founding, host))
        leading.add_done_callback(lambda _: gateway.stop())
        began_s = time.monotonic()
        try:
            with rare_collections():
                gateway.run()
            self._told = leading.result()
        finally:
            leading.cancel()
        self._warn(time.monotonic() - began_s)
        self._slots()
        self._part.do(self._part.sweep())
        said: dict[str, NodeEnd] = {}
        for told in self._told:
            said.update(told.ends)
        for party in (*self.homes, *self.plants):
            if party.name not in said:
                raise FleetError("no shard says what became of %s" % party.name)
            party.said = said[party.name]
        for told in self._told[1:]:
            self.choices.add(told.choices)
            for key, count in told.notes.items():
                self.notes[key] = self.notes.get(key, 0) + count

    def _warn(self, real_s: float) -> None:
        """Say so if time went much slower than was asked for."""
        speed = (self.founding.over_at - self.founding.begin) / max(real_s, 1e-3)
        if speed < self._online.speed / 2:
            words = "time went %d times as fast as the machine's, not %d: machine or broker cannot keep up"
            tell(words % (speed, self._online.speed))

    def close(self) -> None:
        """Hang up everywhere."""
        self._part.close()
        super().close()

    def checks(self) -> list[Check]:
        """Whether everybody kept up with virtual time."""
        late_ms = max(told.late_ms for told in self._told)
        host_s, timing = self.office.desk.late_s, self.founding.timing
        ok = late_ms <= timing.answer_s * 1000 and host_s <= timing.accept_s
        words = "nodes at most %.1f s behind, the host %d s" % (late_ms / 1000, host_s)
        return [Check(name="everybody kept up with time", ok=ok, detail=words)]

    def _tick(self) -> None:
        self._part.look()
        self._slots()

    def _slots(self) -> None:
        """Tell of slots that are over."""
        over = slots_over(self.scenario, self.clock.now())
        for index in range(self._slot, over):
            if self.on_slot:
                self.on_slot(index)
        self._slot = over
