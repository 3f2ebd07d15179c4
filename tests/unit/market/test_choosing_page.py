# SPDX-License-Identifier: Apache-2.0
"""The figures of docs/choosing.md are those of the code."""

from pathlib import Path

from tests.unit.market.given import DAY_S, HOUR_S, candidate, demand
from wattpact.market.choice import choose
from wattpact.market.preferences import Preferences
from wattpact.market.reliability import score, service_intervals

PAGE = Path(__file__).parents[3] / "docs" / "choosing.md"
NOW = 1_780_272_000  # a midnight, so that service of 12 hours a day is 12 hours in every 24


def rows(head: str) -> list[list[str]]:
    """The cells of the table whose first line begins with `head`, without that line."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    begin = next(place for place, line in enumerate(lines) if line.startswith("| " + head))
    found: list[list[str]] = []
    for line in lines[begin + 2 :]:
        if not line.startswith("|"):
            break
        found.append([cell.strip() for cell in line.strip("|").split("|")])
    return found


def shown(ppm: int) -> str:
    """Three places, as on the page."""
    return "%.3f" % (ppm / 1_000_000)


def clean(days: int, hours: int) -> int:
    """Score of a plant first seen `days` ago that was never low in `hours` of service a day."""
    service = service_intervals([(0, hours * HOUR_S)] * 12, 0, NOW - 30 * DAY_S, NOW)
    return score(NOW, service, [], NOW - days * DAY_S)


def test_the_page_tells_how_trust_is_earned() -> None:
    """Every row of clean days."""
    for first_seen, always, half in rows("first seen"):
        days = 0 if first_seen == "now" else int(first_seen.split()[0])
        assert [always, half] == [shown(clean(days, 24)), shown(clean(days, 12))], first_seen


def test_the_page_tells_what_outages_cost() -> None:
    """Every row of bad days."""
    bad_days = {
        "low for 5 minutes": [(0, 300)],
        "low for 2 hours": [(0, 2 * HOUR_S)],
        "24 times low for 5 minutes": [(hour * HOUR_S, hour * HOUR_S + 300) for hour in range(24)],
        "low all day": [(0, DAY_S)],
    }
    service = [(NOW - 30 * DAY_S, NOW)]
    told = rows("on that day")
    assert [row[0] for row in told] == list(bad_days)
    for what, *cells in told:
        for days, cell in zip((1, 8, 21), cells, strict=True):
            midnight = NOW - days * DAY_S
            low = [(midnight + start, midnight + end) for start, end in bad_days[what]]
            assert cell == shown(score(NOW, service, low, 0)), what


def test_the_page_tells_how_plants_compare() -> None:
    """Prices, scores, costs and verdicts of the worked example."""
    told = rows("plant")
    heard = [
        candidate(number, int(float(price) * 1_000_000), int(float(ppm) * 1_000_000))
        for number, (_name, price, ppm, _cost, _verdict) in enumerate(told)
    ]
    choice = choose(heard, demand(), Preferences())
    assert [(shown(option.cost // 1_000_000), option.verdict) for option in choice.options] == [
        (cost, verdict) for _name, _price, _ppm, cost, verdict in told
    ]
