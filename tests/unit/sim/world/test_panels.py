# SPDX-License-Identifier: Apache-2.0
"""A panel yields what panels in Central Europe yield, and nothing at night or while it is dead."""

from calendar import timegm

import pytest

from sim.world.outages import upkeep
from sim.world.panels import Panel, PanelModel, field, rooftop
from sim.world.profiles import SLOTS_PER_DAY
from sim.world.sky import CENTRAL_EUROPE, Sky
from wattpact.units import panel_slot_wh_max

CET = 3600
START = timegm((2025, 6, 10, 0, 0, 0)) - CET
SOUTH = Panel("south", rated_w=50_000, tilt_deg=30, azimuth_deg=180)


@pytest.fixture(scope="module")
def sky() -> Sky:
    """Four days of June."""
    return Sky(1, "r", CENTRAL_EUROPE, START, 4 * SLOTS_PER_DAY, CET)


@pytest.fixture(scope="module")
def poor_plant() -> str:
    """The name of a plant that fails several times a week."""
    return next(name for name in map(str, range(100)) if upkeep(1, name).per_1000_weeks > 6000)


def test_a_year_yields_about_a_thousand_hours_of_the_rating() -> None:
    """Latitude 50, tilt 30 south: 950 to 1100 kWh per kW on the mean of five seeds' weather."""
    start, slots = timegm((2025, 1, 1, 0, 0, 0)) - CET, 365 * SLOTS_PER_DAY
    yields: list[float] = []
    for seed in range(5):
        panel = PanelModel(seed, "plant", SOUTH, Sky(seed, "r", CENTRAL_EUROPE, start, slots, CET))
        energy_wh = sum(panel.generated_wh(slot) for slot in range(slots) if not panel.down(slot))
        dead = sum(panel.down(slot) for slot in range(slots))
        yields.append(energy_wh / SOUTH.rated_w * slots / (slots - dead))
    assert 950 < sum(yields) / len(yields) < 1100


def test_night_gives_nothing_and_no_slot_more_than_the_rating(sky: Sky) -> None:
    """Local midnight to three; and below what the ledger believes of a panel."""
    panel = PanelModel(1, "plant", SOUTH, sky)
    for day in range(4):
        assert not any(panel.generated_wh(day * 96 + slot) for slot in range(12))
    most = max(panel.generated_wh(slot) for slot in range(sky.slots))
    assert SOUTH.rated_w // 8 < most <= SOUTH.rated_w // 4 < panel_slot_wh_max(SOUTH.rated_w, 900)


def test_an_outage_gives_nothing_and_is_low_supply(sky: Sky, poor_plant: str) -> None:
    """Inside the service window; at night it is nobody's business."""
    panel = PanelModel(1, poor_plant, SOUTH, sky)
    dead = [slot for slot in range(-2880, sky.slots) if panel.down(slot)]
    assert dead
    assert not any(panel.generated_wh(slot) for slot in dead)
    noons = [slot for slot in dead if 44 <= slot % 96 < 56]
    assert noons
    assert all(panel.low(slot) for slot in noons)
    assert not any(panel.low(slot) for slot in range(-2880, sky.slots) if slot % 96 < 12)


def test_a_well_kept_plant_is_hardly_ever_low_in_summer(sky: Sky) -> None:
    """Ordinary clouds do not count: without outages less than one slot in a hundred of the service time is low."""
    panel = PanelModel(1, "plant", SOUTH, sky)
    from_s, to_s = panel.service[5]
    slots = [slot for slot in range(-2880, sky.slots) if from_s <= slot % 96 * 900 < to_s]
    low = [slot for slot in slots if panel.low(slot) and not panel.down(slot)]
    assert len(low) < len(slots) / 100


def test_supply_below_the_preset_is_low_only_in_service(sky: Sky) -> None:
    """What a home exports can be judged like what a panel generates."""
    panel = PanelModel(1, "plant", SOUTH, sky)
    noon, midnight = 48, 0
    assert panel.low_at(noon, panel.preset_wh - 1)
    assert not panel.low_at(noon, panel.preset_wh)
    assert not panel.low_at(midnight, 0)


def test_the_past_is_merged_low_supply_before_the_run(sky: Sky, poor_plant: str) -> None:
    """Its duration is that of the low slots, it ends before the run, and fewer days are the end of more."""
    panel = PanelModel(1, poor_plant, SOUTH, sky)
    past = panel.past(30)
    low = [slot for slot in range(-2880, 0) if panel.low(slot)]
    assert sum(duration_s for _start, duration_s in past) == 900 * len(low)
    assert past == sorted(past)
    assert all(START - 30 * 86400 <= start < START for start, _duration in past)
    assert panel.past(7) == [entry for entry in past if entry[0] >= START - 7 * 86400]
    for days in (0, 31):
        with pytest.raises(ValueError, match="days"):
            panel.past(days)
    with pytest.raises(IndexError):
        panel.generated_wh(-2881)


def test_a_clear_day_is_symmetric_enough_and_bounds_the_weather(sky: Sky) -> None:
    """96 Wh figures, dark at night, best near 12:20 local; a cloudy day yields less in all."""
    panel = PanelModel(1, "plant", SOUTH, sky)
    clear = panel.clear_day(6)
    assert len(clear) == 96
    assert clear[0] == 0
    assert 47 <= clear.index(max(clear)) <= 51
    for day in range(-30, 4):
        assert sum(panel.generated_wh(day * 96 + slot) for slot in range(96)) < sum(clear) * 1.03
    assert sum(panel.clear_day(12)) < sum(clear) / 2


def test_service_windows_follow_the_seasons_and_the_roof(sky: Sky) -> None:
    """Whole slots of the day, longer in June than in December, earlier on an east roof than on a west one."""
    south = PanelModel(1, "plant", SOUTH, sky).service
    assert len(south) == 12
    assert all(
        0 <= from_s <= to_s <= 86400 and from_s % 900 == to_s % 900 == 0 for from_s, to_s in south
    )
    assert south[5][1] - south[5][0] > 10 * 3600
    assert 7 * 3600 > south[11][1] - south[11][0] > 0
    east = PanelModel(1, "plant", Panel("e", 5000, 40, 90), sky).service
    west = PanelModel(1, "plant", Panel("w", 5000, 40, 270), sky).service
    assert east[5][0] < west[5][0]
    assert east[5][1] < west[5][1]


def test_panels_of_one_region_share_its_weather_but_not_their_noise(sky: Sky) -> None:
    """Two alike panels differ by no more than 9 % in any bright slot, and do differ."""
    one = PanelModel(1, "plant", SOUTH, sky)
    two = PanelModel(1, "plant", SOUTH._replace(name="other"), sky)
    pairs = [
        (one.generated_wh(slot), two.generated_wh(slot))
        for slot in range(sky.slots)
        if not one.down(slot) and not two.down(slot) and one.generated_wh(slot) > 1000
    ]
    assert pairs
    assert any(left != right for left, right in pairs)
    assert all(abs(left - right) < 0.09 * max(left, right) for left, right in pairs)


def test_roofs_and_fields_are_built_as_documented() -> None:
    """3 to 10 kW between east and west on roofs; the given rating near south in fields; by seed and name."""
    roofs = [rooftop(1, f"n{number}") for number in range(300)]
    assert all(3000 <= roof.rated_w <= 10000 and 20 <= roof.tilt_deg <= 45 for roof in roofs)
    assert all(90 <= roof.azimuth_deg <= 270 for roof in roofs)
    assert rooftop(1, "n0") == roofs[0] != rooftop(2, "n0")
    plot = field(1, "a", 50_000)
    assert (plot.name, plot.rated_w) == ("a", 50_000)
    assert 165 <= plot.azimuth_deg <= 195
    assert 25 <= plot.tilt_deg <= 35


def test_a_longer_run_begins_like_a_shorter_one_and_figures_are_fixed(sky: Sky) -> None:
    """More days change nothing about the first ones, and a change of the model is seen and meant."""
    short = PanelModel(1, "plant", SOUTH, Sky(1, "r", CENTRAL_EUROPE, START, 96, CET))
    long = PanelModel(1, "plant", SOUTH, sky)
    day = [long.generated_wh(slot) for slot in range(96)]
    assert [short.generated_wh(slot) for slot in range(96)] == day
    assert (day[48], sum(day), len(long.past(30))) == FIXED


FIXED = (1464, 123_792, 2)
