# SPDX-License-Identifier: Apache-2.0
"""The least heap is found to a step, the same each time, and only for programs that say they came to their end."""

import pytest

from sim.vm.faults import GuestError, TimeBoundExceeded, VmError
from sim.vm.least_heap import STEP_BYTES, NoEnd, least_heap
from sim.vm.machine import Machine

KIB = 1024
HOLDS_50000 = "held = bytearray(50000)\nprint('END')"


def test_a_program_needs_what_it_holds_and_little_more() -> None:
    """50,000 bytes, the collector's tables over them, and the two kilobytes that an empty program needs."""
    found = least_heap(HOLDS_50000, 4 * KIB, 256 * KIB)
    assert 50_000 * 1.02 < found < 50_000 * 1.03 + 3 * KIB


def test_it_is_the_least_and_the_same_each_time() -> None:
    """It runs in what was found and not in a step less."""
    found = least_heap(HOLDS_50000, 4 * KIB, 256 * KIB)
    assert least_heap(HOLDS_50000, 8 * KIB, 100 * KIB) == found
    assert Machine(found).run(HOLDS_50000) == ["END"]
    with pytest.raises(VmError):
        Machine(found - STEP_BYTES).run(HOLDS_50000)


def test_twice_as_much_held_is_twice_as_much_needed() -> None:
    """What was found is the program's need and not the search's."""
    once = least_heap(HOLDS_50000, KIB, 256 * KIB)
    twice = least_heap(HOLDS_50000.replace("50000", "100000"), KIB, 256 * KIB)
    assert abs((twice - once) - 50_000 * 1.025) <= 2 * STEP_BYTES


def test_a_program_that_swallows_its_memory_error_has_not_passed() -> None:
    """It has to print END last."""
    source = (
        "try:\n    held = bytearray(50000)\n    print('END')\nexcept MemoryError:\n    print('no')"
    )
    found = least_heap(source, 4 * KIB, 256 * KIB)
    assert abs(found - least_heap(HOLDS_50000, 4 * KIB, 256 * KIB)) <= STEP_BYTES


def test_what_fits_in_the_smallest_heap_needs_no_more_than_that() -> None:
    """The answer is never below what was asked."""
    assert least_heap("print('END')", 20 * KIB, 64 * KIB) == 20 * KIB


def test_a_program_that_fails_for_another_reason_has_no_least_heap() -> None:
    """It is told what went wrong in the largest one."""
    with pytest.raises(GuestError, match="ValueError: mine"):
        least_heap("raise ValueError('mine')", 4 * KIB, 64 * KIB)
    with pytest.raises(NoEnd):
        least_heap("print('an end, but not that')", 4 * KIB, 64 * KIB)
    with pytest.raises(TimeBoundExceeded):
        least_heap("while True: pass", 4 * KIB, 64 * KIB, time_bound_s=0.1)


def test_bounds_that_hold_no_step_are_refused() -> None:
    """Turned round, or between two multiples of a step."""
    for low_bytes, high_bytes in ((8 * KIB, 4 * KIB), (1025, 2047), (0, 4 * KIB)):
        with pytest.raises(ValueError, match="no multiple"):
            least_heap("print('END')", low_bytes, high_bytes)
