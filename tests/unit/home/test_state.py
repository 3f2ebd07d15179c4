# SPDX-License-Identifier: Apache-2.0
"""The figures: what is measured and traded, and null for what nobody knows."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from tests.trade.world import FIRST, PRICE, ROUND, SLOT, World, kid_of, plant_of
from wattpact.home.discovery import STANDINGS, device
from wattpact.home.state import state
from wattpact.metering.measurement import Measurement, Phase
from wattpact.metering.reading import Reading

KID = "00112233445566ff"
READ = Measurement(
    5_000_000_000, 0, [Phase(230_100, 2_000, 460_000), Phase(0, 0, 0), Phase(229_000, 1, 0)], 49_980
)


def meter(measurement: Measurement | None) -> Any:
    """What is used of a SlotMeter."""
    registers = SimpleNamespace(
        imported=SimpleNamespace(uwh=1_234_567_890), exported=SimpleNamespace(uwh=999_999)
    )
    return SimpleNamespace(measurement=measurement, counters=registers)


def told(world: World, measurement: Measurement | None = READ) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        state(world.boards["home"].meter, meter(measurement), world.clock)
    )
    return found


def community() -> World:
    world = World()
    world.add_plant("sun")
    world.add_meter("home", hears=["sun"])
    return world


def test_registers_are_whole_wh_and_what_flows_is_there() -> None:
    figures = told(community())
    assert (figures["import_wh"], figures["export_wh"]) == (1234, 0)
    assert (figures["power_mw"], figures["frequency_mhz"]) == (460_000, 49_980)
    assert (figures["voltage_mv_l1"], figures["voltage_mv_l2"]) == (230_100, 0)


def test_a_dead_meter_is_null_and_not_zero() -> None:
    figures = told(community(), None)
    assert figures["power_mw"] is None
    assert figures["frequency_mhz"] is None
    assert "voltage_mv_l1" not in figures
    assert figures["import_wh"] == 1234  # the register has not gone


def test_a_contract_is_told_from_its_agreement_to_its_last_slot() -> None:
    world = community()
    assert told(world)["standing"] == "idle"
    assert told(world)["plant"] is None
    world.run_until(FIRST - 1)
    figures = told(world)
    assert (figures["standing"], figures["plant"]) == ("agreed", plant_of("sun").hex())
    assert figures["price_micro"] == PRICE
    assert 0 < figures["reliability_ppm"] <= 1_000_000
    world.run_until(FIRST + SLOT)
    assert told(world)["standing"] == "buying"
    world.boards["sun"].plant.selling = False
    world.run_until(FIRST + 2 * ROUND + SLOT)
    assert told(world)["standing"] == "idle"
    world.run_until(FIRST + 5 * ROUND)
    assert told(world)["coins_ug"] > 0


def test_each_reason_not_to_trade_has_its_word() -> None:
    def paused(world: World) -> None:
        world.boards["home"].meter.preferences.paused = True

    def alarmed(world: World) -> None:
        world.boards["home"].meter.alarm = "a rewritten history"

    def dead(world: World) -> None:
        silent = Reading(FIRST, 0, 0, 0, 0, valid=False, reason="no answer")
        world.boards["home"].meter.on_reading(silent, FIRST)

    def unheard(world: World) -> None:
        outbox = world.boards["home"].meter.member.outbox
        for number in range(32):
            outbox.send(bytes([number]) * 32, kid_of("sun"), b"", FIRST)

    cases: list[tuple[Callable[[World], None], str]] = [
        (paused, "paused"),
        (alarmed, "alarm"),
        (dead, "no_reading"),
        (unheard, "chain_silent"),
    ]
    for happen, word in cases:
        world = community()
        happen(world)
        assert told(world)["standing"] == word
        assert word in STANDINGS


def test_every_figure_has_a_sensor_and_every_sensor_a_figure() -> None:
    described = json.loads(device(KID, "s", "p", "virtual", "0.1", 978, 3))
    world = community()
    assert set(described["cmps"]) == set(told(world))
