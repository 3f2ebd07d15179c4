# SPDX-License-Identifier: Apache-2.0
"""Clouds over a region: which share of a clear sky's light gets through, slot by slot.

Two Markov chains. The day's regime (bright, mixed, grey) tends to last and depends on the month; within the day the sky
is clear, broken or overcast in spells of an hour or so, at odds the regime sets. The odds are this project's own and
made to give Central Europe's yield over a year; they are no forecast and no record of any place.
"""

from random import Random

from wattpact.units import DAY_S, PPM, civil

from .profiles import SLOT_S
from .seeds import child

BRIGHT, MIXED, GREY = range(3)
CLEAR, BROKEN, OVERCAST = range(3)

_REGIME_STAYS = 40  # percent of days that repeat the day before, whatever the odds
_REGIME_ODDS = (  # percent bright, mixed, grey; January first
    (14, 26, 60),
    (20, 32, 48),
    (30, 36, 34),
    (38, 38, 24),
    (38, 40, 22),
    (40, 40, 20),
    (42, 40, 18),
    (42, 38, 20),
    (36, 36, 28),
    (26, 34, 40),
    (15, 27, 58),
    (11, 24, 65),
)
_SPELL_STAYS = 80  # percent of slots that go on as the one before, whatever the odds
_SPELL_ODDS = ((74, 21, 5), (24, 52, 24), (3, 25, 72))  # percent clear, broken, overcast by regime
_LIGHT_PERMILLE = ((940, 1000), (450, 900), (150, 450))  # the range a spell's level is drawn from
_FLICKER_PERMILLE = (10, 180, 30)  # how far a slot strays from its spell's level


def clouds(seed: int, region: str, start: int, slots: int, utc_offset_s: int) -> list[int]:
    """Share of a clear sky's light in ppm for each slot from `start` (Unix s), the same for the whole region."""
    rng = child(seed, "weather", region)
    regime = spell = level = -1
    shares: list[int] = []
    for index in range(slots):
        local = start + utc_offset_s + index * SLOT_S
        if regime < 0 or local % DAY_S < SLOT_S:
            odds = _REGIME_ODDS[civil(local)[1] - 1]
            regime = _next(rng, regime, _REGIME_STAYS, odds)
        before = spell
        spell = _next(rng, spell, _SPELL_STAYS, _SPELL_ODDS[regime])
        if spell != before:
            low, high = _LIGHT_PERMILLE[spell]
            level = low + rng.randrange(high - low + 1)
        flicker = _FLICKER_PERMILLE[spell]
        share = level - flicker + rng.randrange(2 * flicker + 1)
        shares.append(min(max(share, 0), 1000) * (PPM // 1000))
    return shares


def _next(rng: Random, state: int, stays: int, odds: tuple[int, int, int]) -> int:
    """The chain's next state: `state` again in `stays` percent (never if it is -1), else by `odds` in percent."""
    if rng.randrange(100) < stays and state >= 0:
        return state
    draw = rng.randrange(100)
    return 0 if draw < odds[0] else 1 if draw < odds[0] + odds[1] else 2
