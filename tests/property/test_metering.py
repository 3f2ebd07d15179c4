# SPDX-License-Identifier: Apache-2.0
"""Whatever happens to meter, board, store and clock: metering never raises, never goes back and never invents."""

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.metering.given import SLOT_S, START, WH, Bench, Device
from wattpact.metering.counters import CLEARED, FLOAT, WHOLE, Counting

COUNTINGS = [
    Counting(WHOLE, WH),
    Counting(WHOLE, WH, 4_000 * WH),
    Counting(FLOAT, 10 * WH),
    Counting(CLEARED, 3_125),
]
EVENTS = ["load", "die", "live", "lie", "reset", "off", "cut", "full", "room", "ahead", "back"]
STEPS = st.lists(
    st.tuples(st.integers(1, 1_500), st.sampled_from(EVENTS), st.integers(0, 9_000)), max_size=25
)


def happen(run: Bench, event: str, number: int) -> None:
    """One thing that can go wrong, or right again. Of a span's last tenth, what looks like its end is its end."""
    device, shelf = run.device, run.shelf
    if device.counting.span_uwh and event in {"lie", "reset"}:
        return
    if event == "load":
        run.load(number - 3_000)
    elif event in {"die", "live"}:
        device.fault = "no answer" if event == "die" else ""
    elif event == "lie":
        device.lies_uwh = [(0, 1 << 62)[number % 2]] * (number % 3)  # three would be believed
    elif event == "reset":
        device.begins_uwh = -(device.world.imported_uwh // WH * WH)
    elif event == "off":
        run.on = False
    elif event == "cut":
        attribute = ("cut_before", "cut_after")[number % 2]
        setattr(shelf, attribute, shelf.writes + 1 + number % 3)
    elif event in {"full", "room"}:
        shelf.full = event == "full"
    elif event == "ahead":
        run.clock += number
    else:
        run.clock -= number
        run.meter.wake_at = min(run.meter.wake_at, run.clock)


@given(st.sampled_from(COUNTINGS), STEPS)
def test_metering_never_raises_never_goes_back_and_never_invents(
    counting: Counting, steps: list[tuple[int, str, int]]
) -> None:
    """Valid slots together are at most what flowed, and their registers grow."""
    run = Bench(Device(counting, 3_000 * WH))
    run.load(2_000)
    run.run_until(START + 100)
    for passed_s, event, number in steps:
        if not run.on:
            run.restart()
        happen(run, event, number)
        run.run_until(run.clock + passed_s)
    run.device.fault = ""
    if not run.on:
        run.restart()
    run.run_until(run.clock + 3 * SLOT_S)
    valid = {each.slot: each for each in run.readings if each.valid}
    world, counters = run.device.world, run.meter.counters
    steps_wh = (counters.epoch + 1) * (counting.step_uwh // WH + 1)
    told_wh = sum(each.import_wh for each in valid.values())
    assert told_wh <= world.imported_uwh // WH + steps_wh
    assert counters.imported.uwh <= 3_000 * WH + world.imported_uwh + steps_wh * WH
    for reading in run.readings:
        same = valid.get(reading.slot)
        if reading.valid and same:
            assert reading.import_register_wh == same.import_register_wh
        assert reading.valid == (not reading.reason)
        assert reading.valid or (reading.import_wh, reading.export_wh) == (0, 0)
    registers = [valid[slot].import_register_wh for slot in sorted(valid)]
    assert registers == sorted(registers)
    before = 0
    for slot in sorted(valid):
        assert valid[slot].import_register_wh - valid[slot].import_wh >= before
        before = valid[slot].import_register_wh
