# SPDX-License-Identifier: Apache-2.0
"""Every choice can be read afterwards by the person whose money it was."""

from tests.unit.market.given import candidate, demand, plant_id
from wattpact.market.choice import choose
from wattpact.market.explanation import explain_lines
from wattpact.market.preferences import Preferences
from wattpact.market.reliability import judge


def test_an_explanation_shows_every_plant_and_why() -> None:
    """Demand, then the plants in order with price, score, source, cost and verdict, then the outcome."""
    told = judge(910_000, has_facts=True, told=[700_000])
    pair = [candidate(1, 250_000), candidate(2, 240_000, judgement=told), candidate(3, 100_000)]
    lines = explain_lines(choose(pair, demand(), Preferences(blocked=[plant_id(3)])))
    assert "\n".join(lines) == (
        "2026-06-01 08:00 UTC, 4 slots of 15 min: 500 Wh needed; the grid asks 0.320000 per kWh,"
        " a failed kWh costs 0.100000 more\n"
        "1. plant 0000000000000001 at 0.250000, reliability 91.00 %"
        " (own; own 91.00 %, neighbours none),"
        " expected cost 0.265300, panel 0100000000000001 has 500 Wh: chosen\n"
        "2. plant 0000000000000002 at 0.240000, reliability 70.00 %"
        " (neighbours; own 91.00 %, neighbours 70.00 %),"
        " expected cost 0.294000, panel 0100000000000002 has 500 Wh: next choice\n"
        "3. plant 0000000000000003 at 0.100000, reliability 91.00 %"
        " (own; own 91.00 %, neighbours none),"
        " expected cost 0.128800: blocked\n"
        "chosen: plant 0000000000000001, 500 Wh from 2026-06-01 08:00 UTC,"
        " expected saving 0.054700 per kWh"
    )


def test_an_explanation_says_when_the_grid_supplies_and_why() -> None:
    """The last line is the outcome."""
    assert explain_lines(choose([], demand(), Preferences()))[-1] == "from the grid: no plant heard"
    dear = explain_lines(choose([candidate(1, 400_000)], demand(), Preferences()))
    assert dear[-1] == "from the grid: no plant suits"
    assert dear[-2].endswith(": dearer than the grid")


def test_nothing_looks_better_than_it_is() -> None:
    """Shares are cut off, not rounded up: 99.9999 % is not 100 %."""
    lines = explain_lines(choose([candidate(1, ppm=999_999)], demand(), Preferences()))
    assert "reliability 99.99 %" in lines[1]
