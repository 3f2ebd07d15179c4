# SPDX-License-Identifier: Apache-2.0
"""Whatever goes wrong between a board and its metering chip: no energy is invented, and none is lost in silence."""

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from sim.world.chips.mains import drawing
from tests.unit.metering.chips.fitted import COUNT_UWH, Board, SmallBoard, Witness
from wattpact.errors import BusError
from wattpact.metering.chips.ade7953 import Ade7953
from wattpact.metering.measurement import COUNTER_LOST

FORWARD, REVERSE = 0x80, 0x84
REGISTERS = st.sampled_from([0x00, 0x32, 0x78, 0x79, FORWARD, REVERSE, 0xB1, 0xD9, 0xF8])
EVENTS = st.one_of(
    st.tuples(st.just("spoil"), REGISTERS, st.integers(1, 3)),
    st.tuples(st.just("lose"), REGISTERS, st.integers(1, 2)),
    st.tuples(st.just("die"), st.integers(0, 40), st.sampled_from([0x00, 0xFF])),
    st.tuples(st.just("reset"), st.integers(0, 40), st.just(0)),
    st.tuples(st.just("restart"), st.just(0), st.just(0)),
    st.tuples(st.just("load"), st.integers(-9_000, 9_000), st.just(0)),
    st.tuples(st.just("wait"), st.integers(1, 9_000), st.just(0)),
)


def happen(board: Board, what: str, first: int, second: int) -> None:
    faults = board.model.faults
    if what == "spoil":
        faults.spoiled_reads[first] = second
    elif what == "lose":
        faults.lost_frames[first] = second
    elif what == "die":
        faults.dies_after, faults.undriven = first, second
    elif what == "reset":
        faults.resets_after = first
    elif what == "restart":
        board.restart()
    elif what == "load":
        board.phases = [drawing(first), drawing(0), drawing(0)]
    board.mains.sleep_ms(first if what == "wait" else 500)


@settings(deadline=None, max_examples=150)
@given(st.lists(EVENTS, min_size=1, max_size=12))
def test_an_atm90e32_never_invents_energy_and_never_loses_it_in_silence(
    events: list[tuple[str, int, int]],
) -> None:
    """The sum of measurements is what was read from the chip, or less, and then one of them said COUNTER_LOST."""
    board = Board(2_000, 0, 0)
    board.driver.read()
    taken = {register: board.model.taken(register) for register in (FORWARD, REVERSE)}
    flags = imported = exported = 0
    restarted = False
    for what, first, second in [*events, ("wait", 100, 0), ("wait", 100, 0)]:
        happen(board, what, first, second)
        restarted = restarted or what == "restart"
        try:
            measurement = board.driver.read()
        except BusError:
            board.model.power_on()
            board.mains.sleep_ms(100)
            continue
        assert measurement.export_uwh is not None
        imported += measurement.import_uwh
        exported += measurement.export_uwh
        flags |= measurement.flags
    for register, uwh in ((FORWARD, imported), (REVERSE, exported)):
        counted_uwh = (board.model.taken(register) - taken[register]) * COUNT_UWH
        assert uwh <= counted_uwh
        if not flags & COUNTER_LOST and not restarted:
            assert uwh == counted_uwh


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(st.integers(-9_000, 9_000), st.integers(0, 2), st.integers(1, 9_000))))
def test_an_ade7953_gives_the_energy_of_its_register_whatever_was_spoiled(
    steps: list[tuple[int, int, int]],
) -> None:
    """Net, after a last read that succeeds: what a spoiled answer hid is in it."""
    board = SmallBoard(1_000)
    witness = Witness(board)
    driver = Ade7953(witness, board.settings, board.mains.sleep_ms)
    driver.read()
    begun = witness.counts
    net_uwh = 0
    for power_w, spoiled, ms in [*steps, (0, 0, 100)]:
        board.phases = [drawing(power_w)]
        board.mains.sleep_ms(ms)
        board.model.faults.spoiled_reads = spoiled
        with suppress(BusError):
            measurement = driver.read()
            assert measurement.flags == 0
            net_uwh += measurement.import_uwh - (measurement.export_uwh or 0)
    counted_uwh = (witness.counts - begun) * 10**9 // board.settings["energy_counts_per_kwh"]
    assert abs(net_uwh - counted_uwh) <= 2
