# SPDX-License-Identifier: Apache-2.0
"""The registration decides the role, the settings the rest, and a wrong one is named."""

from typing import Any

import pytest

from tests.trade.world import FIRST, SLOT, World, described, panel_of
from wattpact.assembly import id_of, node_core, panel_ids
from wattpact.node.meter import MeterNode
from wattpact.node.plant import PlantNode
from wattpact.node.prosumer import ProsumerNode

NOW = FIRST - 3600
METER: dict[str, Any] = {"slots": 4, "usual_day_wh": 150}


def panel(name: str, number: int = 0) -> dict[str, Any]:
    return {
        "panel": panel_of(name, number).hex(),
        "clear_day_wh": [number] * 96,
        "margin_ppm": 200_000,
    }


def plant(*panels: dict[str, Any]) -> dict[str, Any]:
    return {"slots": 4, "plant": {"price": 90_000, "panels": list(panels)}}


@pytest.fixture
def world() -> World:
    made = World()
    made.register("home")
    made.register("hill", described("hill", 2), meter=False)
    made.register("roof", described("roof"))
    return made


def test_a_meter_is_what_is_registered_as_one(world: World) -> None:
    """With the user's wishes, the usual day, the network's slots."""
    wishes = {"price_cap": 200_000, "blocked": ["00" * 8]}
    settings = {**METER, "preferences": wishes, "usual_day_wh": list(range(96))}
    core = node_core(world.member("home"), settings, NOW)
    assert type(core) is MeterNode
    assert core.preferences.price_cap == 200_000
    assert core.preferences.blocked == {bytes(8)}
    assert core.timing.round_s == 4 * SLOT
    midnight = NOW - NOW % 86400 - core.member.genesis.utc_offset_s
    assert [core.need.expected(midnight + at * SLOT) for at in (0, 95)] == [0, 95]
    assert panel_ids(world.member("home")) == []


def test_a_plant_has_the_panels_of_its_registration(world: World) -> None:
    """Each with a meter of its own to read."""
    core = node_core(world.member("hill"), plant(panel("hill", 1), panel("hill")), NOW)
    assert type(core) is PlantNode
    assert core.price == 90_000
    assert panel_ids(world.member("hill")) == [panel_of("hill"), panel_of("hill", 1)]


def test_a_prosumer_is_both_with_one_meter(world: World) -> None:
    """What the home exports is what its panel generated."""
    core = node_core(world.member("roof"), {**METER, **plant(panel("roof"))}, NOW)
    assert type(core) is ProsumerNode
    assert panel_ids(world.member("roof")) == []


def test_a_home_that_pays_by_the_byte_hears_no_plants(world: World) -> None:
    """It asks its neighbours instead."""
    kinds: list[set[str]] = []
    for deaf in (False, True):
        core = node_core(world.member("home"), {**METER, "deaf": deaf}, NOW)
        kinds.append({getattr(effect, "kind", "") for effect in core.start(NOW)})
    assert "shortfall" in kinds[0]
    assert "shortfall" not in kinds[1]


@pytest.mark.parametrize(
    ("name", "settings", "told"),
    [
        ("home", {}, "usual_day_wh: must be a list"),
        ("home", {**METER, "usual_day_wh": [1] * 95}, "usual_day_wh: one number, or 96"),
        ("home", {**METER, "usual_day_wh": -1}, "usual_day_wh: must be a whole number"),
        ("home", {**METER, "slots": 0}, "slots: must be"),
        ("home", {**METER, "slots": 10_000}, "slots per round"),
        ("home", {**METER, "deaf": 1}, "deaf: must be true or false"),
        ("home", {**METER, "preferences": {"cap": 1}}, "cap: no such preference"),
        ("hill", METER, "plant: this key is registered as a plant"),
        ("hill", plant(panel("hill")), "each registered panel is set once"),
        ("hill", plant(panel("hill"), panel("hill")), "each registered panel is set once"),
        ("hill", plant(panel("hill"), panel("roof")), "the registration does not list it"),
        ("hill", plant({"panel": "xx"}), "an id is 16 hex digits"),
        ("hill", {"slots": 4, "plant": {"price": 1, "panels": [1]}}, "each is an object"),
        ("roof", plant(panel("roof")), "usual_day_wh"),
        ("roof", {**METER, "plant": {"panels": [panel("roof")]}}, "plant.price"),
    ],
)
def test_a_wrong_setting_is_named(
    name: str, settings: dict[str, Any], told: str, world: World
) -> None:
    """The person who wrote it reads the message."""
    with pytest.raises(ValueError, match=told):
        node_core(world.member(name), settings, NOW)


@pytest.mark.parametrize("text", ["", "00", "zz" * 8, 1, None, "0" * 17])
def test_an_id_is_sixteen_hex_digits(text: Any) -> None:
    """And nothing else."""
    assert id_of("00112233445566ff", "x") == bytes.fromhex("00112233445566ff")
    with pytest.raises(ValueError, match="x: an id"):
        id_of(text, "x")
