# SPDX-License-Identifier: Apache-2.0
"""Outages hang on the plant: some are poor, most are not."""

from sim.world.outages import down_slots, upkeep

WEEKS = 520
SLOTS = WEEKS * 672


def _spells(down: bytearray) -> list[int]:
    return [len(spell) for spell in bytes(down).split(b"\0") if spell]


def test_plants_are_good_fair_and_poor() -> None:
    """Two in five below an outage every two weeks, one in five with four to eight a week."""
    rates = [upkeep(1, f"plant-{number}").per_1000_weeks for number in range(500)]
    assert 150 < sum(rate < 500 for rate in rates) < 250
    poor = [rate for rate in rates if rate >= 4000]
    assert 70 < len(poor) < 130
    assert max(poor) <= 8000


def test_a_plant_fails_as_often_and_as_long_as_its_upkeep_says() -> None:
    """Over ten years: the number of outages within a quarter, each as long as a repair takes."""
    for plant in ("a", "b", "c", "d", "e", "f"):
        care = upkeep(1, plant)
        spells = _spells(down_slots(1, plant, "panel", SLOTS))
        expected = care.per_1000_weeks * WEEKS / 1000
        assert abs(len(spells) - expected) <= 0.25 * expected + 10
        assert all(care.repair_min <= spell for spell in spells[:-1])
        assert 4 <= care.repair_min <= care.repair_max <= 24


def test_a_panel_has_its_own_outages_and_a_longer_run_begins_like_a_shorter_one() -> None:
    """Same rate, other hours; more slots change nothing about the first ones."""
    first = down_slots(1, "a", "one", SLOTS)
    assert down_slots(1, "a", "two", SLOTS) != first
    assert down_slots(1, "a", "one", SLOTS) == first
    assert down_slots(1, "a", "one", SLOTS // 2) == first[: SLOTS // 2]
