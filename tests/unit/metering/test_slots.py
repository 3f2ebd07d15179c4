# SPDX-License-Identifier: Apache-2.0
"""Of each slot what is known, and no more: through dead meters, power cuts, resets and clocks that jump."""

import pytest

from tests.unit.metering.given import (
    POLL_S,
    SITE,
    SLOT_S,
    START,
    WH,
    WHOLE_WH,
    Bench,
    Device,
    Shelf,
)
from wattpact.metering import slots
from wattpact.metering.counters import BACK, CLEARED, FLOAT, JUMPED, Counting
from wattpact.metering.measurement import COUNTER_LOST, Site
from wattpact.metering.slots import SlotMeter

CHIP = Counting(CLEARED, 3_125)


def bench(counting: Counting = WHOLE_WH, begins_wh: int = 1_000, load_w: int = 2_000) -> Bench:
    """A device that runs since the start of a slot."""
    bench = Bench(Device(counting, begins_wh * WH))
    bench.load(load_w)
    return bench


def test_a_slots_energy_is_what_the_registers_advanced_in_it() -> None:
    """500 Wh of 2 kW in both halves; the register is the display's."""
    run = bench()
    run.run_until(START + 2 * SLOT_S)
    assert [(each.slot, each.import_wh, each.valid) for each in run.readings] == [
        (START, 500, True),
        (START + SLOT_S, 500, True),
    ]
    assert run.readings[-1].import_register_wh == 2_000
    assert run.meter.wake_at == START + 2 * SLOT_S + POLL_S


def test_what_is_left_of_a_wh_belongs_to_the_next_slot() -> None:
    """A lamp of 3 W draws 0.75 Wh a slot: 0, 1, 1, 1."""
    run = bench(CHIP, load_w=3)
    run.run_until(START + 4 * SLOT_S)
    assert [each.import_wh for each in run.readings] == [0, 1, 1, 1]
    assert run.readings[-1].import_register_wh == 3


def test_export_stands_on_a_register_of_its_own() -> None:
    """A sunny slot."""
    run = bench(load_w=-2_000)
    run.run_until(START + SLOT_S)
    assert (run.readings[0].import_wh, run.readings[0].export_wh) == (0, 500)


def test_metering_that_begins_in_mid_slot_says_so() -> None:
    """The next slot is whole."""
    run = Bench(Device(WHOLE_WH, 1_000 * WH), START + 100)
    run.load(2_000)
    run.run_until(START + 2 * SLOT_S)
    assert [each.reason for each in run.readings] == [slots.BEGAN_LATE, ""]
    assert run.readings[0].import_wh == 0


def test_a_dead_meter_is_not_valid_and_repeats_its_registers() -> None:
    """Slot after slot, with the driver's own words, and no energy."""
    run = bench()
    run.run_until(START + SLOT_S + 300)
    run.device.fault = "modbus: no answer"
    run.run_until(START + 4 * SLOT_S)
    assert [each.valid for each in run.readings] == [True, False, False]
    for reading in run.readings[1:]:
        assert reading.reason == "modbus: no answer"
        assert (reading.import_wh, reading.import_register_wh) == (0, 1_500)
    assert run.meter.measurement is None


def test_energy_that_flowed_while_nobody_could_read_is_in_the_register_and_in_no_slot() -> None:
    """The meter comes back: the slot after it is valid, and begins where the register is."""
    run = bench()
    run.run_until(START + SLOT_S + 300)
    run.device.fault = "no answer"
    run.run_until(START + 2 * SLOT_S + 300)
    run.device.fault = ""
    run.run_until(START + 4 * SLOT_S)
    assert [each.valid for each in run.readings] == [True, False, False, True]
    assert run.readings[2].reason == slots.BEGAN_LATE
    assert run.readings[3].import_wh == 500
    assert run.readings[3].import_register_wh == 3_000


def test_silence_in_mid_slot_is_bridged_by_the_meters_own_counter() -> None:
    """It counted on."""
    run = bench()
    run.run_until(START + 300)
    run.device.fault = "no answer"
    run.run_until(START + 600)
    run.device.fault = ""
    run.run_until(START + SLOT_S)
    assert (run.readings[0].valid, run.readings[0].import_wh) == (True, 500)


def test_an_answer_at_the_slots_end_is_waited_for() -> None:
    """Half a minute; what flows until then is the earlier slot's."""
    run = bench()
    run.run_until(START + SLOT_S - 5)
    run.device.fault = "no answer"
    run.run_until(START + SLOT_S + 18)
    assert run.readings == []
    run.device.fault = ""
    run.run_until(START + 2 * SLOT_S)
    assert [each.valid for each in run.readings] == [True, True]
    assert run.readings[0].import_wh >= 510
    assert sum(each.import_wh for each in run.readings) == 1_000
    assert run.readings[1].import_register_wh == 2_000


def test_a_counter_that_begins_anew_voids_its_slot_and_no_other() -> None:
    """The register goes on from where it was."""
    run = bench()
    run.run_until(START + SLOT_S + 305)
    run.device.begins_uwh = -run.device.world.imported_uwh
    run.run_until(START + 3 * SLOT_S)
    assert [each.reason for each in run.readings] == ["", BACK, ""]
    assert run.readings[2].import_wh == 500
    assert run.meter.counters.epoch == 1
    assert 1_500 + 500 < run.readings[2].import_register_wh < 2_500


def test_a_jump_voids_its_slot_and_invents_nothing() -> None:
    """An exchanged meter with more on its display."""
    run = bench()
    run.run_until(START + 305)
    run.device.begins_uwh += 5_000_000 * WH
    run.run_until(START + 2 * SLOT_S)
    assert [each.reason for each in run.readings] == [JUMPED, ""]
    assert run.readings[1].import_register_wh < 2_000


def test_a_single_wrong_value_voids_nothing() -> None:
    """It is read again."""
    run = bench()
    run.run_until(START + 305)
    run.device.lies_uwh = [9_000_000 * WH]
    run.run_until(START + SLOT_S)
    assert (run.readings[0].valid, run.readings[0].import_wh) == (True, 500)


@pytest.mark.parametrize("counting", [WHOLE_WH, Counting(FLOAT, 10 * WH)])
@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("write", range(2, 8))  # 1 begins
def test_a_power_cut_at_any_write_loses_and_doubles_nothing(
    write: int, before: bool, counting: Counting
) -> None:
    """A meter that counts on by itself: what the slots say and what the register says is what it counted."""
    run = bench(counting)
    setattr(run.shelf, "cut_before" if before else "cut_after", write)
    while run.clock < START + 4 * SLOT_S + 100:
        run.run_until(run.clock + 1)
        if not run.on:
            run.clock += 20
            run.device.world.pass_time(20_000_000)
            run.restart()
    slots_told = {each.slot: each for each in run.readings if each.valid}
    assert sorted(slots_told) == [START + n * SLOT_S for n in range(4)]
    advance_wh = slots_told[START + 3 * SLOT_S].import_register_wh - 1_000
    assert abs(advance_wh - 2_000) <= 12 + counting.step_uwh // WH  # a late end: 20 s of 2 kW
    assert sum(each.import_wh for each in slots_told.values()) == advance_wh


def test_a_board_that_was_off_in_mid_slot_knows_its_slot_all_the_same() -> None:
    """The meter counted on, and both ends were read."""
    run = bench()
    run.run_until(START + 300)
    run.on = False
    run.run_until(START + 600)
    run.restart()
    run.run_until(START + SLOT_S)
    assert (run.readings[0].valid, run.readings[0].import_wh) == (True, 500)


def test_slots_in_which_the_board_was_off_are_told_one_by_one_and_not_valid() -> None:
    """At most the newest of them; what flowed is in the register."""
    run = bench()
    run.run_until(START + 300)
    run.on = False
    run.run_until(START + 3 * SLOT_S + 100)
    run.restart()
    run.run_until(START + 5 * SLOT_S)
    assert [(each.slot, each.valid) for each in run.readings] == [
        (START, False),
        (START + SLOT_S, False),
        (START + 2 * SLOT_S, False),
        (START + 3 * SLOT_S, False),
        (START + 4 * SLOT_S, True),
    ]
    assert sum(each.import_wh for each in run.readings) == 500
    assert run.readings[-1].import_register_wh == 1_000 + 2_500
    assert run.readings[0].import_register_wh == 0  # no valid one came before it


def test_a_board_that_was_off_for_a_year_tells_of_eight_slots() -> None:
    """And of the one that it was cut off in."""
    run = bench()
    run.run_until(START + 300)
    run.on = False
    run.run_until(START + 365 * 86_400)
    run.restart()
    run.tick()
    assert len(run.readings) == 1 + slots.MISSED_MAX


def test_a_chip_whose_counts_were_in_memory_only_makes_a_slot_invalid_by_a_restart() -> None:
    """Of what it counted, no more than KEEP_UWH is lost; what it counts while the board is off is not."""
    run = bench(CHIP)
    run.run_until(START + 300)
    run.on = False
    run.run_until(START + 310)
    run.restart()
    run.run_until(START + 2 * SLOT_S)
    assert [each.reason for each in run.readings] == [slots.RESTARTED, ""]
    counted_uwh = run.device.world.imported_uwh
    assert counted_uwh - slots.KEEP_UWH < run.meter.counters.imported.uwh <= counted_uwh


def test_a_chip_that_lost_its_counts_voids_its_slot() -> None:
    """It says so itself."""
    run = bench(CHIP)
    run.run_until(START + 300)
    run.device.flags = COUNTER_LOST
    run.run_until(START + 310)
    run.device.flags = 0
    run.run_until(START + 2 * SLOT_S)
    assert [each.valid for each in run.readings] == [False, True]


def test_the_newest_reading_is_told_again_after_a_restart() -> None:
    """The cut may have come between the store and whoever was to hear it; but soon, or not at all."""
    run = bench()
    run.run_until(START + SLOT_S)
    run.on = False
    run.run_until(START + SLOT_S + 60)
    run.restart()
    run.tick()
    assert [each.slot for each in run.readings] == [START, START]
    assert run.readings[1].import_wh == run.readings[0].import_wh == 500
    run.on = False
    run.run_until(START + SLOT_S + slots.AGAIN_S + 1)
    run.restart()
    run.tick()
    assert len(run.readings) == 2


def test_a_dead_meter_tells_nothing_again() -> None:
    """An old valid reading would start trading anew."""
    run = bench()
    run.run_until(START + SLOT_S)
    run.restart()
    run.device.fault = "no answer"
    run.run_until(START + SLOT_S + 100)
    assert len(run.readings) == 1


def test_a_clock_that_jumps_ahead_makes_invalid_slots_and_keeps_the_energy() -> None:
    """Within a slot, too: nobody knows how long it was."""
    for jump_s in (400, 3 * SLOT_S):
        run = bench()
        run.run_until(START + 300)
        run.clock += jump_s
        run.meter.wake_at += jump_s
        run.run_until(START + 5 * SLOT_S)
        bad = [each for each in run.readings if not each.valid]
        assert bad[0].reason == slots.CLOCK_JUMPED
        assert len(bad) == 1 + jump_s // SLOT_S
        assert run.readings[-1].valid
        assert (
            abs(run.meter.counters.imported.uwh - 1_000 * WH - run.device.world.imported_uwh) < WH
        )


def test_a_clock_that_goes_back_makes_no_slot_valid_twice() -> None:
    """Until it has passed all that were told."""
    run = bench()
    run.run_until(START + 2 * SLOT_S + 100)
    run.clock = START + 50
    run.meter.wake_at = run.clock
    run.run_until(START + 5 * SLOT_S)
    valid = [each.slot for each in run.readings if each.valid]
    assert valid == [START + n * SLOT_S for n in range(5)]
    registers = [each.import_register_wh for each in run.readings if each.valid]
    assert registers == sorted(registers)


def test_figures_that_cannot_be_stop_a_slot() -> None:
    """A cut voltage tap, a transformer the wrong way round."""
    for voltage_mv, load_w, exports, reason in (
        (0, 2_000, True, slots.TAMPERED),
        (230_000, -2_000, False, slots.REVERSED),
    ):
        run = Bench(Device(WHOLE_WH), site=Site(14_000, 230_000, exports))
        run.run_until(START + 300)
        phase = run.device.world.phases[0]
        phase.voltage_mv = voltage_mv
        phase.power_mw = load_w * 1000
        run.run_until(START + SLOT_S)
        assert run.readings[0].reason == reason


def test_a_full_store_stops_trading_and_not_metering() -> None:
    """The register goes on. What is not kept is not told as valid: after a power cut it might be told otherwise."""
    run = bench()
    run.run_until(START + 300)
    run.shelf.full = True
    run.run_until(START + 3 * SLOT_S)
    assert [each.reason for each in run.readings] == [slots.NOT_KEPT] * 3
    run.shelf.full = False
    run.run_until(START + 5 * SLOT_S)
    assert run.readings[-1].valid


@pytest.mark.parametrize("kept", [b"x", b"\x00" * 200, b"\xff" * 161 + b"\n"])
def test_a_state_that_cannot_be_read_is_said_and_not_guessed_from(kept: bytes) -> None:
    """The slot is not valid, the next one is."""
    run = bench()
    run.shelf.kept[b"m1"] = kept
    run.restart()
    run.run_until(START + 2 * SLOT_S)
    assert [each.reason for each in run.readings] == [slots.UNREADABLE, ""]


def test_one_write_a_slot_is_all_that_flash_bears() -> None:
    """And one at the start."""
    run = bench()
    run.run_until(START + 4 * SLOT_S)
    assert run.shelf.writes == 5


def test_a_poll_period_that_cannot_be_is_our_mistake() -> None:
    """Longer than a slot, or none."""
    for poll_s in (0, SLOT_S + 1):
        with pytest.raises(ValueError, match="poll"):
            SlotMeter(Device(WHOLE_WH), Shelf(), b"m", b"", SITE, SLOT_S, poll_s, START)
