# SPDX-License-Identifier: Apache-2.0
"""What a store is asked to do while its power fails, and what it must hold afterwards, on both interpreters."""

from tests.parity.flash.torn import Disk, PowerCut, TornFolder
from wattpact.esp32.flash_store import SIZE_MIN, FlashStore

TYPE_CHECKING = False
if TYPE_CHECKING:
    # A key and what it is to hold; None drops it.
    Steps = list[tuple[bytes, bytes | None]]
    State = dict[bytes, bytes]


def steps(count: int, size: int) -> "Steps":
    """Keeps, overwrites and drops of a few keys, values of 0 to `size` bytes: enough to begin generations anew."""
    found: "Steps" = []
    for number in range(count):
        key = b"k%d" % (number * 7 % 5)
        if number % 6 == 5:
            found.append((key, None))
        else:
            found.append((key, bytes([number % 251]) * (number * 37 % (size + 1))))
    return found


def states(script: "Steps") -> "list[State]":
    """What is kept before each step, and after the last."""
    state: "State" = {}
    found = [state]
    for key, value in script:
        state = dict(state)
        if value is None:
            state.pop(key, None)
        else:
            state[key] = value
        found.append(state)
    return found


def opened(disk: Disk) -> FlashStore:
    return FlashStore(TornFolder(disk), SIZE_MIN)


def held(store: FlashStore) -> "State":
    return dict(store.items())


def perform(disk: Disk, script: "Steps") -> int:
    """Steps of `script` that were returned from; -1 if the store did not even open. Ends when the power does."""
    done = -1
    try:
        store = opened(disk)
        done = 0
        for key, value in script:
            if value is None:
                store.drop(key)
            else:
                store.keep(key, value)
            done += 1
    except PowerCut:
        pass
    return done


def allowed(script: "Steps", done: int) -> "list[State]":
    """What may be found after a cut: all that was returned from, with or without what was under way."""
    every = states(script)
    if done < 0:
        return [every[0]]
    return every[done : done + 2]
