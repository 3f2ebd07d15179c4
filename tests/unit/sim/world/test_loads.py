# SPDX-License-Identifier: Apache-2.0
"""One home looks like a home, a thousand look like the profile, and no energy is lost."""

from calendar import timegm
from math import sqrt

import pytest

from sim.world.loads import Home, LoadModel
from sim.world.profiles import HOME, PV_HOME, SHOP, SLOTS_PER_DAY, slot_shares

CET = 3600
START = timegm((2025, 3, 3, 0, 0, 0)) - CET
TWO_DAYS = 2 * SLOTS_PER_DAY


@pytest.fixture(scope="module")
def homes() -> list[Home]:
    """A thousand consumers over two days."""
    model = LoadModel(1, START, TWO_DAYS, CET)
    return [model.home(f"home-{number}") for number in range(1000)]


def _correlation(left: list[float], right: list[float]) -> float:
    mean_left, mean_right = sum(left) / len(left), sum(right) / len(right)
    product = sum((a - mean_left) * (b - mean_right) for a, b in zip(left, right))
    spread = sum((a - mean_left) ** 2 for a in left) * sum((b - mean_right) ** 2 for b in right)
    return product / sqrt(spread)


def test_many_homes_together_draw_the_profile(homes: list[Home]) -> None:
    """Their mean follows H25 (correlation over 0.97, 10 % root mean square) and its energy within 3 %."""
    plain = [home for home in homes if home.profile == HOME]
    annual_wh = sum(home.annual_wh for home in plain)
    drawn = [sum(home.wh[slot] for home in plain) / 1.0 for slot in range(TWO_DAYS)]
    wanted = [share * annual_wh / 1e12 for share in slot_shares(HOME, START, TWO_DAYS, CET)]
    assert sum(drawn) == pytest.approx(sum(wanted), rel=0.03)
    assert _correlation(drawn, wanted) > 0.97
    squares = sum((a - b) ** 2 for a, b in zip(drawn, wanted)) / TWO_DAYS
    assert sqrt(squares) < 0.1 * sum(wanted) / TWO_DAYS


def test_one_home_is_not_the_profile(homes: list[Home]) -> None:
    """Appliances make peaks of several times the mean, and no two homes are alike."""
    plain = [home for home in homes if home.profile == HOME]
    peaky = [home for home in plain if max(home.wh) > 4 * sum(home.wh) / TWO_DAYS]
    assert len(peaky) > 0.8 * len(plain)
    assert len({tuple(home.wh) for home in homes}) == len(homes)


def test_the_kinds_and_sizes_of_consumers_are_as_documented(homes: list[Home]) -> None:
    """Some shops and PV homes among them; homes use 1500 to 6500 kWh a year, 3200 on average."""
    counts = {kind: sum(home.profile == kind for home in homes) for kind in (HOME, SHOP, PV_HOME)}
    assert counts[HOME] > 800
    assert 30 < counts[SHOP] < 100
    assert 40 < counts[PV_HOME] < 130
    sizes = [home.annual_wh for home in homes if home.profile != SHOP]
    assert min(sizes) >= 1_500_000
    assert max(sizes) <= 6_500_000
    assert sum(sizes) / len(sizes) == pytest.approx(3_167_000, rel=0.05)


def test_a_year_of_one_home_is_its_annual_consumption() -> None:
    """Noise and appliances keep the expectation: within 5 % over a year."""
    model = LoadModel(3, timegm((2025, 1, 1, 0, 0, 0)) - CET, 365 * SLOTS_PER_DAY, CET)
    home = model.prosumer("house")
    assert sum(home.wh) == pytest.approx(home.annual_wh, rel=0.05)


def test_a_prosumer_draws_like_a_home_because_its_roof_is_modelled_beside_it() -> None:
    """Never P25, which has the roof's own use taken off already."""
    model = LoadModel(1, START, 4, CET)
    assert {model.prosumer(f"p{number}").profile for number in range(50)} == {HOME}


def test_the_same_seed_gives_the_same_homes_in_any_order() -> None:
    """A home's figures hang on the seed and its name alone."""
    forward, backward = LoadModel(5, START, 96, CET), LoadModel(5, START, 96, CET)
    names = ["a", "b", "c"]
    first = {name: forward.home(name).wh for name in names}
    assert {name: backward.home(name).wh for name in reversed(names)} == first
    assert LoadModel(6, START, 96, CET).home("a").wh != first["a"]


def test_a_longer_run_begins_like_a_shorter_one() -> None:
    """More days change nothing about the first ones."""
    short, long = LoadModel(5, START, 96, CET).home("a"), LoadModel(5, START, 480, CET).home("a")
    assert long.wh[:96] == short.wh


def test_the_usual_day_is_the_home_without_its_surprises(homes: list[Home]) -> None:
    """Summed over the homes it is what they draw on a day, within 5 %."""
    usual = sum(sum(home.usual_day) for home in homes)
    assert usual == pytest.approx(sum(sum(home.wh) for home in homes) / 2, rel=0.05)
    assert {len(home.usual_day) for home in homes} == {SLOTS_PER_DAY}


def test_figures_are_fixed_for_ever() -> None:
    """One home's first hour, so that a change of the model is seen and meant."""
    home = LoadModel(1, START, 96, CET).home("home-0")
    assert (home.annual_wh, home.wh[:4].tolist(), sum(home.wh)) == FIXED


FIXED = (5_749_000, [107, 157, 92, 81], 21_492)


def test_a_slot_before_the_run_is_refused_and_not_taken_from_the_end() -> None:
    """Index -1 is nobody's slot."""
    home = LoadModel(1, START, 4, CET).home("a")
    with pytest.raises(IndexError):
        home.load_wh(-1)
    assert home.load_wh(3) == home.wh[3]


@pytest.mark.parametrize(("start", "offset"), [(START + 1, CET), (START, CET + 60)])
def test_a_run_off_the_slot_grid_is_refused(start: int, offset: int) -> None:
    """Start and offset are whole quarter hours."""
    with pytest.raises(ValueError, match="slot boundary"):
        LoadModel(1, start, 4, offset)
