# SPDX-License-Identifier: Apache-2.0
"""All figures of signatures in one run."""

import sys

from tools.base_table import SHAPES
from tools.measures import contenders, counts, heap, machine_code, speed
from tools.measures.figures import Figures
from tools.measures.stage import staged
from tools.measures.tables import tables


def run(rounds: int, figures: Figures) -> None:
    """MeasureError if anybody's signature was wrong."""
    progress("do all contenders sign and verify right? some seconds")
    with staged() as stage:
        contenders.check(stage)
        progress("%d rounds of speed, about %d s" % (rounds, rounds * speed.ROUND_S))
        speed.tell(speed.measure(stage, rounds), figures)
        progress("multiplications and reductions, some seconds")
        of_ours = {kib: counts.of_ours(kib) for kib in SHAPES}
        counts.tell(of_ours, counts.of_peers(stage), figures)
        progress("the heap, about 10 s")
        taken, kept = heap.allocated(stage)
        heap.tell(taken, kept, heap.least_heaps(stage), figures)
    progress("machine code, about 10 s")
    machine_code.measure(figures)
    print(tables(figures))


def progress(told: str) -> None:
    sys.stderr.write("signatures: %s\n" % told)
