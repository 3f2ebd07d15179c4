# SPDX-License-Identifier: Apache-2.0
"""A process that runs some of a fleet's nodes and nothing else: no host, no files."""

import concurrent.futures
from collections.abc import Callable

from ..community import rare_collections
from ..fleet import NETWORK_NAME
from ..founding import Founding
from ..online import Online
from ..scenario import Scenario
from ..settings import Settings
from .part import Part, slots_over

LOOK_S = 1.0


class Shard:
    """Connected to broker and shard 1 when it is made; FleetError if that cannot be."""

    def __init__(self, settings: Settings, online: Online, scenario: Scenario) -> None:
        self._scenario = scenario
        self._part = part = Part(settings, online, scenario)
        self.clock = part.clock
        try:
            run = part.do(part.meet())
            self._founding = Founding(settings, scenario, part.keys, "%s %s" % (NETWORK_NAME, run))
            part.do(part.make(self._founding))
        except BaseException:
            part.close()
            raise
        self.nodes = len(part.plants) + len(part.homes)

    def run(self, on_slots: Callable[[int], None]) -> None:
        """Until shard 1 has what our nodes say. FleetError if broker or shard 1 is gone."""
        following = self._part.begin(self._part.follow(self._founding))
        try:
            with rare_collections():
                while not following.done():
                    concurrent.futures.wait([following], LOOK_S)
                    self._part.look()
                    on_slots(slots_over(self._scenario, self.clock.now()))
            following.result()
        finally:
            following.cancel()
        self._part.do(self._part.sweep())

    def close(self) -> None:
        """Hang up."""
        self._part.close()
