# SPDX-License-Identifier: Apache-2.0
"""A cell is an instant or an energy, or is refused with the reason."""

from calendar import timegm
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.world.csv_cells import EnergyFault, TimeFault, energy_uwh, instant

NOON = timegm((2025, 6, 1, 12, 0, 0))
MAX = 10_000_000


@pytest.mark.parametrize(
    "cell",
    [
        "2025-06-01T12:00Z", "2025-06-01T12:00:00Z", "2025-06-01 12:00:00z", "2025-06-01T12:00:00.000Z",
        "2025-06-01T14:00+02:00", "2025-06-01T14:00+0200", "2025-06-01t14:00:00+02", "2025-06-01T08:30-03:30",
        "2025-06-01T12:00-00:00",
    ],
)  # fmt: skip
def test_every_way_of_writing_one_instant_is_read(cell: str) -> None:
    """ISO 8601 with an offset or Z, with or without seconds."""
    assert instant(cell) == NOON


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("2025-06-01T12:00", "no offset"),
        ("2025-06-01 12:00:00", "no offset"),
        ("2025-06-01", "not an ISO 8601 time"),
        ("", "not an ISO 8601 time"),
        ("01.06.2025 12:00+02:00", "not an ISO 8601 time"),
        ("20250601T120000Z", "not an ISO 8601 time"),
        ("2025-W22-7T12:00Z", "not an ISO 8601 time"),
        ("2025-06-01T12:00:00.5Z", "not an ISO 8601 time"),
        ("1748779200", "not an ISO 8601 time"),
        ("２025-06-01T12:00Z", "not an ISO 8601 time"),
        ("2025-06-01T12:00Z" + " " * 60 + "x", "not an ISO 8601 time"),
        ("2025-02-29T12:00Z", "no date and time that exists"),
        ("2025-06-01T24:00Z", "no date and time that exists"),
        ("2025-06-01T12:00+24:00", "no date and time that exists"),
        ("2025-06-01T12:00+01:75", "no date and time that exists"),
        ("0000-06-01T12:00Z", "no date and time that exists"),
        ("1989-12-31T23:59Z", "not in the years 1990 to 2200"),
        ("1990-01-01T00:59+01:00", "not in the years"),
        ("2201-01-01T00:00Z", "not in the years"),
        ("0001-01-01T00:00+14:00", "not in the years"),
        ("9999-12-31T23:00-12:00", "not in the years"),
    ],
)
def test_what_is_no_instant_is_refused_with_the_reason(cell: str, why: str) -> None:
    """Naive, incomplete, in another calendar, impossible or out of range."""
    with pytest.raises(TimeFault, match=why):
        instant(cell)


@pytest.mark.parametrize(
    ("cell", "uwh"),
    [
        ("0", 0), ("12", 12_000_000), ("+7", 7_000_000), ("12.5", 12_500_000), (".25", 250_000), ("3.", 3_000_000),
        ("1e3", 1_000_000_000), ("2.5E-1", 250_000), ("-0", 0), ("-0.0", 0), ("0.0000005", 0), ("0.0000015", 2),
        ("1e-999", 0), ("0012", 12_000_000), ("10000000", 10**13), ("9999999.999999", 9_999_999_999_999),
    ],
)  # fmt: skip
def test_energies_are_read_exactly(cell: str, uwh: int) -> None:
    """To the micro-Wh, half to even, without passing through a float."""
    assert energy_uwh(cell, MAX) == uwh


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("", "blank"), ("nan", "NaN"), ("NaN", "NaN"), ("-nan", "NaN"), ("inf", "infinite"), ("-Infinity", "infinite"),
        ("-1", "negative"), ("-0.0001", "negative"), ("10000001", "more than"), ("10000000.1", "more than"),
        ("1e999", "more than"), ("9" * 60, "more than"), ("12,5", "decimals take a point"), ("1_000", "not a number"),
        ("0x10", "not a number"), ("١٢", "not a number"), ("²", "not a number"), ("12 Wh", "not a number"),
        ("--1", "not a number"), ("n/a", "not a number"), ("1e9999", "not a number"), ("1" * 65, "not a number"),
        (".", "not a number"), ("true", "not a number"),
    ],
)  # fmt: skip
def test_what_is_no_energy_is_refused_with_the_reason(cell: str, why: str) -> None:
    """Blank, not finite, negative, absurd, or not a number as this file format writes them."""
    with pytest.raises(EnergyFault, match=why):
        energy_uwh(cell, MAX)


def _reason(cell: str, read: Callable[[str], int]) -> str:
    try:
        assert 0 <= read(cell) <= 1 << 44
    except (TimeFault, EnergyFault) as fault:
        return str(fault)
    return "none"


@given(st.text(max_size=80))
def test_no_text_at_all_does_anything_else(cell: str) -> None:
    """Either a figure within bounds or a fault whose reason is one printable line."""
    assert _reason(cell.strip(), instant).isprintable()
    assert _reason(cell.strip(), lambda text: energy_uwh(text, MAX)).isprintable()
