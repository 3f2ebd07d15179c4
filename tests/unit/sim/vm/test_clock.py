# SPDX-License-Identifier: Apache-2.0
"""A guest's clock: scaled, or virtual, for all that the guest can ask and for how long it waits."""

import time

import pytest

from sim.vm.clock import ScaledClock, VirtualClock
from sim.vm.machine import Machine

HEAP_BYTES = 64 * 1024
DAY = """
import time
begun_ms = time.ticks_ms()
print(time.time())
for _ in range(24 * 60):
    time.sleep(60)
print(time.time(), time.ticks_diff(time.ticks_ms(), begun_ms))
"""


def test_a_day_of_virtual_time_takes_seconds() -> None:
    """To the millisecond, from the moment it was told."""
    begun = time.monotonic()
    machine = Machine(HEAP_BYTES, clock=VirtualClock(1_800_000_000))
    lines = machine.run(DAY)
    assert time.monotonic() - begun < 60
    assert lines == ["1800000000.0", "1800086400.0 86400000"]


def test_a_virtual_clock_stands_still_while_the_guest_is_at_work() -> None:
    """So that two runs give the same times, however fast the machine is."""
    source = (
        "import time\na = time.time_ns()\nfor _ in range(10000): pass\nprint(time.time_ns() - a)"
    )
    assert Machine(HEAP_BYTES, clock=VirtualClock(0)).run(source) == ["0"]


def test_a_scaled_clock_runs_so_many_times_faster() -> None:
    """An hour of the guest's in a moment of ours."""
    begun = time.monotonic()
    clock = ScaledClock(36000, start_s=1_800_000_000)
    source = "import time\na = time.time()\ntime.sleep(3600)\nprint(a >= 1800000000, time.time() - a >= 3600)"
    assert Machine(HEAP_BYTES, clock=clock).run(source) == ["True True"]
    assert 0.1 <= time.monotonic() - begun < 60


def test_time_goes_forward() -> None:
    """Neither stands nor turns."""
    with pytest.raises(ValueError, match="forward"):
        ScaledClock(0)
