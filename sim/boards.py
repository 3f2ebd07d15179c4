# SPDX-License-Identifier: Apache-2.0
"""Boards in virtual time: each runs the firmware's node core unchanged, with a store in memory and the fleet's network.

A board feeds its core what a real one would: one reading per slot, bytes from the network, ticks when the core asks.
"""

from typing import TYPE_CHECKING, Generic, TypeVar

from wattpact.metering.reading import Reading
from wattpact.node.effects import Drop, Keep, Listen, Note, Publish, Send
from wattpact.node.member import Core
from wattpact.node.meter import MeterNode
from wattpact.node.plant import PlantNode
from wattpact.node.prosumer import ProsumerNode

from .community import Party
from .cores import HomeMeter, NodeEnd, meter_of, node_end
from .founding import Enrolled, S
from .scenario import HomeSite, PlantSite
from .world.network import Network, VirtualClock

if TYPE_CHECKING:
    from wattpact.node.effects import Effect

C = TypeVar("C", bound=Core)


class Board(Party[S], Generic[S, C]):
    """One virtual board on the network: its core, its flash as a dict, and when it wants to be woken."""

    def __init__(
        self,
        enrolled: Enrolled[S],
        core: C,
        clock: VirtualClock,
        network: Network,
        notes: dict[str, int],
    ) -> None:
        """What its core notes is counted in `notes`."""
        super().__init__(enrolled)
        self.core = core
        self.flash: dict[bytes, bytes] = {}
        self._signer = enrolled.signer
        self._clock = clock
        self._network = network
        self._notes = notes
        self._wake_at = 0
        network.join(self.kid, self.deliver)

    def end(self) -> NodeEnd:
        """Its own account, as it is now."""
        return node_end(self.core, self._signer)

    def deliver(self, kind: str, sender: bytes, payload: bytes) -> None:
        """Bytes from the network; the sender's signature counts, not the address."""
        self.perform(self.core.on_message(kind, payload, self._clock.now()))

    def tick(self, wake_at: int) -> None:
        """The core asked for `wake_at`; if it has asked for another time since, that one counts."""
        if wake_at != self._wake_at:
            return
        self._wake_at = 0
        if self.core.wake_at <= self._clock.now():
            self.perform(self.core.on_tick(self._clock.now()))
        else:
            self.arm()

    def perform(self, effects: "list[Effect]") -> None:
        """Do what the core wants, in order, and see to its next tick."""
        for effect in effects:
            if isinstance(effect, Send):
                self._network.send(self.kid, effect.to, effect.payload)
            elif isinstance(effect, Publish):
                self._network.publish(self.kid, effect.kind, effect.payload)
            elif isinstance(effect, Keep):
                self.flash[effect.key] = effect.value
            elif isinstance(effect, Drop):
                self.flash.pop(effect.key, None)
            elif isinstance(effect, Listen):
                self._network.listen(self.kid, effect.kind, effect.sender)
            else:
                self._note(effect)
        self.arm()

    def arm(self) -> None:
        """Have `tick` called when the core wants it; an earlier wish replaces a later one."""
        wake_at = max(self.core.wake_at, self._clock.now())
        if not self._wake_at or wake_at < self._wake_at:
            self._wake_at = wake_at
            self._clock.at(wake_at, self.tick, wake_at)

    def _note(self, note: Note) -> None:
        key = "%s: %s" % (note.code, note.text)
        self._notes[key] = self._notes.get(key, 0) + 1


class HomeBoard(Board[HomeSite, MeterNode | ProsumerNode]):
    """A meter at a home; a prosumer's has the roof's export on the other register."""

    def __init__(
        self,
        enrolled: Enrolled[HomeSite],
        core: MeterNode | ProsumerNode,
        clock: VirtualClock,
        network: Network,
        notes: dict[str, int],
    ) -> None:
        """As any board."""
        super().__init__(enrolled, core, clock, network, notes)
        self.meter = meter_of(core)
        self._chip = HomeMeter(enrolled.site)

    def read(self, index: int, slot: int) -> None:
        """The slot is over: the core gets its reading."""
        self.perform(self.core.on_reading(self._chip.read(index, slot), self._clock.now()))


class PlantBoard(Board[PlantSite, PlantNode]):
    """A plant's node, with a meter of its own at every panel."""

    def read(self, index: int, slot: int) -> None:
        """The slot is over at every panel."""
        for panel in self.site.panels:
            reading = Reading(slot, 0, panel.world.generated_wh(index), 0, 0)
            self.perform(self.core.on_panel_reading(panel.panel_id, reading))
