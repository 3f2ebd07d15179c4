# SPDX-License-Identifier: Apache-2.0
"""The firmware's cores for the sites of a scenario, set up as installers and operators would, and their readings.

The one way to make a node of the fleet, whatever carries its messages and whatever its clock is.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from wattpact.market.need import DayMean
from wattpact.metering.reading import Reading
from wattpact.node.member import Core, Member
from wattpact.node.meter import MeterNode
from wattpact.node.plant import PanelSettings, PlantNode
from wattpact.node.prosumer import ProsumerNode

from .elements import Element
from .founding import Enrolled, Founding
from .scenario import HomeSite, PlantSite
from .world.profiles import SLOT_S

if TYPE_CHECKING:
    from wattpact.interfaces import Verifier
    from wattpact.market.choice import Choice
    from wattpact.node.effects import Effect

    OnChoice = Callable[[HomeSite, Choice], None]

PLANT_OUTBOX = 4096
PLANT_KNOWN = 65536
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


def energy_at(site: HomeSite, index: int) -> Energy:
    """What the world does at a home in slot `index`."""
    generated = site.roof.panels[0].world.generated_wh(index) if site.roof else 0
    return Energy(site.home.load_wh(index), generated)


class HomeMeter:
    """The metering chip of a home: read once a slot, in order."""

    def __init__(self, site: HomeSite) -> None:
        self._site = site
        self._import_wh = 0
        self._export_wh = 0

    def read(self, index: int, slot: int) -> Reading:
        """Slot `index`, which began at `slot`, is over; the registers have moved on."""
        energy = energy_at(self._site, index)
        self._import_wh += energy.imported_wh
        self._export_wh += energy.exported_wh
        return Reading(
            slot, energy.imported_wh, energy.exported_wh, self._import_wh, self._export_wh
        )


class WatchedMeter(MeterNode):
    """A meter that shows each choice to whoever counts."""

    on_choice: "Callable[[Choice], None] | None" = None

    def on_tick(self, now: int) -> "list[Effect]":
        """As any meter."""
        before = self.choice
        effects = super().on_tick(now)
        if self.on_choice and self.choice is not None and self.choice is not before:
            self.on_choice(self.choice)
        return effects


@dataclass(frozen=True)
class NodeEnd:
    """What a node says of itself when the run is over; the counts of a plant's are 0."""

    waits: bool
    """Something in its outbox has no answer."""
    dropped: int
    """Messages it did not believe."""
    scored: int = 0
    offers: int = 0
    tells: int = 0
    choices: int = 0
    awards: int = 0
    signatures: int = 0
    """Made by its secure element."""

    def row(self) -> dict[str, int]:
        """To be sent to whoever puts a fleet together."""
        return asdict(self)


class Cores:
    """Makes them for one founding."""

    def __init__(
        self, founding: Founding, month: int, verifier: "Verifier", on_choice: "OnChoice"
    ) -> None:
        """`month` is the one whose clear days operators know."""
        self._founding = founding
        self._month = month
        self._verifier = verifier
        self._on_choice = on_choice

    def plant(self, enrolled: Enrolled[PlantSite], now: int) -> PlantNode:
        """A plant's core as its operator sets it up."""
        member = self._member(enrolled, PLANT_OUTBOX, PLANT_KNOWN)
        clear = [panel.world.clear_day(self._month) for panel in enrolled.site.panels]
        return self._selling(member, enrolled.site, clear, now)

    def home(self, enrolled: Enrolled[HomeSite], now: int) -> MeterNode | ProsumerNode:
        """A meter's core with the user's wishes; a prosumer's, if there is a roof."""
        site, timing = enrolled.site, self._founding.timing
        member = self._member(enrolled)
        imported, exported = home_days(site, self._month)
        need = DayMean(imported, SLOT_S, member.genesis.utc_offset_s)
        meter = WatchedMeter(member, timing, site.preferences, need, now, site.deaf)
        meter.on_choice = lambda choice: self._on_choice(site, choice)
        if site.roof is None:
            return meter
        return ProsumerNode(meter, self._selling(member, site.roof, [exported], now))

    def _member(self, enrolled: "Enrolled[PlantSite] | Enrolled[HomeSite]", *room: int) -> Member:
        genesis = self._founding.genesis_data
        return Member(genesis, enrolled.register_data, enrolled.signer, self._verifier, *room)

    def _selling(
        self, member: Member, site: PlantSite, days: list[list[int]], now: int
    ) -> PlantNode:
        settings = [
            PanelSettings(panel.panel_id, day, site.margin_ppm)
            for panel, day in zip(site.panels, days)
        ]
        timing = self._founding.timing
        return PlantNode(member, timing, site.price, settings, site.past_low, now)


def meter_of(core: MeterNode | ProsumerNode) -> MeterNode:
    """The buyer's side of a home."""
    return core.meter if isinstance(core, ProsumerNode) else core


def close_shop(core: Core) -> None:
    """The run ends: nothing is offered beyond it."""
    plant = core.plant if isinstance(core, ProsumerNode) else core
    if isinstance(plant, PlantNode):
        plant.selling = False


def node_end(core: Core, signer: object) -> NodeEnd:
    """What the core and its signer counted."""
    member = core.member
    waits, dropped = bool(member.outbox.wake_at()), member.dropped
    if not isinstance(core, (MeterNode, ProsumerNode)):
        return NodeEnd(waits, dropped)
    meter = meter_of(core)
    return NodeEnd(
        waits,
        dropped,
        scored=meter.tally.scored,
        offers=meter.tally.offers,
        tells=meter.tally.tells,
        choices=meter.tally.choices,
        awards=meter.buying.awards,
        signatures=signer.chip.signatures if isinstance(signer, Element) else 0,
    )


def home_days(site: HomeSite, month: int) -> tuple[list[int], list[int]]:
    """(import, export) in Wh per slot of a usual day, as its installer would set the board up."""
    usual = site.home.usual_day
    if site.roof is None:
        return usual, [0] * len(usual)
    clear = site.roof.panels[0].world.clear_day(month)
    imported = [max(0, load - sun // ROOF_SHARE_USED) for load, sun in zip(usual, clear)]
    return imported, [max(0, sun - load) for load, sun in zip(usual, clear)]
