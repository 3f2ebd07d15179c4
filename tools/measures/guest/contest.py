# SPDX-License-Identifier: Apache-2.0
"""A contender, alone in its VM, does the same eight times over and says how long each took.

Alone, because a block of memory is found the later the more is in use before it. All comes as lines of a generator: the
official build collects garbage between two calls only, the other one is asked to before each operation. So a time is
work alone; what collecting costs is a figure of the heap.
"""

import gc

from clock import now_us, spent_us
from given import MESSAGES, PUBLIC, SECRET, SIGNATURES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    Action = Callable[[int], object]

PEER_COMB = "verify_cached.comb_"
TEETH = {"1_kb": 4, "2_kb": 5, "4_kb": 6, "8_kb": 7}


def verdicts(contender: str) -> "Iterator[str]":
    """Its signatures, and whether it takes another's and none that was changed or belongs to another message."""
    module: "Any" = __import__(contender)
    for index, message in enumerate(MESSAGES):
        yield "signature %d %s" % (index, module.sign(SECRET, message).hex())
        good = SIGNATURES[index]
        changed = good[:40] + bytes((good[40] ^ 1,)) + good[41:]
        right = (
            module.verify(PUBLIC, message, good)
            and not module.verify(PUBLIC, message, changed)
            and not module.verify(PUBLIC, message + "0", good)
        )
        yield "verdict %d %s" % (index, right)


def times(contender: str, names: "list[str]", rounds: int) -> "Iterator[str]":
    """Name, message, microseconds; after each round the word `round`."""
    module: "Any" = __import__(contender)
    actions = [(name, action(module, name)) for name in names]
    for name, act in actions:
        assert act(0), name
        assert act(1), name
    for _round in range(rounds):
        for name, act in actions:
            for index in range(len(MESSAGES)):
                gc.collect()
                start_us = now_us()
                act(index)
                yield "%s %d %d" % (name, index, spent_us(start_us))
        yield "round"


def action(module: "Any", name: str) -> "Action":
    """The operation of that name, for a message's number; what it needs once stands when it was called once."""
    if name == "sign":
        return lambda index: module.sign(SECRET, MESSAGES[index])
    if name == "build":
        return lambda index: module.build(PUBLIC)
    if name == "verify":
        verify = module.verify
    elif name.startswith(PEER_COMB):
        verify = module.verify_cached(PUBLIC, TEETH[name[len(PEER_COMB) :]])
    else:
        verify = getattr(module, name)(PUBLIC)
    return lambda index: verify(PUBLIC, MESSAGES[index], SIGNATURES[index])
