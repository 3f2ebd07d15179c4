# SPDX-License-Identifier: Apache-2.0
"""Each driver against its meter's model: the same figures in integers, and no figure where something is wrong."""

import pytest

from sim.world.chips.modbus.bus import Bus
from sim.world.chips.modbus.meters import (
    Dds238,
    Dtsu666,
    Eastron,
    ModbusMeter,
    Pzem004t,
    modelled,
)
from sim.world.electricity import Electricity, Phase
from wattpact.errors import BusError
from wattpact.interfaces import MeterDriver
from wattpact.metering.catalog import MODBUS_METERS, modbus_meter
from wattpact.metering.measurement import PHASE_LOSS, Site
from wattpact.metering.modbus.line import RtuLine

WH = 1_000_000
THREE_PHASE = ("sdm630", "sdm72", "dtsu666", "dtsu666-2016")
ONE_WAY = ("pzem004t",)
NAMES = [row[0] for row in MODBUS_METERS]


class Fitted:
    """A meter of that name, wired up, with its driver."""

    def __init__(self, name: str, begins_uwh: int = 0) -> None:
        phases = [Phase(230_100, 1_500_000, 300_000)]
        if name in THREE_PHASE:
            phases += [Phase(229_400, -700_000), Phase(231_000, 12_300)]
        self.world = Electricity(phases, 49_980)
        self.meter: ModbusMeter = modelled(name, self.world, begins_uwh=begins_uwh)
        self.bus = Bus([self.meter], self.meter.baud, self.meter.frame)
        self.driver: MeterDriver = modbus_meter(name, RtuLine(self.bus, self.meter.baud, 300), 1)


@pytest.mark.parametrize("name", NAMES)
def test_a_driver_tells_what_flows(name: str) -> None:
    """To the last digit that its meter shows."""
    fitted = Fitted(name)
    now = fitted.driver.read()
    assert len(now.phases) == len(fitted.world.phases)
    assert now.frequency_mhz == pytest.approx(49_980, abs=100)
    for told, phase in zip(now.phases, fitted.world.phases, strict=True):
        assert told.voltage_mv == pytest.approx(phase.voltage_mv, abs=100)
        assert told.current_ma == pytest.approx(phase.current_ma, abs=10)
        assert told.power_mw == pytest.approx(phase.power_mw, abs=1_000)
        assert told.power_factor_ppm == pytest.approx(phase.power_factor_ppm, abs=10_000)
    assert now.power_mw == pytest.approx(fitted.world.power_mw, abs=1_000)


@pytest.mark.parametrize("name", NAMES)
def test_a_driver_tells_the_counters_within_their_step(name: str) -> None:
    """Import and export apart, where a meter has both."""
    fitted = Fitted(name, begins_uwh=123_450 * WH)
    phases = fitted.world.phases
    for power_mw in (2_000_000, -3_000_000):
        phases[0].power_mw = power_mw
        for phase in phases[1:]:
            phase.power_mw = 0
        fitted.bus.pass_time(1_800_000_000)
    now = fitted.driver.read()
    step_uwh = fitted.driver.counting.step_uwh
    if name in ONE_WAY:
        assert now.export_uwh is None
        assert abs(now.import_uwh - fitted.meter.import_uwh - fitted.meter.export_uwh) <= step_uwh
    else:
        assert now.export_uwh is not None
        assert abs(now.import_uwh - fitted.meter.import_uwh) <= step_uwh
        assert abs(now.export_uwh - fitted.meter.export_uwh) <= step_uwh
        assert now.power_mw == pytest.approx(-3_000_000)


@pytest.mark.parametrize("name", NAMES)
def test_a_driver_asks_only_for_registers_that_its_meter_documents(name: str) -> None:
    """The model has no other, and a read within a second even at the slowest baud rate."""
    fitted = Fitted(name)
    before_us = fitted.bus.now_us
    fitted.driver.read()
    assert fitted.bus.now_us - before_us < 1_100_000
    assert fitted.bus.requests <= 6


@pytest.mark.parametrize(
    ("name", "other"),
    [
        (name, other)
        for name in NAMES
        for other in NAMES
        if name != other and not (name[:3] == other[:3] == "sdm")
    ],
)
def test_another_meter_than_the_one_named_gives_an_error_and_no_figures(
    name: str, other: str
) -> None:
    """Between makers no map is like another."""
    fitted = Fitted(other)
    fitted.world.phases[0].power_mw = -2_000_000
    fitted.bus.pass_time(3_600_000_000)
    driver = modbus_meter(name, RtuLine(fitted.bus, fitted.meter.baud, 300), 1)
    with pytest.raises(BusError, match=r"unit 1: exception 0|another meter|other map|ratios"):
        driver.read()


def test_eastrons_are_told_apart_by_their_phases_only() -> None:
    """A three-phase type read as an SDM120 gives its sums with the figures of L1; the other way round is refused."""
    three, one = Fitted("sdm630"), Fitted("sdm120")
    assert len(modbus_meter("sdm120", RtuLine(three.bus, 9_600, 300), 1).read().phases) == 1
    with pytest.raises(BusError, match="exception 02"):
        modbus_meter("sdm630", RtuLine(one.bus, 2_400, 300), 1).read()


@pytest.mark.parametrize("name", NAMES)
def test_a_map_that_answers_zero_for_everything_is_no_meter(name: str) -> None:
    """Frequency 0 is nobody's grid; 0 W of such a device would be a lie."""
    fitted = Fitted(name)
    fitted.meter.lenient = True
    fitted.world.frequency_mhz = 0
    with pytest.raises(BusError, match="frequency 0 mHz"):
        fitted.driver.read()


@pytest.mark.parametrize("name", NAMES)
def test_a_dead_meter_is_an_error(name: str) -> None:
    """And alive again when its supply is back, with what it had saved."""
    fitted = Fitted(name)
    fitted.bus.pass_time(60_000_000)
    fitted.meter.cut_power()
    with pytest.raises(BusError, match="no answer"):
        fitted.driver.read()
    fitted.meter.restore_power()
    assert fitted.driver.read().import_uwh <= 25 * WH


def test_a_float_that_is_no_number_is_an_error() -> None:
    """An SDM whose sum cannot be computed."""
    fitted = Fitted("sdm120")
    assert isinstance(fitted.meter, Eastron)
    fitted.meter.energy_scale = float("nan")
    with pytest.raises(BusError, match="not a number"):
        fitted.driver.read()


def test_energy_never_comes_from_a_total_that_somebody_can_switch() -> None:
    """Whatever 0156 is set to."""
    fitted = Fitted("sdm230")
    fitted.world.phases[0].power_mw = -1_000_000
    fitted.bus.pass_time(3_600_000_000)
    assert isinstance(fitted.meter, Eastron)
    told: set[tuple[int, int | None]] = set()
    for mode in (1, 2, 3):
        fitted.meter.total_mode = mode
        now = fitted.driver.read()
        told.add((now.import_uwh, now.export_uwh))
    assert told == {(0, 1_000 * WH)}


def test_a_dtsu666_with_transformer_ratios_is_refused() -> None:
    """Whether they are in its energy, no manual says."""
    fitted = Fitted("dtsu666")
    assert isinstance(fitted.meter, Dtsu666)
    fitted.meter.ratios = (40, 10)
    with pytest.raises(BusError, match="ratios are 40 and 10 tenths"):
        fitted.driver.read()


def test_a_dtsu666_as_delivered_is_silent() -> None:
    """It speaks DL/T645 until somebody switches it."""
    fitted = Fitted("dtsu666")
    assert isinstance(fitted.meter, Dtsu666)
    fitted.meter.as_delivered = True
    with pytest.raises(BusError, match="no answer"):
        fitted.driver.read()


def test_a_dds238s_other_map_is_noticed_by_its_sum() -> None:
    """As soon as it has counted anything."""
    fitted = Fitted("dds238-v1", begins_uwh=5_000 * WH)
    assert isinstance(fitted.meter, Dds238)
    assert fitted.driver.read().import_uwh == 5_000 * WH
    fitted.meter.energy_map = 2
    with pytest.raises(BusError, match="other map"):
        fitted.driver.read()


def test_a_dds238_that_exports_has_negative_power() -> None:
    """Its register is signed, whatever some libraries make of it."""
    fitted = Fitted("dds238-v2")
    fitted.world.phases[0].power_mw = -700_000
    assert fitted.driver.read().power_mw == -700_000


def test_a_pzem_answers_at_the_general_address_and_not_without_mains() -> None:
    """What it measures is its supply."""
    fitted = Fitted("pzem004t")
    driver = modbus_meter("pzem004t", RtuLine(fitted.bus, 9_600, 300), 248)
    assert driver.read().phases[0].voltage_mv == 230_100
    fitted.world.phases[0].voltage_mv = 0
    with pytest.raises(BusError, match="no answer"):
        driver.read()


def test_a_pzems_counter_rolls_over_where_its_display_ends() -> None:
    """The model and the driver know the same span."""
    fitted = Fitted("pzem004t")
    assert isinstance(fitted.meter, Pzem004t)
    assert fitted.driver.counting.span_uwh == fitted.meter.SPAN_WH * WH
    fitted.meter.reset((fitted.meter.SPAN_WH + 7) * WH)
    assert fitted.driver.read().import_uwh == 7 * WH


def test_a_lost_phase_shows() -> None:
    """Two of three are left."""
    fitted = Fitted("sdm630")
    fitted.world.phases[1] = Phase(0)
    assert fitted.driver.read().flags_at(Site(14_000, 230_000, True)) == PHASE_LOSS


def test_a_name_that_no_driver_has_is_our_mistake() -> None:
    """board.json is ours."""
    fitted = Fitted("sdm120")
    with pytest.raises(ValueError, match="no driver is called sdm54"):
        modbus_meter("sdm54", RtuLine(fitted.bus, 9_600, 300), 1)
