# SPDX-License-Identifier: Apache-2.0
"""Virtual boards: each runs the firmware's node core unchanged, with a store in memory and the fleet's network.

A board feeds its core what a real one would: one reading per slot, bytes from the network, ticks when the core asks.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wattpact.contract.timing import Timing
from wattpact.market.choice import Choice
from wattpact.market.need import DayMean
from wattpact.metering.reading import Reading
from wattpact.node.effects import Drop, Keep, Listen, Note, Publish, Send
from wattpact.node.member import Core, Member
from wattpact.node.meter import MeterNode
from wattpact.node.plant import PanelSettings, PlantNode
from wattpact.node.prosumer import ProsumerNode

from .elements import Element
from .scenario import HomeSite, PlantSite
from .world.network import Network, VirtualClock
from .world.profiles import SLOT_S

if TYPE_CHECKING:
    from wattpact.node.effects import Effect

ROOF_SHARE_USED = 2
"""A home is at work at noon: of its usual draw, one part in this many is there to use its own roof's sun."""


@dataclass
class Energy:
    """One slot at one home, Wh: consumed = self_used + imported, generated = self_used + exported."""

    consumed_wh: int
    generated_wh: int

    @property
    def self_used_wh(self) -> int:
        """Own roof's energy used at once."""
        return min(self.consumed_wh, self.generated_wh)

    @property
    def imported_wh(self) -> int:
        """Through the meter, inward."""
        return self.consumed_wh - self.self_used_wh

    @property
    def exported_wh(self) -> int:
        """Through the meter, outward."""
        return self.generated_wh - self.self_used_wh


@dataclass
class Board:
    """One virtual board on the network: its core, its flash as a dict, and when it wants to be woken."""

    name: str
    core: Core
    clock: VirtualClock
    network: Network
    notes: dict[str, int]
    flash: dict[bytes, bytes] = field(default_factory=dict[bytes, bytes])
    _wake_at: int = 0

    def __post_init__(self) -> None:
        self.network.join(self.core.member.kid, self.deliver)

    @property
    def kid(self) -> bytes:
        """The board's key id."""
        return self.core.member.kid

    def deliver(self, kind: str, sender: bytes, payload: bytes) -> None:
        """Bytes from the network; the sender's signature counts, not the address."""
        self.perform(self.core.on_message(kind, payload, self.clock.now()))

    def tick(self, wake_at: int) -> None:
        """The core asked for `wake_at`; if it has asked for another time since, that one counts."""
        if wake_at != self._wake_at:
            return
        self._wake_at = 0
        if self.core.wake_at <= self.clock.now():
            self.perform(self.core.on_tick(self.clock.now()))
        else:
            self.arm()

    def perform(self, effects: "list[Effect]") -> None:
        """Do what the core wants, in order, and see to its next tick."""
        for effect in effects:
            if isinstance(effect, Send):
                self.network.send(self.kid, effect.to, effect.payload)
            elif isinstance(effect, Publish):
                self.network.publish(self.kid, effect.kind, effect.payload)
            elif isinstance(effect, Keep):
                self.flash[effect.key] = effect.value
            elif isinstance(effect, Drop):
                self.flash.pop(effect.key, None)
            elif isinstance(effect, Listen):
                self.network.listen(self.kid, effect.kind, effect.sender)
            else:
                self._note(effect)
        self.arm()

    def arm(self) -> None:
        """Have `tick` called when the core wants it; an earlier wish replaces a later one."""
        wake_at = max(self.core.wake_at, self.clock.now())
        if not self._wake_at or wake_at < self._wake_at:
            self._wake_at = wake_at
            self.clock.at(wake_at, self.tick, wake_at)

    def _note(self, note: Note) -> None:
        key = "%s: %s" % (note.code, note.text)
        self.notes[key] = self.notes.get(key, 0) + 1


class HomeBoard(Board):
    """A meter at a home; a prosumer's has the roof's export on the other register."""

    meter: MeterNode
    site: HomeSite
    element: Element | None = None
    on_choice: Callable[["HomeBoard", Choice], None] | None = None
    import_register_wh: int = 0
    export_register_wh: int = 0

    def tick(self, wake_at: int) -> None:
        """As any board; a choice made now is shown to whoever watches."""
        before = self.meter.choice
        super().tick(wake_at)
        choice = self.meter.choice
        if self.on_choice and choice is not None and choice is not before:
            self.on_choice(self, choice)

    def energy(self, index: int) -> Energy:
        """What the world does here in slot `index`."""
        roof = self.site.roof
        generated = roof.panels[0].world.generated_wh(index) if roof else 0
        return Energy(self.site.home.load_wh(index), generated)

    def exported_wh(self, index: int) -> int:
        """Wh that left through the meter in slot `index`."""
        return self.energy(index).exported_wh

    def read(self, index: int, slot: int) -> None:
        """The slot is over: the metering chip's registers have moved, the core gets its reading."""
        energy = self.energy(index)
        self.import_register_wh += energy.imported_wh
        self.export_register_wh += energy.exported_wh
        reading = Reading(
            slot,
            energy.imported_wh,
            energy.exported_wh,
            self.import_register_wh,
            self.export_register_wh,
        )
        if isinstance(self.core, ProsumerNode):
            self.perform(self.core.on_reading(reading, self.clock.now()))
        else:
            self.perform(self.meter.on_reading(reading, self.clock.now()))


class PlantBoard(Board):
    """A plant's node, with a meter of its own at every panel."""

    plant: PlantNode
    site: PlantSite

    def read(self, index: int, slot: int) -> None:
        """The slot is over at every panel."""
        for panel in self.site.panels:
            energy_wh = panel.world.generated_wh(index)
            reading = Reading(slot, 0, energy_wh, 0, 0)
            self.perform(self.plant.on_panel_reading(panel.panel_id, reading))


def plant_node(
    member: Member, timing: Timing, site: PlantSite, clear: list[list[int]], now: int
) -> PlantNode:
    """A plant's core as its operator sets it up; `clear` is each panel's expected day."""
    settings = [
        PanelSettings(panel.panel_id, day, site.margin_ppm)
        for panel, day in zip(site.panels, clear)
    ]
    return PlantNode(member, timing, site.price, settings, site.past_low, now)


def home_days(site: HomeSite, month: int) -> tuple[list[int], list[int]]:
    """(import, export) in Wh per slot of a usual day, as its installer would set the board up."""
    usual = site.home.usual_day
    if site.roof is None:
        return usual, [0] * len(usual)
    clear = site.roof.panels[0].world.clear_day(month)
    imported = [max(0, load - sun // ROOF_SHARE_USED) for load, sun in zip(usual, clear)]
    return imported, [max(0, sun - load) for load, sun in zip(usual, clear)]


def meter_node(
    member: Member,
    timing: Timing,
    site: HomeSite,
    day: list[int],
    now: int,
) -> MeterNode:
    """A meter's core with the user's wishes."""
    need = DayMean(day, SLOT_S, member.genesis.utc_offset_s)
    return MeterNode(member, timing, site.preferences, need, now, site.deaf)
