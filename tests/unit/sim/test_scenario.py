# SPDX-License-Identifier: Apache-2.0
"""Who lives in a run: drawn by name from the seed, in the shares asked for."""

from pathlib import Path

import pytest

from sim.scenario import NEIGHBOURHOOD_HOMES, Scenario, build, panel_ratings, secret
from sim.settings import read
from wattpact.crypto.field import N
from wattpact.units import POWER_W_MAX
from wattpact.wire.messages import PANELS_MAX


def scenario(*arguments: str) -> Scenario:
    return build(read(["--days", "1", *arguments]))


def test_the_shares_asked_for_are_met_exactly() -> None:
    """A third of 30 homes with roofs, a tenth deaf, half with chips; at most twelve homes a neighbourhood."""
    shares = ("--prosumers", "0.33", "--deaf", "0.1", "--secure-elements", "0.5")
    made = scenario("--meters", "30", "--plants", "4", *shares)
    assert len(made.homes) == 30
    assert sum(1 for home in made.homes if home.roof) == 10
    assert sum(1 for home in made.homes if home.deaf) == 3
    assert sum(1 for home in made.homes if home.secure_element) == 15
    assert len(made.plants) == 4
    for number in {home.neighbourhood for home in made.homes}:
        neighbours = [home for home in made.homes if home.neighbourhood == number]
        assert 1 <= len(neighbours) <= NEIGHBOURHOOD_HOMES


def test_one_more_home_changes_nobody_elses_loads() -> None:
    """Every number descends from the seed by name, not by order."""
    few, more = scenario("--meters", "12"), scenario("--meters", "13")
    assert [home.home.wh for home in few.homes] == [home.home.wh for home in more.homes[:12]]
    assert [home.owner for home in few.homes] == [home.owner for home in more.homes[:12]]


def test_secure_elements_change_nothing_else() -> None:
    """Who has a chip is drawn apart: loads, roofs and who is deaf stay."""
    given = ("--meters", "20", "--prosumers", "0.5", "--deaf", "0.5")
    plain, chips = scenario(*given), scenario(*given, "--secure-elements", "0.5")
    told = [
        [(h.name, list(h.home.wh), bool(h.roof), h.deaf) for h in s.homes] for s in (plain, chips)
    ]
    assert told[0] == told[1]


def test_another_seed_is_another_community() -> None:
    """Loads, prices and keys all differ."""
    first, second = scenario("--meters", "5"), scenario("--meters", "5", "--seed", "2")
    assert first.homes[0].home.wh != second.homes[0].home.wh
    assert [plant.price for plant in first.plants] != [plant.price for plant in second.plants]
    assert secret(1, "H1") != secret(2, "H1")


def test_ids_and_keys_are_different_and_valid() -> None:
    """No two panels, plants or owners share an id; every key is a scalar of the curve."""
    made = scenario("--meters", "40", "--prosumers", "1", "--plants", "6")
    roofs = [home.roof for home in made.homes if home.roof]
    sites = [*made.plants, *roofs]
    panels = [panel.panel_id for site in sites for panel in site.panels]
    plants = [site.plant_id for site in sites]
    assert len(set(panels)) == len(panels)
    assert len(set(plants)) == len(plants)
    secrets = [int.from_bytes(secret(1, home.name), "big") for home in made.homes]
    assert all(0 < scalar < N for scalar in secrets)


def test_roofs_belong_to_their_homes_owner_and_plants_to_operators() -> None:
    """A same-owner trade earns no coins, so the owner must be right."""
    made = scenario("--meters", "6", "--prosumers", "0.5")
    for home in made.homes:
        if home.roof:
            assert home.roof.owner == home.owner
            assert len(home.roof.panels) == 1
    assert not {plant.owner for plant in made.plants} & {home.owner for home in made.homes}


@pytest.mark.parametrize(
    ("plant_w", "drawn", "count", "rated_w"),
    [
        (90_000, 3, 3, 30_000),
        (500, 4, 4, 1_000),
        (2 * POWER_W_MAX, 2, 2, POWER_W_MAX),
        (2 * POWER_W_MAX + 1, 2, 3, 26_666_667),
        (1_000 * POWER_W_MAX, 2, PANELS_MAX, POWER_W_MAX),
    ],
)
def test_a_plants_panels_are_never_larger_than_can_be_registered(
    plant_w: int, drawn: int, count: int, rated_w: int
) -> None:
    """As many as drawn; more where one would pass the limit; at most 16, and then a smaller plant."""
    assert panel_ratings(plant_w, drawn) == [rated_w] * count


def test_the_largest_loads_a_file_may_hold_have_plants(tmp_path: Path) -> None:
    """Ten million Wh a slot is a home of 40 MW; its plants stay what a ledger registers."""
    path = tmp_path / "huge.csv"
    path.write_text("time,a,b\n2025-06-11T10:00Z,10000000,10000000\n", encoding="utf-8")
    made = build(read(["--loads", str(path)]))
    ratings = [panel.world.rated_w for plant in made.plants for panel in plant.panels]
    assert all(1_000 <= rated_w <= POWER_W_MAX for rated_w in ratings)


def test_panels_are_dealt_out_to_plants_in_turn_and_homes_keep_their_columns(
    tmp_path: Path,
) -> None:
    """Columns 1, 3, 5 are plant 1's, 2 and 4 plant 2's; a roof comes on top of what a column draws."""
    loads, pv = tmp_path / "l.csv", tmp_path / "p.csv"
    loads.write_text("time,a,b\n2025-06-11T10:00Z,70,80\n", encoding="utf-8")
    pv.write_text("time,1,2,3,4,5\n2025-06-11T10:00Z,1,2,3,4,5\n", encoding="utf-8")
    files = ["--loads", str(loads), "--pv", str(pv)]
    made = build(read([*files, "--plants", "2", "--prosumers", "1"]))
    names = [[panel.world.name for panel in plant.panels] for plant in made.plants]
    assert names == [["1", "3", "5"], ["2", "4"]]
    assert [list(home.home.wh) for home in made.homes] == [[70], [80]]
    roofs = [home.roof.panels[0].world.rated_w for home in made.homes if home.roof]
    assert len(roofs) == 2
    assert all(3_000 <= rated_w <= 10_000 for rated_w in roofs)
