# SPDX-License-Identifier: Apache-2.0
"""The page on the simulation quotes its assumptions: each figure is the one in the code."""

from pathlib import Path

import pytest

from host.genesis import GERMANY_2024, Terms
from sim import founding, scenario
from sim.mqtt.rounds import LEASE_MS
from sim.online import ACCESS_SPEED, SPEED
from sim.settings import PLANTS, UTC_OFFSET_S
from sim.world.access import NETWORKS, AccessNetwork
from sim.world.csv_cells import YEARS
from sim.world.network import DELAY_MS
from wattpact.market.asking import ASKED_MAX
from wattpact.units import DAY_S, HOUR_S, POWER_W_MAX
from wattpact.wire.messages import PANELS_MAX

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "simulation.md").read_text(encoding="utf-8")
TERMS = Terms()
NIGHT, DAY, EVENING = TERMS.grid_prices


def prices(pair: tuple[int, int]) -> tuple[float, float]:
    """EUR/kWh."""
    return pair[0] / 1e6, pair[1] / 1e6


def per_cent(ppm: int) -> str:
    """0.1 %."""
    return "%g %%" % (ppm / 10_000)


def access_row(name: str, network: AccessNetwork) -> str:
    """A line of the table of access networks."""
    up, down = (format(rate // 1000, ",").replace(",", " ") for rate in network.rates)
    gone = "%d h | %d s" % (network.hold_s // HOUR_S, network.gone_s)
    return "| %s | %d + 0 to %d | %s, %s | %s | %s |" % (
        name,
        network.delay_ms,
        network.jitter_ms,
        up,
        down,
        per_cent(network.loss_ppm),
        gone if network.hold_s else "never | ",
    )


@pytest.mark.parametrize(("name", "network"), sorted(NETWORKS.items()))
def test_an_access_network_on_the_page_is_the_codes(name: str, network: AccessNetwork) -> None:
    """All its figures."""
    assert access_row(name, network).replace("|  |", "| |") in PAGE


@pytest.mark.parametrize(
    "words",
    [
        "%.2f EUR/kWh from %02d:00 to %02d:00, %.2f at night"
        % (DAY[1] / 1e6, DAY[0] // HOUR_S, EVENING[0] // HOUR_S, NIGHT[1] / 1e6),
        "counts %.2f EUR/kWh on top" % (TERMS.hurdle / 1e6),
        "%d g CO2 a kWh" % (GERMANY_2024[3] // 1000),
        "%d EUR a tonne as a discount of at most %d %% of a contract; %d days"
        % (
            TERMS.coin_nano_per_g // 1000,
            TERMS.coin_cap_ppm // 10_000,
            TERMS.coin_life_s // DAY_S,
        ),
        "drawn for each plant, %.3f to %.3f EUR/kWh" % prices(scenario.PLANT_PRICES),
        "drawn for each roof, %.3f to %.3f EUR/kWh" % prices(scenario.ROOF_PRICES),
        "offer %d to %d %% of their forecast"
        % tuple(margin // 10_000 for margin in scenario.MARGINS_PPM),
        "over a year, times %d, shared" % scenario.PLANT_W_PER_LOAD_W,
        "at least %d kW each" % (scenario.PANEL_W_MIN // 1000),
        "up to %d, where one would pass %d MW" % (PANELS_MAX, POWER_W_MAX // 1_000_000),
        "%d homes each" % scenario.NEIGHBOURHOOD_HOMES,
        "takes %d to %d ms" % DELAY_MS,
        "blocks on each multiple of %d s" % founding.BLOCK_S,
        "from up to %d neighbours" % ASKED_MAX,
        "registered %d days before" % founding.REGISTERED_DAYS,
        "Local time is UTC+%d all year" % (UTC_OFFSET_S // HOUR_S),
        "Years %d to %d" % YEARS,
        "otherwise %d, fewer" % PLANTS,
        "as the machine's, %d unless told" % SPEED,
        "at a speed of %d (the default with" % ACCESS_SPEED,
        "never goes more than %d s further" % (LEASE_MS // 1000),
    ],
)
def test_a_figure_on_the_page_is_the_codes(words: str) -> None:
    """Word for word, so that a change of one changes the other."""
    assert words in PAGE
    assert NIGHT[1] == EVENING[1]
