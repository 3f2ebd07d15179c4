# SPDX-License-Identifier: Apache-2.0
"""How many bytes a contender's operations take from the heap, garbage included, and how many of them they keep."""

import gc

from contest import action
from given import MESSAGES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

memory: "Any" = gc


def lines(contender: str, names: "list[str]") -> "Iterator[str]":
    """Name, whether it was the `first` call or a `later` one, bytes taken, bytes kept."""
    module: "Any" = __import__(contender)
    for name in names:
        gc.collect()
        before = memory.mem_alloc()
        act = action(module, name)
        for index in range(len(MESSAGES)):
            gc.collect()
            start = memory.mem_alloc()
            gc.disable()
            act(index)
            taken = memory.mem_alloc() - start
            gc.enable()
            gc.collect()
            since = start if index else before
            kept = memory.mem_alloc() - since
            yield "%s %s %d %d" % (name, "later" if index else "first", taken, kept)
