# SPDX-License-Identifier: Apache-2.0
"""Who lives in a run: homes, roofs, plants, their keys, wishes and prices, all drawn from the seed by name.

Physics comes from sim.world, or from the user's own CSV; nothing here knows of messages or blocks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Protocol, TypeVar

from wattpact.market.low_supply import join
from wattpact.market.preferences import Preferences
from wattpact.units import DAY_S, HOUR_S, POWER_W_MAX, civil
from wattpact.wire.messages import PANELS_MAX

from .settings import UTC_OFFSET_S, Settings
from .world.loads import Home, LoadModel
from .world.measured import MeasuredPanel, measured_home
from .world.panels import PanelModel, rooftop
from .world.panels import field as ground_panel
from .world.profiles import SLOT_S
from .world.seeds import child
from .world.service import common_service
from .world.sky import CENTRAL_EUROPE, HISTORY_DAYS, Sky

T = TypeVar("T")

NEIGHBOURHOOD_HOMES = 12
PLANT_W_PER_LOAD_W = 2
"""Plants' rated W over the homes' mean load: at a clear summer noon about what the homes draw."""
PANEL_W_MIN = 1_000
PLANT_PRICES = (160_000, 280_000)
ROOF_PRICES = (180_000, 300_000)
MARGINS_PPM = (700_000, 950_000)


class PanelWorld(Protocol):
    """A panel of the model or of a CSV file."""

    name: str
    rated_w: int
    preset_wh: int
    service: list[tuple[int, int]]

    def generated_wh(self, index: int) -> int: ...
    def low(self, index: int) -> bool: ...
    def past(self, days: int) -> list[tuple[int, int]]: ...
    def clear_day(self, month: int) -> list[int]: ...


@dataclass
class Site:
    """One panel as registered: its id and the world behind it."""

    panel_id: bytes
    world: PanelWorld


@dataclass
class PlantSite:
    """A plant, or a roof: what is registered of it and what its operator set up."""

    name: str
    plant_id: bytes
    owner: bytes
    price: int
    margin_ppm: int
    panels: Sequence[Site]
    service: list[tuple[int, int]]
    past_low: list[tuple[int, int]]


@dataclass
class HomeSite:
    """A metered home, with a roof if it is a prosumer."""

    name: str
    owner: bytes
    neighbourhood: int
    home: Home
    preferences: Preferences
    roof: PlantSite | None = None
    deaf: bool = False
    secure_element: bool = False


@dataclass
class Scenario:
    """Everything the fleet needs of the world; `start` is the first slot, Unix s."""

    start: int
    slots: int
    homes: list[HomeSite]
    plants: list[PlantSite]
    month: int = field(init=False)

    def __post_init__(self) -> None:
        self.month = civil(self.start + UTC_OFFSET_S)[1]

    @property
    def end(self) -> int:
        """The instant after the last slot."""
        return self.start + self.slots * SLOT_S


def secret(seed: int, name: str) -> bytes:
    """A node's private key: a valid scalar, 32 bytes, for simulated boards only."""
    return sha256(b"wattpact simulated key %d " % seed + name.encode()).digest()


def identity(seed: int, *names: str) -> bytes:
    """An 8-byte id."""
    return sha256(("wattpact simulated id %d " % seed + "/".join(names)).encode()).digest()[:8]


def build(settings: Settings) -> Scenario:
    """The world of a run. With CSV files the run lies where they lie."""
    start, slots = settings.start, settings.slots
    sky = Sky(settings.seed, "community", CENTRAL_EUROPE, start, slots, UTC_OFFSET_S)
    homes = _homes(settings, sky)
    _roofs(settings, homes, sky)
    for home in _sample(settings.seed, "deaf", homes, settings.deaf):
        home.deaf = True
    for home in _sample(settings.seed, "secure-element", homes, settings.secure_elements):
        home.secure_element = True
    load_w = sum(home.home.annual_wh for home in homes) * HOUR_S // (365 * DAY_S)
    return Scenario(start, slots, homes, _plants(settings, sky, load_w))


def _homes(settings: Settings, sky: Sky) -> list[HomeSite]:
    loads = settings.loads
    model = LoadModel(settings.seed, sky.start, sky.slots, UTC_OFFSET_S)
    names = loads.names[: settings.meters] if loads else _names("H", settings.meters)
    roofs = {
        names.index(name) for name in _sample(settings.seed, "roof", names, settings.prosumers)
    }
    homes: list[HomeSite] = []
    for index, name in enumerate(names):
        if loads:
            home = measured_home(loads, index, sky.start, sky.slots, UTC_OFFSET_S)
        else:
            home = model.prosumer(name) if index in roofs else model.home(name)
        homes.append(
            HomeSite(
                name=name,
                owner=identity(settings.seed, "user", name),
                neighbourhood=index // NEIGHBOURHOOD_HOMES,
                home=home,
                preferences=_wishes(settings, name),
            )
        )
    return homes


def _roofs(settings: Settings, homes: list[HomeSite], sky: Sky) -> None:
    for home in _sample(settings.seed, "roof", homes, settings.prosumers):
        rng = child(settings.seed, "roof-price", home.name)
        world = PanelModel(settings.seed, home.name, rooftop(settings.seed, home.name), sky)
        site = Site(identity(settings.seed, "panel", home.name), world)
        home.roof = PlantSite(
            name=home.name,
            plant_id=identity(settings.seed, "plant", home.name),
            owner=home.owner,
            price=_price(rng.randrange(*ROOF_PRICES)),
            margin_ppm=rng.randrange(*MARGINS_PPM),
            panels=[site],
            service=list(world.service),
            past_low=world.past(HISTORY_DAYS),
        )


def _plants(settings: Settings, sky: Sky, load_w: int) -> list[PlantSite]:
    pv, count = settings.pv, settings.plants
    plants: list[PlantSite] = []
    for index, name in enumerate(_names("P", count)):
        rng = child(settings.seed, "plant", name)
        worlds: list[PanelWorld] = []
        if pv:
            for column in range(index, len(pv.names), count):
                worlds.append(MeasuredPanel(pv, column, sky.start, sky.slots, UTC_OFFSET_S))
        else:
            drawn = 2 + rng.randrange(3)
            plant_w = load_w * PLANT_W_PER_LOAD_W * (60 + rng.randrange(81)) // (100 * count)
            for number, rated_w in enumerate(panel_ratings(plant_w, drawn), 1):
                panel = ground_panel(settings.seed, "%s.%d" % (name, number), rated_w)
                worlds.append(PanelModel(settings.seed, name, panel, sky))
        sites = [Site(identity(settings.seed, "panel", name, w.name), w) for w in worlds]
        plants.append(
            PlantSite(
                name=name,
                plant_id=identity(settings.seed, "plant", name),
                owner=identity(settings.seed, "operator", name),
                price=_price(rng.randrange(*PLANT_PRICES)),
                margin_ppm=rng.randrange(*MARGINS_PPM),
                panels=sites,
                service=common_service([world.service for world in worlds]),
                past_low=join([low for world in worlds for low in world.past(HISTORY_DAYS)]),
            )
        )
    return plants


def panel_ratings(plant_w: int, drawn: int) -> list[int]:
    """Rated W of each panel of a plant of `plant_w`: as many panels as drawn, or more where one would be too large.

    None is smaller than PANEL_W_MIN or larger than the ledger registers. If even the most panels a plant may have
    cannot hold it, the plant is smaller.
    """
    count = min(max(drawn, -(-plant_w // POWER_W_MAX)), PANELS_MAX)
    return [min(max(PANEL_W_MIN, plant_w // count), POWER_W_MAX)] * count


def _wishes(settings: Settings, name: str) -> Preferences:
    """Most users want the best expected price; some want reliable plants only, some cap the price."""
    rng = child(settings.seed, "wishes", name)
    kind = rng.randrange(10)
    if kind == 0:
        return Preferences(score_min_ppm=700_000)
    if kind == 1:
        return Preferences(price_cap=250_000)
    return Preferences()


def _sample(seed: int, what: str, items: Sequence[T], share: float) -> list[T]:
    """A share of the items, in their order, drawn from the seed."""
    count = int(share * len(items) + 0.5)
    chosen = sorted(child(seed, what).sample(range(len(items)), count))
    return [items[index] for index in chosen]


def _names(letter: str, count: int) -> list[str]:
    return ["%s%0*d" % (letter, len(str(count)), number) for number in range(1, count + 1)]


def _price(micro: int) -> int:
    """Whole tenths of a cent, as a tariff sheet would have it."""
    return micro - micro % 1_000
