# SPDX-License-Identifier: Apache-2.0
"""What homes and small shops draw: a standard load profile on average, a real household one by one.

A share of each home's energy is steady and wavers from day to day and slot to slot; the rest comes as appliances that
are switched on at random, more often when the profile is high. Both keep the expectation, so many homes together draw
the profile. All arithmetic is on whole micro-Wh and the part of a Wh left over is carried to the next slot.
"""

from array import array
from random import Random

from wattpact.units import DAY_S

from .profiles import HOME, PV_HOME, SHOP, SLOT_S, SLOTS_PER_DAY, slot_shares
from .seeds import child

UWH = 1_000_000
_SHIFT_MAX = 6  # a home lives up to 1.5 h before or after the profile
_MARGIN = 12  # slots before and after the run: the longest shift and half the longest appliance
_USUAL_DAYS = 7
_CHANCE_BITS = 32

# Share of the home's energy in 1/1000, and Wh in each slot that one use takes.
_APPLIANCES = (
    (50, (110,)),  # a litre and a half boiled
    (120, (500, 450, 300)),  # oven and hob
    (100, (400, 500, 90, 60, 150)),  # a machine that heats water, turns, heats again
)
_STEADY = 1000 - sum(share for share, _pattern in _APPLIANCES)


class Home:
    """One metered consumer. `wh` holds what it draws in each slot of the run."""

    def __init__(
        self, profile: str, annual_wh: int, usual_day: list[int], wh: "array[int]"
    ) -> None:
        self.profile = profile
        self.annual_wh = annual_wh
        self.usual_day = usual_day  # Wh per slot of a local day, as a user would set it up
        self.wh = wh

    def load_wh(self, index: int) -> int:
        """Wh drawn in slot `index` of the run, 0 and up (IndexError)."""
        if index < 0:
            raise IndexError("before the run")
        return self.wh[index]


class LoadModel:
    """Homes of one run: `slots` quarter hours from `start` (Unix s) at a fixed offset from UTC.

    ValueError if `start` or the offset is not on a slot boundary.
    """

    def __init__(self, seed: int, start: int, slots: int, utc_offset_s: int) -> None:
        if start % SLOT_S or utc_offset_s % SLOT_S:
            raise ValueError("start and offset must lie on a slot boundary")
        self._seed = seed
        self._start = start
        self._slots = slots
        self._utc_offset_s = utc_offset_s
        self._shares: dict[str, list[int]] = {}
        self._usual: dict[str, list[int]] = {}

    def home(self, name: str) -> Home:
        """A consumer: mostly homes, a few homes with PV of their own that stays outside the market, a few shops."""
        rng = child(self._seed, "load", name)
        kind = rng.randrange(100)
        if kind < 6:
            return self._make(name, rng, SHOP, (5_000 + rng.randrange(10_000)) * 1000)
        annual_wh = (1_500 + min(rng.randrange(5_001), rng.randrange(5_001))) * 1000
        return self._make(name, rng, PV_HOME if kind < 14 else HOME, annual_wh)

    def prosumer(self, name: str) -> Home:
        """A house whose roof is modelled beside it: it draws as a home does, before any of its own PV."""
        rng = child(self._seed, "load", name)
        return self._make(name, rng, HOME, (3_000 + rng.randrange(3_501)) * 1000)

    def _make(self, name: str, rng: Random, profile: str, annual_wh: int) -> Home:
        shift = rng.randrange(_SHIFT_MAX + 1) - rng.randrange(_SHIFT_MAX + 1)
        shares = self._shifted(profile, shift)
        first_local_slot = (self._start + self._utc_offset_s) // SLOT_S - _MARGIN
        permille = 1000 if profile == SHOP else _STEADY
        # A generator each, so that a longer run begins like a shorter one.
        steady = child(self._seed, "load", name, "steady")
        drawn = _steady(steady, shares, annual_wh, permille, first_local_slot)
        if profile != SHOP:
            for number, (of_annual, pattern) in enumerate(_APPLIANCES):
                uses = child(self._seed, "load", name, "appliance", number)
                _add_appliance(uses, shares, annual_wh * of_annual, pattern, drawn)
        usual = [share * annual_wh // (UWH * UWH) for share in self._usual[profile]]
        usual = usual[-shift:] + usual[:-shift] if shift else usual
        return Home(profile, annual_wh, usual, _whole(drawn[_MARGIN : _MARGIN + self._slots]))

    def _shifted(self, profile: str, shift: int) -> list[int]:
        """Shares of the run and its margins for a home that lives `shift` slots later than the profile."""
        if profile not in self._shares:
            before = _MARGIN + _SHIFT_MAX
            self._shares[profile] = slot_shares(
                profile,
                self._start - before * SLOT_S,
                self._slots + 2 * before,
                self._utc_offset_s,
            )
            self._usual[profile] = self._usual_day(profile)
        from_index = _SHIFT_MAX - shift
        return self._shares[profile][from_index : from_index + self._slots + 2 * _MARGIN]

    def _usual_day(self, profile: str) -> list[int]:
        """Mean share of each slot of the local day over the week that begins with the run's first day."""
        midnight = self._start - (self._start + self._utc_offset_s) % DAY_S
        week = slot_shares(profile, midnight, _USUAL_DAYS * SLOTS_PER_DAY, self._utc_offset_s)
        return [sum(week[slot::SLOTS_PER_DAY]) // _USUAL_DAYS for slot in range(SLOTS_PER_DAY)]


def _steady(
    rng: Random, shares: list[int], annual_wh: int, permille: int, first_local_slot: int
) -> list[int]:
    """Micro-Wh of the part that never stops: each day by up to 30 % off, each slot by up to 40 % off."""
    drawn: list[int] = []
    level = annual_wh * permille
    day_level = 0
    bits = rng.getrandbits
    for index, share in enumerate(shares):
        if not index or not (first_local_slot + index) % SLOTS_PER_DAY:
            day_level = level * (700 + rng.randrange(601)) // 1000
        wavering = 600 + bits(16) * 801 // 65536
        drawn.append(share * day_level // UWH * wavering // UWH)
    return drawn


def _add_appliance(
    rng: Random, shares: list[int], milli_wh: int, pattern: tuple[int, ...], drawn: list[int]
) -> None:
    """Switch one appliance on at random, `milli_wh` a year; its micro-Wh go to `drawn` around the slots it hits."""
    # Chance in a slot = the energy expected in it / the energy of one use, as a fraction of 2**32.
    scale = (milli_wh << 2 * _CHANCE_BITS) // (sum(pattern) * 1000 * UWH * UWH)
    bits = rng.getrandbits
    half = len(pattern) // 2
    last = len(drawn) - 1
    for index, share in enumerate(shares):
        if bits(_CHANCE_BITS) < share * scale >> _CHANCE_BITS:
            for step, energy_wh in enumerate(pattern):
                drawn[min(max(index + step - half, 0), last)] += energy_wh * UWH


def _whole(drawn_uwh: list[int]) -> "array[int]":
    """Whole Wh per slot; what is left over goes to the next slot, so at most 1 Wh of the run is never counted."""
    counted = array("i")
    left = 0
    for energy_uwh in drawn_uwh:
        energy_wh, left = divmod(energy_uwh + left, UWH)
        counted.append(energy_wh)
    return counted
