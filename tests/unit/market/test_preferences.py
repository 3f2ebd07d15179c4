# SPDX-License-Identifier: Apache-2.0
"""A user's wishes are checked where they enter, and the error names what is wrong."""

from typing import Any

import pytest

from tests.unit.market.given import plant_id
from wattpact.market.preferences import IDS_MAX, Preferences, from_fields
from wattpact.units import PRICE_MAX


def test_without_wishes_a_meter_buys_from_anybody() -> None:
    """Every preference has a default that excludes nobody."""
    preferences = Preferences()
    assert not preferences.allowed
    assert not preferences.blocked
    assert preferences.price_cap == PRICE_MAX
    assert preferences.score_min_ppm == 0
    assert not preferences.paused


def test_fields_of_a_board_become_preferences() -> None:
    """Plants as hex, figures as they are, what is missing by default."""
    preferences = from_fields(
        {
            "allowed": ["0000000000000001", "00000000000000Ff"],
            "favoured": ["0000000000000001"],
            "blocked": ["0000000000000002"],
            "price_cap": 300_000,
            "score_min_ppm": 600_000,
            "budget_nano_per_day": 5_000_000_000,
            "paused": True,
            "cover_min_ppm": 500_000,
            "favour_ppm": 50_000,
        }
    )
    assert preferences.allowed == {plant_id(1), plant_id(255)}
    assert preferences.favoured == {plant_id(1)}
    assert preferences.blocked == {plant_id(2)}
    assert preferences.paused
    assert (preferences.cover_min_ppm, preferences.favour_ppm) == (500_000, 50_000)
    assert from_fields({}).cover_min_ppm == Preferences().cover_min_ppm


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("allowed", "0000000000000001"),
        ("allowed", None),
        ("favoured", ["01"]),
        ("favoured", ["zzzzzzzzzzzzzzzz"]),
        ("favoured", ["日000000000000001"]),
        ("blocked", [1]),
        ("blocked", ["%016x" % number for number in range(IDS_MAX + 1)]),
        ("price_cap", 0),
        ("price_cap", PRICE_MAX + 1),
        ("price_cap", 0.25),
        ("score_min_ppm", 1_000_001),
        ("score_min_ppm", True),
        ("budget_nano_per_day", -1),
        ("paused", 1),
        ("paused", None),
        ("slots", 4),
        ("cover_min_ppm", "250000"),
        ("favour_ppm", 500_001),
        ("colour", "green"),
    ],
)
def test_a_wrong_field_is_named(key: str, value: Any) -> None:
    """The message begins with the key as the user wrote it."""
    with pytest.raises(ValueError, match="^%s: " % key):
        from_fields({key: value})


@pytest.mark.parametrize("key", ["allowed", "favoured"])
def test_a_plant_cannot_be_wanted_and_blocked(key: str) -> None:
    """A contradiction is the user's to solve, not ours to guess."""
    with pytest.raises(ValueError, match="blocked: names a plant that is also " + key):
        from_fields({key: ["0000000000000001"], "blocked": ["0000000000000001"]})


def test_plants_given_as_bytes_are_checked_too() -> None:
    """Eight bytes each."""
    with pytest.raises(ValueError, match="blocked: a plant id is 8 bytes"):
        Preferences(blocked=[b"short"])
