# SPDX-License-Identifier: Apache-2.0
"""What flows adds up exactly, in whatever steps time passes."""

from hypothesis import given
from hypothesis import strategies as st

from sim.world.electricity import Electricity, Phase


def test_import_and_export_add_up_apart() -> None:
    """1 kW for an hour, then 500 W back for half an hour."""
    world = Electricity([Phase(230_000, 1_000_000)])
    world.pass_time(3_600_000_000)
    world.phases[0].power_mw = -500_000
    world.pass_time(1_800_000_000)
    assert (world.imported_uwh, world.exported_uwh) == (1_000_000_000, 250_000_000)


def test_phases_are_netted() -> None:
    """A roof on one phase feeds the loads on the others."""
    world = Electricity([Phase(power_mw=-3_000_000), Phase(power_mw=1_000_000), Phase()])
    world.pass_time(3_600_000_000)
    assert (world.imported_uwh, world.exported_uwh) == (0, 2_000_000_000)


def test_current_is_apparent_power_over_voltage() -> None:
    """3 kW and 4 kvar at 250 V: 20 A, and a power factor of 0.6."""
    phase = Phase(250_000, -3_000_000, 4_000_000)
    assert (phase.current_ma, phase.power_factor_ppm) == (20_000, 600_000)
    assert (Phase(0, 5).current_ma, Phase().power_factor_ppm) == (0, 1_000_000)


@given(st.lists(st.integers(0, 10_000_000)), st.integers(-(10**7), 10**7))
def test_the_steps_in_which_time_passes_do_not_matter(steps_us: list[int], power_mw: int) -> None:
    """Not a nanojoule."""
    many, one = (Electricity([Phase(power_mw=power_mw)]) for _ in range(2))
    for us in steps_us:
        many.pass_time(us)
    one.pass_time(sum(steps_us))
    assert (many.imported_nj, many.exported_nj) == (one.imported_nj, one.exported_nj)
