# SPDX-License-Identifier: Apache-2.0
"""The heap of a small board: what fits in it, on the real MicroPython, as the modules come onto a board."""

from collections.abc import Iterator

import pytest

from sim.vm.faults import HeapExhausted
from sim.vm.machine import Machine
from tools.measures import heap
from tools.measures.stage import Stage, on_fixed_heap, staged


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """Our firmware with the comb of 4 KiB for the base point, in the heap."""
    with staged() as stage:
        yield stage


def test_signing_verifying_and_a_new_peer_with_its_comb_fit_a_heap_of_48_kib(stage: Stage) -> None:
    """The program asserts that the peer has its comb: one without room for it would be slower, and not fail."""
    folders = heap.folders(stage, "mpy")
    assert Machine(heap.HEAP_BYTES, folders).run(heap.program("sign_verify_comb")) == ["END"]


def test_a_program_that_does_not_fit_says_so(stage: Stage) -> None:
    """Half of that heap holds the modules, and no signature."""
    folders = heap.folders(stage, "mpy")
    with pytest.raises(HeapExhausted):
        Machine(heap.HEAP_BYTES // 2, folders).run(heap.program("sign"))


def test_a_signature_takes_no_more_from_the_heap_than_promised(stage: Stage) -> None:
    """Garbage included: what is taken has to be collected some time."""
    lines = on_fixed_heap("allocated.lines('ours', ['sign'])", stage.folders(), heap.AMPLE_BYTES)
    taken = [int(line.split(" ")[2]) for line in lines]
    assert len(taken) == 8
    assert max(taken) <= heap.SIGN_BYTES_MOST
