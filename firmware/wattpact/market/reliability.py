# SPDX-License-Identifier: Apache-2.0
"""How reliable a plant has been, in ppm: the same integers on every interpreter, from facts that anybody can check.

    score(now, service, low, first_seen, prior_ppm, prior_s) -> ppm       from the plant's and the chain's low intervals
    observed(now, deliveries, prior_ppm) -> ppm                           from what this meter itself was supplied
    service_intervals(windows, utc_offset_s, start, end) -> intervals     when a plant is meant to supply at all
    judge(own_ppm, has_facts, told) -> Judgement                          own score and the neighbours' together

Intervals are half-open (start, end) pairs of Unix seconds, in any order, overlapping or repeated as they come. The last
30 days count, in buckets of a day before `now`, with a half-life of 7 days. A prior keeps a plant without history at
one half and is outvoted by two full days of service.
"""

from ..compat import const
from ..units import DAY_S, PPM, civil

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable, Sequence

    Interval = Sequence[int]

WINDOW_S = const(2592000)  # 30 days: as far back as anything counts
PAD_S = const(
    300
)  # many short dips weigh more than one gap of the same length (IEEE 1366: sustained means 5 min)
PRIOR_PPM = const(500000)
PRIOR_S = const(172800)  # two days of service at full weight
PRIOR_WH = const(20000)

# round(1000 * 2 ** (-day / 7)) for the 30 days before now.
# fmt: off
WEIGHTS = (
    1000, 906, 820, 743, 673, 610, 552, 500, 453, 410, 371, 336, 305, 276, 250,
    226, 205, 186, 168, 152, 138, 125, 113, 103, 93, 84, 76, 69, 62, 57,
)
# fmt: on

SOURCE_OWN = "own"
SOURCE_UNCHECKED = "own without chain facts"
SOURCE_NEIGHBOURS = "neighbours"


def _sums() -> "tuple[int, ...]":
    sums = [0]
    for weight in WEIGHTS:
        sums.append(sums[-1] + weight * DAY_S)
    return tuple(sums)


_WEIGHTED_BEFORE = _sums()  # [d]: weighted seconds of the last d days


def union(
    intervals: "Sequence[Interval]", opens: int, closes: int, pad_s: int = 0
) -> "list[tuple[int, int]]":
    """The intervals, each widened by `pad_s` at both ends, clipped to [opens, closes), ascending and disjoint.

    Raises ValueError for an interval that does not end after its start.
    """
    joined: "list[tuple[int, int]]" = []
    begun = end = last = -(1 << 62)
    for low, high in intervals:
        if high <= low:
            raise ValueError("an interval must end after its start")
        if low < last:  # out of order: rare, and MicroPython is slow to sort what is sorted
            ascending = sorted([(pair[0], pair[1]) for pair in intervals])
            return union(ascending, opens, closes, pad_s)
        last = low
        start = max(low - pad_s, opens)
        stop = min(high + pad_s, closes)
        if start >= stop:
            continue
        if start > end:
            if end > begun:
                joined.append((begun, end))
            begun = start
            end = stop
        elif stop > end:
            end = stop
    if end > begun:
        joined.append((begun, end))
    return joined


def intersection(
    first: "list[tuple[int, int]]", second: "list[tuple[int, int]]"
) -> "list[tuple[int, int]]":
    """What two ascending, disjoint lists have in common."""
    common: "list[tuple[int, int]]" = []
    i = j = 0
    while i < len(first) and j < len(second):
        start, end = first[i]
        other_start, other_end = second[j]
        if other_end <= end:
            j += 1
        if end <= other_end:
            i += 1
        start = max(start, other_start)
        end = min(end, other_end)
        if start < end:
            common.append((start, end))
    return common


def weigh(intervals: "Iterable[tuple[int, int]]", now: int) -> int:
    """Seconds times the weight of their day, summed over intervals within the last 30 days."""
    total = 0
    weights = WEIGHTS
    before = _WEIGHTED_BEFORE
    for start, end in intervals:
        age = now - start
        day = age // DAY_S
        total += before[day]
        if day < 30:
            total += (age - day * DAY_S) * weights[day]
        age = now - end
        day = age // DAY_S
        total -= before[day] + (age - day * DAY_S) * weights[day]
    return total


def score(
    now: int,
    service: "Sequence[Interval]",
    low: "Sequence[Interval]",
    first_seen: int,
    prior_ppm: int = PRIOR_PPM,
    prior_s: int = PRIOR_S,
) -> int:
    """Share of its service time in which the plant was not low, in ppm, weighted by recency.

    `service` are the times when the plant is meant to supply, so that night is no failure; `low` is every low interval
    known of it, self-reported and from the chain alike; nothing before `first_seen` counts. `prior_s` > 0.
    """
    opens = max(now - WINDOW_S, first_seen)
    served = union(service, opens, now)
    missed = intersection(served, union(low, opens, now, PAD_S))
    served_s = weigh(served, now)
    prior = prior_s * WEIGHTS[0]
    return ((served_s - weigh(missed, now)) * PPM + prior_ppm * prior) // (served_s + prior)


def observed(
    now: int, deliveries: "Iterable[tuple[int, int, int]]", prior_ppm: int = PRIOR_PPM
) -> int:
    """Share of the contracted energy that the plant supplied to this meter, in ppm, weighted by recency.

    `deliveries` are (end, contracted Wh, supplied Wh); supplied is what was contracted less what the plant failed to
    supply: a home that used little is nobody's failure. The prior weighs as much as 20 kWh; with a plant's score as
    prior, a meter that has observed nothing thinks of the plant what the score says.
    """
    supplied = prior_ppm * PRIOR_WH * WEIGHTS[0]
    contracted = PRIOR_WH * WEIGHTS[0]
    for end, contracted_wh, supplied_wh in deliveries:
        age = now - end
        if 0 <= age < WINDOW_S:
            weight = WEIGHTS[age // DAY_S]
            supplied += min(supplied_wh, contracted_wh) * weight * PPM
            contracted += contracted_wh * weight
    return supplied // contracted


def service_intervals(
    windows: "Sequence[tuple[int, int]]", utc_offset_s: int, start: int, end: int
) -> "list[tuple[int, int]]":
    """A plant's service time within [start, end): each local day the window of its month, clipped, ascending.

    `windows` are the twelve (from_s, to_s) of REGISTER, seconds of the local day; from_s == to_s is no service in that
    month. Raises ValueError if they are not twelve.
    """
    if len(windows) != 12:
        raise ValueError("a plant has twelve service windows")
    found: "list[tuple[int, int]]" = []
    local = (start + utc_offset_s) // DAY_S * DAY_S
    month = 1
    day = 28
    while local - utc_offset_s < end:
        if day < 28:  # every month has a 28th: only after it is the calendar asked
            day += 1
        else:
            _year, month, day = civil(local)
        from_s, to_s = windows[month - 1]
        opens = max(start, local - utc_offset_s + from_s)
        closes = min(end, local - utc_offset_s + to_s)
        if opens < closes:
            found.append((opens, closes))
        local += DAY_S
    return found


class Judgement:
    """A score to act on and where it comes from; `told_median` is None if no neighbour told one."""

    def __init__(self, ppm: int, source: str, own_ppm: int, told_median: "int | None") -> None:
        self.ppm = ppm
        self.source = source
        self.own_ppm = own_ppm
        self.told_median = told_median


def judge(own_ppm: int, has_facts: bool, told: "Sequence[int]") -> Judgement:
    """The own score, or the median of the neighbours' if that is lower.

    `has_facts` says whether the own score was checked against the chain. The median of an even number is the lower of
    the middle two: of two neighbours the more careful one is believed, and no voice can raise a score.
    """
    source = SOURCE_OWN if has_facts else SOURCE_UNCHECKED
    if not told:
        return Judgement(own_ppm, source, own_ppm, None)
    median = sorted(told)[(len(told) - 1) // 2]
    if median < own_ppm:
        return Judgement(median, SOURCE_NEIGHBOURS, own_ppm, median)
    return Judgement(own_ppm, source, own_ppm, median)
