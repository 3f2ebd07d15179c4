# SPDX-License-Identifier: Apache-2.0
"""When a panel's supply counts as low, so that night, dawn and ordinary clouds are nobody's failure.

The preset is 2 % of the rated power. The service window of a month is the time of day in which a cloudless sky yields
five times that on the month's 1st, 15th and 28th alike; inside it only an outage or a very dark hour goes below.
Windows are half-open local seconds of the day at the community's fixed offset, as a plant registers them.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from wattpact.market.low_supply import join
from wattpact.units import DAY_S, HOUR_S

from .profiles import SLOT_S

PRESET_PERCENT = 2
CLEAR_MARGIN = 5

Window = tuple[int, int]
Interval = tuple[int, int]


class ClearYields(NamedTuple):
    """Cloudless Wh per slot of the local day on a month's 1st, 15th and 28th."""

    early: list[int]
    middle: list[int]
    late: list[int]


def preset_wh(rated_w: int) -> int:
    """The low-supply threshold per slot of a panel of `rated_w`."""
    return max(1, rated_w * PRESET_PERCENT * SLOT_S // (100 * HOUR_S))


def clear_window(yields: Iterable[Sequence[int]], threshold_wh: int) -> Window:
    """Seconds of the day in which every one of the model days yields enough for `threshold_wh`; (0, 0) if never."""
    from_s, to_s = 0, DAY_S
    for day in yields:
        bright = [
            slot for slot, energy_wh in enumerate(day) if energy_wh >= CLEAR_MARGIN * threshold_wh
        ]
        if not bright:
            return 0, 0
        from_s = max(from_s, bright[0] * SLOT_S)
        to_s = min(to_s, (bright[-1] + 1) * SLOT_S)
    return (from_s, to_s) if from_s < to_s else (0, 0)


def common_service(services: Iterable[Sequence[Window]]) -> list[Window]:
    """A plant's windows by month: when every panel is in service, since one low panel makes the plant's supply low."""
    common: list[Window] = []
    for windows in zip(*services):
        from_s = max(window[0] for window in windows)
        to_s = min(window[1] for window in windows)
        common.append((from_s, to_s) if from_s < to_s else (0, 0))
    return common


def low_slots(starts: Iterable[int]) -> list[Interval]:
    """Slots (Unix s, any order, repeats allowed) as intervals [start, duration] that do not touch."""
    return join([(start, SLOT_S) for start in starts])
