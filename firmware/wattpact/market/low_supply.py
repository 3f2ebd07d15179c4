# SPDX-License-Identifier: Apache-2.0
"""A plant's own record of when its supply was below the preset value (C2): intervals (start, duration_s).

The record may only grow: joining and coarsening cover what they replace, so that no offer shows a shrunk history (R33).
"""

from ..compat import const
from ..units import DAY_S, civil

HISTORY_S = const(2592000)  # 30 days


def join(low: "list[tuple[int, int]]") -> "list[tuple[int, int]]":
    """Ascending and disjoint; intervals that touch or overlap become one."""
    joined: "list[tuple[int, int]]" = []
    for start, duration_s in sorted(low):
        if joined and start <= joined[-1][0] + joined[-1][1]:
            first = joined[-1][0]
            joined[-1] = (first, max(joined[-1][0] + joined[-1][1], start + duration_s) - first)
        else:
            joined.append((start, duration_s))
    return joined


def recent(low: "list[tuple[int, int]]", now: int) -> "list[tuple[int, int]]":
    """Those that ended within the last 30 days."""
    return [
        (start, duration_s) for start, duration_s in low if start + duration_s > now - HISTORY_S
    ]


def coarsen(low: "list[tuple[int, int]]", most: int) -> "list[tuple[int, int]]":
    """At most `most` intervals, by closing the shortest gaps first: it says more low time, never less."""
    low = list(low)
    while len(low) > most:
        gap, i = min([(low[i + 1][0] - low[i][0] - low[i][1], i) for i in range(len(low) - 1)])
        low[i : i + 2] = [(low[i][0], low[i][1] + gap + low[i + 1][1])]
    return low


def in_service(
    service: "list[tuple[int, int]]", utc_offset_s: int, start: int, length_s: int
) -> bool:
    """Whether [start, start + length_s) lies within the service window of its local day's month."""
    local = start + utc_offset_s
    from_s, to_s = service[civil(local)[1] - 1]
    second = local % DAY_S
    return from_s <= second and second + length_s <= to_s
