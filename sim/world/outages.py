# SPDX-License-Identifier: Apache-2.0
"""When panels are dead: each plant has its own failure rate and repair time, each of its panels its own outages.

Two plants in five are good (an outage every two weeks at most), two are fair, one is poor (four to eight a week). The
rates are this project's own and far above real ones, so that two days show something; no statistics stand behind them.
"""

from typing import NamedTuple

from .profiles import SLOTS_PER_DAY
from .seeds import child

_WEEK_SLOTS = 7 * SLOTS_PER_DAY
_CHANCE_BITS = 32


class Upkeep(NamedTuple):
    """Outages per 1000 weeks and panel, and the shortest and longest repair in slots."""

    per_1000_weeks: int
    repair_min: int
    repair_max: int


def upkeep(seed: int, plant: str) -> Upkeep:
    """How well a plant is kept."""
    rng = child(seed, "upkeep", plant)
    kind = rng.randrange(5)
    if kind < 2:
        return Upkeep(rng.randrange(500), 4, 8)
    if kind < 4:
        return Upkeep(500 + rng.randrange(1500), 4, 4 + rng.randrange(4, 13))
    return Upkeep(4000 + rng.randrange(4001), 4, 24)


def down_slots(seed: int, plant: str, panel: str, slots: int) -> bytearray:
    """1 for each slot in which the panel is dead, else 0."""
    rate = upkeep(seed, plant)
    rng = child(seed, "outage", plant, panel)
    chance = (rate.per_1000_weeks << _CHANCE_BITS) // (1000 * _WEEK_SLOTS)
    down = bytearray(slots)
    index = 0
    while index < slots:
        if rng.getrandbits(_CHANCE_BITS) < chance:
            end = min(slots, index + rng.randrange(rate.repair_min, rate.repair_max + 1))
            down[index:end] = b"\x01" * (end - index)
            index = end
        else:
            index += 1
    return down
