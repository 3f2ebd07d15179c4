# SPDX-License-Identifier: Apache-2.0
"""A node's core out of what its user and its operator set: which role, whose wishes, which day is usual.

    {"slots": 4, "usual_day_wh": 150 | [96 values], "deaf": false, "preferences": {...},
     "plant": {"price": 90000, "panels": [{"panel": "16 hex digits", "clear_day_wh": 0 | [...], "margin_ppm": 900000}]}}

What the registration says counts: a key registered as a plant gets a plant's core, whatever stands here, and a panel
that it does not list is refused. A role's core is imported when it is asked for: a board's memory holds the one that it
is, so there are imports inside functions here. ValueError names the setting: the person who wrote it reads the message.
"""

from binascii import unhexlify

from .compat import const
from .contract.timing import Timing
from .units import DAY_S, PPM, PRICE_MAX, SLOT_WH_MAX
from .wire.messages import ROLE_METER, ROLE_PLANT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .node.member import Core, Member
    from .node.meter import MeterNode
    from .node.plant import PlantNode

    Settings = dict[str, Any]

ID_DIGITS = const(16)


def node_core(member: "Member", settings: "Settings", now: int) -> "Core":
    """MeterNode, PlantNode or ProsumerNode, as the registration of `member` says. ValueError for a wrong setting."""
    roles = member.register.roles
    slots = _whole(settings.get("slots", member.genesis.contract_slots_max), 1, DAY_S, "slots")
    timing = Timing(member.genesis, slots)
    if ROLE_PLANT not in roles:
        return _meter(member, timing, settings, now)
    plant = _plant(member, timing, settings, now)
    if ROLE_METER not in roles:
        return plant
    from .node.prosumer import ProsumerNode

    return ProsumerNode(_meter(member, timing, settings, now), plant)


def buyer(core: "Any") -> "MeterNode":
    """The buying role of a meter's or a prosumer's core."""
    return getattr(core, "meter", core)


def panel_ids(member: "Member") -> "list[bytes]":
    """Panels whose own meter this node has to read: a prosumer's export is on its one meter, so it has none."""
    if ROLE_METER in member.register.roles:
        return []
    return [row[0] for row in member.register.panels]


def id_of(text: "Any", name: str) -> bytes:
    """8 bytes from 16 hex digits; ValueError names the setting."""
    if type(text) is str and len(text) == ID_DIGITS:
        try:
            return unhexlify(text)
        except ValueError:  # not hex: told below
            pass
    raise ValueError(name + ": an id is 16 hex digits")


def _meter(member: "Member", timing: Timing, settings: "Settings", now: int) -> "MeterNode":
    from .market.need import DayMean
    from .market.preferences import from_fields
    from .node.meter import MeterNode

    genesis = member.genesis
    day = _day(settings.get("usual_day_wh"), genesis.slot_s, "usual_day_wh")
    need = DayMean(day, genesis.slot_s, genesis.utc_offset_s)
    deaf = settings.get("deaf", False)
    if type(deaf) is not bool:
        raise ValueError("deaf: must be true or false")
    wishes = from_fields(settings.get("preferences", {}))
    return MeterNode(member, timing, wishes, need, now, deaf)


def _plant(member: "Member", timing: Timing, settings: "Settings", now: int) -> "PlantNode":
    from .node.plant import PanelSettings, PlantNode

    if type(settings.get("plant")) is not dict:
        raise ValueError("plant: this key is registered as a plant, and nothing is set for it")
    fields: "Settings" = settings["plant"]
    registered = [row[0] for row in member.register.panels]
    panels: "list[PanelSettings]" = []
    for each in _list(fields.get("panels"), len(registered), "plant.panels"):
        if each.__class__ is not dict:
            raise ValueError("plant.panels: each is an object")
        row: "Settings" = each
        panel_id = id_of(row.get("panel"), "plant.panels.panel")
        if panel_id not in registered:
            raise ValueError("plant.panels.panel: the registration does not list it")
        day = _day(row.get("clear_day_wh"), member.genesis.slot_s, "plant.panels.clear_day_wh")
        margin = _whole(row.get("margin_ppm"), 1, PPM, "plant.panels.margin_ppm")
        panels.append(PanelSettings(panel_id, day, margin))
    if len({panel.panel_id for panel in panels}) != len(registered):
        raise ValueError("plant.panels: each registered panel is set once")
    price = _whole(fields.get("price"), 1, PRICE_MAX, "plant.price")
    return PlantNode(member, timing, price, panels, [], now)


def _day(value: "Any", slot_s: int, name: str) -> "list[int]":
    """One Wh for each slot of the local day; a single number stands for all."""
    count = DAY_S // slot_s
    values = [value] * count if type(value) is int else _list(value, count, name)
    if len(values) != count:
        raise ValueError("%s: one number, or %d of them from local midnight on" % (name, count))
    return [_whole(each, 0, SLOT_WH_MAX, name) for each in values]


def _list(value: "Any", most: int, name: str) -> "list[Any]":
    if value.__class__ is not list:
        raise ValueError(name + ": must be a list")
    if len(value) > most:
        raise ValueError("%s: at most %d" % (name, most))
    return value


def _whole(value: "Any", low: int, high: int, name: str) -> int:
    if type(value) is not int or not low <= value <= high:
        raise ValueError("%s: must be a whole number from %d to %d" % (name, low, high))
    return value
