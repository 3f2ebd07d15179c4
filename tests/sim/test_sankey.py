# SPDX-License-Identifier: Apache-2.0
"""Grouping sellers and buyers for the picture moves no watt-hour."""

import re

import pytest

from sim.report import sankey, svg
from sim.results import Flow
from tests.sim.sample import sample


@pytest.mark.parametrize(
    ("meters", "plants", "roofs"), [(1, 1, 0), (12, 5, 4), (60, 5, 18), (1_000, 40, 300)]
)
def test_a_thousand_homes_are_few_boxes_with_all_their_energy(
    meters: int, plants: int, roofs: int
) -> None:
    """Per kind of seller the sum is that of the flows, and the picture stays readable."""
    flows = sample(meters, plants, roofs, days=1).flows
    merged = sankey.grouped(flows)
    for kind in sankey.SELLERS_ALONE:
        drawn = sum(wh for (seller, _), wh in merged.items() if seller.kind == kind)
        assert drawn == sum(flow.energy_wh for flow in flows if flow.seller_kind == kind)
    assert len({seller for seller, _ in merged}) <= sum(sankey.SELLERS_ALONE.values())
    assert len({buyer for _, buyer in merged}) <= sankey.BUYERS_ALONE


def test_a_home_called_like_a_group_is_not_taken_for_it() -> None:
    """Groups have no name, so no name can be one."""
    flows = [Flow("P1", "plant", f"H{index}", "home", 100 + index) for index in range(30)]
    group = next(buyer for _, buyer in sankey.grouped(flows) if buyer.members)
    flows.append(Flow("P1", "plant", group.words, "home", 10**6))
    alone = [buyer for _, buyer in sankey.grouped(flows) if buyer.name == group.words]
    assert [buyer.members for buyer in alone] == [0]


def test_one_name_may_sell_and_buy_and_roof() -> None:
    """A prosumer appears as neighbour, as roof and as home at once."""
    flows = [
        Flow("H1", "neighbour", "H2", "home", 400),
        Flow("H1", "roof", "H1", "prosumer", 300),
        Flow("grid", "grid", "H1", "prosumer", 200),
    ]
    assert len(sankey.grouped(flows)) == 3
    assert sankey.draw(svg.WIDE, flows).count('class="ribbon') == 3


def test_a_cut_name_is_seen_to_be_cut() -> None:
    """Wide letters need more room: what is cut ends in an ellipsis, the title says it all."""
    assert svg.shortened("H12", 150) == "H12"
    for name in ("W" * 12, "i" * 5_000, "\u6771" * 12, "Haus NORDSTRASSE 12 west"):
        assert svg.shortened(name, 100).endswith("\u2026")
    drawing = sankey.draw(svg.WIDE, [Flow("W" * 40, "plant", "H1", "home", 5)])
    assert "WWW\u2026<title>" + "W" * 40 in drawing


@pytest.mark.parametrize("width", [svg.WIDE, svg.NARROW])
def test_nothing_is_drawn_outside_the_picture(width: int) -> None:
    """Boxes and labels keep their room even where most sellers sell next to nothing."""
    flows = [Flow(f"P{index}", "plant", f"H{index}", "home", 1) for index in range(30)]
    flows.append(Flow("grid", "grid", "H0", "home", 10**9))
    drawing = sankey.draw(width, flows)
    _, _, _, height = map(float, re.findall(r'viewBox="(\S+) (\S+) (\S+) (\S+)"', drawing)[0])
    lowest = max(float(y) for y in re.findall(r' y="([\d.-]+)"', drawing))
    assert min(float(y) for y in re.findall(r' y="([\d.-]+)"', drawing)) >= 0
    assert lowest <= height
