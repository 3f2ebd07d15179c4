# SPDX-License-Identifier: Apache-2.0
"""Long series made short enough to draw: sums stay exact, extremes stay visible.

Energy is added up per bucket, so that the area of a chart is the energy of the run at every length. A quantity that
holds its value until it changes (price, score, coin sums) keeps its lowest, mean, highest and last value per bucket.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from math import floor, log10

from sim.figures import MONTHS, THIN, date, day, duration
from sim.results import SlotEnergy, Span

HOUR_S = 3_600
DAY_S = 86_400
BUCKETS_S = (1_800, 3_600, 7_200, 10_800, 21_600, 43_200, DAY_S, 7 * DAY_S, 28 * DAY_S)
TICK_STEPS_S = (
    900,
    1_800,
    3_600,
    7_200,
    10_800,
    21_600,
    43_200,
    DAY_S,
    2 * DAY_S,
    7 * DAY_S,
    14 * DAY_S,
)


@dataclass(frozen=True, slots=True)
class Level:
    """What a quantity did in one bucket; the mean is weighted by time."""

    low: float
    mean: float
    high: float
    last: float


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on the time axis; `below` is the date under it where one begins."""

    time: int
    label: str
    below: str = ""


def bucket_s(length_s: int, slot_s: int, limit: int) -> int:
    """The shortest round bucket, one slot or longer, of which at most `limit` cover `length_s`."""
    sizes = [slot_s, *(size for size in BUCKETS_S if size > slot_s and size % slot_s == 0)]
    for size in sizes:
        if length_s <= size * limit:
            return size
    return sizes[-1] * -(-length_s // (sizes[-1] * limit))


def bucket_name(size: int) -> str:
    """As it stands after "kWh per": "15 min", "hour", "3 h", "day", "week"."""
    return {HOUR_S: "hour", DAY_S: "day", 7 * DAY_S: "week"}.get(size, duration(size))


def add_up(slots: Sequence[SlotEnergy], size: int) -> list[SlotEnergy]:
    """One row per bucket from the first slot on, without gaps; every sum is kept."""
    if not slots:
        return []
    start = slots[0].time
    names = [each.name for each in fields(SlotEnergy) if each.name != "time"]
    rows = [
        SlotEnergy(start + index * size, 0, 0, 0, 0, 0, 0, 0)
        for index in range((slots[-1].time - start) // size + 1)
    ]
    for slot in slots:
        row = rows[(slot.time - start) // size]
        for name in names:
            setattr(row, name, getattr(row, name) + getattr(slot, name))
    return rows


def levels(
    points: Sequence[tuple[int, float]], start: int, end: int, size: int
) -> list[Level | None]:
    """What a stepwise quantity did in each bucket of [start, end); None before its first point.

    `points` are (time, value) in order of time; a value holds until the next point.
    """
    rows: list[Level | None] = []
    index = 0
    value: float | None = None
    for opens in range(start, end, size):
        closes = min(opens + size, end)
        now = opens
        held: list[tuple[float, int]] = []
        while index < len(points) and points[index][0] < closes:
            time, next_value = points[index]
            if value is not None and time > now:
                held.append((value, time - now))
            now, value, index = max(now, time), next_value, index + 1
        if value is not None and closes > now:
            held.append((value, closes - now))
        rows.append(_level(held))
    return rows


def _level(held: list[tuple[float, int]]) -> Level | None:
    if not held:
        return None
    values = [value for value, _ in held]
    mean = sum(value * seconds for value, seconds in held) / sum(seconds for _, seconds in held)
    return Level(min(values), mean, max(values), values[-1])


def merge(spans: Sequence[Span], gap_s: int) -> list[tuple[Span, int]]:
    """The spans in order, joined where at most `gap_s` lies between them, each with how many it joins."""
    merged: list[tuple[Span, int]] = []
    for span in sorted(spans, key=lambda each: (each.start, each.end)):
        if merged and span.start - merged[-1][0].end <= gap_s:
            before, times = merged[-1]
            merged[-1] = (Span(before.start, max(before.end, span.end)), times + 1)
        else:
            merged.append((span, 1))
    return merged


def value_ticks(low: float, high: float, wanted: int) -> list[float]:
    """Round values that enclose [low, high], about `wanted` of them; high > low."""
    raw = (high - low) / max(wanted - 1, 1)
    power = 10.0 ** floor(log10(raw))
    step = power * next(factor for factor in (1, 2, 2.5, 5, 10) if raw <= power * factor * 1.000001)
    first = floor(low / step + 1e-9)
    ticks = [first * step]
    while ticks[-1] < high - step * 1e-6:
        ticks.append((first + len(ticks)) * step)
    return ticks


def time_ticks(start: int, end: int, room: int) -> list[Tick]:
    """At most about `room` marks on round hours, days or months."""
    for step in TICK_STEPS_S:
        if (end - start) // step <= room:
            first = -(-start // step) * step
            return [
                _tick(time, step, index == 0)
                for index, time in enumerate(range(first, end + 1, step))
            ]
    return _month_ticks(start, end, room)


def _tick(time: int, step: int, first: bool) -> Tick:
    if step >= DAY_S:
        return Tick(time, day(time), str(date(time).year) if first else "")
    return Tick(time, f"{date(time):%H:%M}", day(time) if first or time % DAY_S == 0 else "")


def _month_ticks(start: int, end: int, room: int) -> list[Tick]:
    at = date(start)
    month = at.year * 12 + at.month - 1
    months = (end - start) // (28 * DAY_S) + 1
    step = next(
        (size for size in (1, 2, 3, 6, 12) if months <= room * size), -(-months // (room * 12)) * 12
    )
    ticks: list[Tick] = []
    for index in range(-(-month // step) * step, month + months + step, step):
        year, zero_month = divmod(index, 12)
        time = int(
            at.replace(
                year=year, month=zero_month + 1, day=1, hour=0, minute=0, second=0
            ).timestamp()
        )
        if start <= time <= end:
            below = str(year) if not ticks or zero_month < step else ""
            ticks.append(Tick(time, MONTHS[zero_month], below))
    return ticks


def tick_labels(ticks: Sequence[float]) -> list[str]:
    """All with as many decimals as the finest step needs, so that they line up."""
    step = ticks[1] - ticks[0] if len(ticks) > 1 else 1
    digits = next(
        (n for n in range(5) if abs(step * 10**n - round(step * 10**n)) < 1e-6 * 10**n), 5
    )
    return [f"{tick:,.{digits}f}".replace(",", THIN).replace("-", "\u2212") for tick in ticks]
