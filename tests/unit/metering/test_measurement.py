# SPDX-License-Identifier: Apache-2.0
"""A measurement is in range, or there is none; what its figures show is flagged."""

import pytest

from wattpact.errors import BusError
from wattpact.metering.measurement import (
    COUNTER_LOST,
    CT_REVERSED,
    PHASE_LOSS,
    TAMPER,
    VOLTAGE_SAG,
    Measurement,
    Phase,
    Site,
)

HOME = Site(rated_w=14_000, nominal_mv=230_000, exports=False)
ROOF = Site(rated_w=14_000, nominal_mv=230_000, exports=True)


@pytest.mark.parametrize(
    "figures",
    [(-1, 0, 0), (1_000_001, 0, 0), (230_000, -1, 0), (230_000, 0, 40_000_000_001)],
)
def test_a_phase_out_of_range_is_the_hardwares_fault(figures: tuple[int, int, int]) -> None:
    """Voltage, current, power."""
    with pytest.raises(BusError, match="out of range"):
        Phase(*figures)


@pytest.mark.parametrize(
    ("import_uwh", "export_uwh", "frequency_mhz"),
    [(-1, 0, 50_000), (0, -1, 50_000), (1 << 71, 0, 50_000), (0, 0, 30_000), (0, 0, 71_000)],
)
def test_a_counter_or_a_frequency_out_of_range_is_the_hardwares_fault(
    import_uwh: int, export_uwh: int, frequency_mhz: int
) -> None:
    """No meter has more than 2**50 Wh, no grid 71 Hz."""
    with pytest.raises(BusError, match="out of range"):
        Measurement(import_uwh, export_uwh, [Phase(230_000, 0, 0)], frequency_mhz)


def test_power_is_the_devices_total_or_the_sum_of_its_phases() -> None:
    """Exporting phases are negative."""
    phases = [Phase(230_000, 1_000, 230_000), Phase(230_000, 2_000, -460_000)]
    assert Measurement(0, 0, phases, 50_000).power_mw == -230_000
    assert Measurement(0, 0, phases, 50_000, -229_000).power_mw == -229_000


def test_a_power_factor_has_no_sign_and_no_more_than_one() -> None:
    """Makers mean different things by the sign, and round up."""
    assert Phase(230_000, 0, 0, -910_000).power_factor_ppm == 910_000
    assert Phase(230_000, 0, 0, 1_000_400).power_factor_ppm == 1_000_000
    assert Phase(230_000, 0, 0).power_factor_ppm is None
    with pytest.raises(BusError):
        Phase(230_000, 0, 0, 1_200_000)


@pytest.mark.parametrize(
    ("phases", "site", "flags"),
    [
        ([(230_000, 500, 115_000)], HOME, 0),
        ([(0, 0, 0)], HOME, VOLTAGE_SAG),
        ([(0, 500, 115_000)], HOME, TAMPER),
        ([(206_000, 500, 115_000)], HOME, VOLTAGE_SAG),
        ([(230_000, 0, 0), (0, 0, 0), (230_000, 0, 0)], HOME, PHASE_LOSS),
        ([(230_000, 500, 115_000), (230_000, 500, -115_000)], HOME, CT_REVERSED),
        ([(230_000, 500, 115_000), (230_000, 500, -115_000)], ROOF, 0),
        ([(230_000, 10, -2_000)], HOME, 0),
    ],
)
def test_figures_that_cannot_be_so_are_flagged(
    phases: list[tuple[int, int, int]], site: Site, flags: int
) -> None:
    """Power without voltage, a phase without any, a home that feeds in although nothing in it can."""
    measurement = Measurement(0, 0, [Phase(*phase) for phase in phases], 50_000)
    assert measurement.flags_at(site) == flags


def test_what_the_device_reports_stands_beside_it() -> None:
    """A chip has flags of its own."""
    measurement = Measurement(0, 0, [Phase(0, 0, 90_000)], 50_000, None, COUNTER_LOST)
    assert measurement.flags_at(HOME) == COUNTER_LOST | TAMPER


def test_a_site_that_cannot_be_is_our_mistake() -> None:
    """Nothing is divided by it later."""
    for rated_w, nominal_mv in ((0, 230_000), (50_000_000, 230_000), (14_000, 0)):
        with pytest.raises(ValueError, match="rated power"):
            Site(rated_w, nominal_mv, True)
    with pytest.raises(ValueError, match="phase"):
        Measurement(0, 0, [], 50_000)
