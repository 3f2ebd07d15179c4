# SPDX-License-Identifier: Apache-2.0
"""Energy against integrated power: what agrees, what does not, and what cannot be said yet."""

import pytest

from tests.unit.metering.given import Device
from wattpact.metering.commissioning import AGREES, DIFFERS, PENDING, SelfCheck
from wattpact.metering.counters import CLEARED, FLOAT, Counting
from wattpact.metering.measurement import Measurement, Phase

WH = 1_000_000
KINDS = [Counting(FLOAT, 10 * WH), Counting(CLEARED, 3_125)]


def checked(device: Device, power_w: int, seconds: int, factor: int = 1) -> tuple[int, str]:
    """Under a load; the device shows `factor` times its power."""
    check = SelfCheck(device.counting)
    device.world.phases[0].power_mw = power_w * 1_000
    for second in range(0, seconds + 1, 10):
        now = device.read()
        shown = Phase(230_000, 0, now.power_mw * factor)
        check.take(second * 1000, Measurement(now.import_uwh, now.export_uwh, [shown], 50_000))
        device.world.pass_time(10_000_000)
    return check.verdict()


@pytest.mark.parametrize("counting", KINDS)
def test_a_meter_that_is_right_agrees(counting: Counting) -> None:
    """2 kW for ten minutes, however it counts."""
    assert checked(Device(counting, 999_995 * WH), 2_000, 600)[0] == AGREES


@pytest.mark.parametrize("counting", KINDS)
@pytest.mark.parametrize("factor", [10, -1])
def test_a_wrong_factor_or_a_reversed_transformer_differs(counting: Counting, factor: int) -> None:
    """And says which of both it looks like."""
    verdict, told = checked(Device(counting), 2_000, 600, factor)
    assert verdict == DIFFERS
    assert ("reversed" in told) == (factor < 0)


def test_a_step_of_a_counter_decides_nothing() -> None:
    """200 W for a minute are 3 Wh, on a display that shows 10."""
    assert checked(Device(KINDS[0]), 200, 60) == (PENDING, "3 of 200 Wh")
    assert SelfCheck(KINDS[0]).verdict()[0] == PENDING


def test_a_counter_that_stands_still_under_a_load_differs() -> None:
    """Registers of another map read zero for ever."""
    device = Device(KINDS[0])
    check = SelfCheck(device.counting)
    for second in range(0, 601, 10):
        check.take(second * 1000, Measurement(0, 0, [Phase(230_000, 0, 2_000_000)], 50_000))
    verdict, told = check.verdict()
    assert verdict == DIFFERS
    assert told.startswith("energy says 0 Wh, power 333 Wh")
