# SPDX-License-Identifier: Apache-2.0
"""Quantities are rounded for people, never to a wrong unit or a minus zero."""

from collections.abc import Callable

import pytest

from sim import figures

ONE = "\u202f"


@pytest.mark.parametrize(
    ("show", "value", "words"),
    [
        (figures.energy, 0, "0 Wh"),
        (figures.energy, 999, "999 Wh"),
        (figures.energy, 1_000, "1.00 kWh"),
        (figures.energy, 9_996, "10.0 kWh"),
        (figures.energy, 416_300, "416 kWh"),
        (figures.energy, 9_999_000, "9 999 kWh"),
        (figures.energy, 12_345_000, "12.3 MWh"),
        (figures.energy, 12_345_000_000, "12.3 GWh"),
        (figures.energy, -1_500, "\u22121.50 kWh"),
        (figures.mass, 900_000, "0.900 g"),
        (figures.mass, 337 * 10**9, "337 kg"),
        (figures.mass, 61_500 * 10**9, "61.5 t"),
        (figures.share, 0, "0 %"),
        (figures.share, 577_000, "57.7 %"),
        (figures.share, 1_000_000, "100 %"),
        (figures.duration, 900, "15 min"),
        (figures.duration, 3_600, "1 h"),
        (figures.duration, 172_800, "2 days"),
        (figures.moment, 1_750_534_200, "21 Jun 19:30"),
    ],
)
def test_a_quantity_reads_well(show: Callable[[int], str], value: int, words: str) -> None:
    """Three digits, the unit that fits, thin spaces."""
    assert show(value).replace(ONE, " ") == words


@pytest.mark.parametrize(
    ("nano", "words"),
    [
        (0, "0.00 EUR"),
        (33_990_000_000, "33.99 EUR"),
        (123_000_000, "0.123 EUR"),
        (4_200_000, "0.0042 EUR"),
        (-1, "0.0000 EUR"),
        (-2_500_000_000_000, "\u22122 500.00 EUR"),
    ],
)
def test_money_shows_small_sums_and_no_minus_zero(nano: int, words: str) -> None:
    """A coin's discount is a fraction of a cent and still to be seen."""
    assert figures.money(nano, "EUR").replace(ONE, " ") == words


def test_part_of_nothing_is_zero() -> None:
    """A run without consumption has no share of anything."""
    assert figures.part(0, 0).replace(ONE, " ") == "0 %"


def test_names_sort_as_people_count() -> None:
    """P2 stands before P10, and names that differ only in zeros keep an order."""
    names = ["P10", "P2", "H1", "P02", "9" * 5_000, "7", ""]
    assert sorted(names, key=figures.natural) == ["", "7", "9" * 5_000, "H1", "P02", "P2", "P10"]


def test_plain_text_steers_nothing() -> None:
    """Escape sequences, line ends, bidirectional overrides and broken code points become visible marks."""
    for char in "\x00\x07\x1b\n\r\t\x7f\x85\u2028\u202e\u2066\ud800\ufffe\U0001ffff":
        assert figures.plain(f"a{char}b") == "a\ufffdb"
    assert figures.plain("Größe 家 👩\u200d🌾") == "Größe 家 👩\u200d🌾"
