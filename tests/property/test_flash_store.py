# SPDX-License-Identifier: Apache-2.0
"""Power fails at every single step that the flash store makes, and nothing that it promised is gone."""

import pytest

from tests.parity.flash.scripts import allowed, held, opened, perform, states, steps
from tests.parity.flash.torn import AFTERMATHS, WRITTEN, Disk, PowerCut

SCRIPT = steps(count=60, size=90)


def steps_of(script: "list[tuple[bytes, bytes | None]]") -> int:
    """How many there are until the script is done, and that the journal was begun anew on the way."""
    disk = Disk()
    assert perform(disk, script) == len(script)
    assert held(opened(disk.after(WRITTEN))) == states(script)[-1]
    return disk.steps


@pytest.mark.parametrize("aftermath", AFTERMATHS)
def test_a_power_cut_at_any_byte_loses_nothing_that_was_kept(aftermath: int) -> None:
    """What was returned from is there; what was under way is there whole or not at all; and the store goes on."""
    total = steps_of(SCRIPT)
    assert total > 4000
    for cut in range(total + 1):
        disk = Disk()
        disk.steps_left = cut
        done = perform(disk, SCRIPT)
        store = opened(disk.after(aftermath))
        found = held(store)
        assert found in allowed(SCRIPT, done), cut
        store.keep(b"after", b"the cut")
        assert held(store) == {**found, b"after": b"the cut"}, cut


def test_a_second_power_cut_while_the_store_recovers_loses_nothing_either() -> None:
    """Power that comes back often goes again: at every step of opening what a cut left behind."""
    total = steps_of(SCRIPT)
    for cut in range(0, total, 97):
        first = Disk()
        first.steps_left = cut
        done = perform(first, SCRIPT)
        for aftermath in AFTERMATHS:
            again = 0
            while True:
                disk = first.after(aftermath)
                disk.steps_left = again
                try:
                    opened(disk)
                except PowerCut:
                    found = held(opened(disk.after(aftermath)))
                    assert found in allowed(SCRIPT, done), (cut, aftermath, again)
                    again += 1
                else:
                    break
