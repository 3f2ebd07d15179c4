# SPDX-License-Identifier: Apache-2.0
"""Arithmetic on quantities: dates over two centuries, capacity of a panel, exact money, sums beyond 64 bits."""

from tests.parity.shown import shown
from wattpact.units import (
    DAY_S,
    SLOT_WH_MAX,
    TIME_MAX,
    UG_SUM_MAX,
    civil,
    money_nano,
    panel_slot_wh_max,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

EDGES = (0, 1, 3600, DAY_S - 1, 951782400, 951868800, 4107542399, 4107542400, TIME_MAX)


def lines() -> "Iterator[str]":
    """A line a quantity."""
    for time in EDGES:
        yield "civil " + shown([time, civil(time)])
    for day in range(0, 36525, 97):
        yield "civil " + shown([day, civil(day * DAY_S)])
    for rated_w in (1, 417, 10000, 40000000):
        yield "panel " + shown([rated_w, panel_slot_wh_max(rated_w, 900)])
    yield "money " + shown(money_nano(100000000, SLOT_WH_MAX))
    yield "sums " + shown([UG_SUM_MAX, UG_SUM_MAX * 3, -UG_SUM_MAX // 7, (1 << 63) - 1, 1 << 64])
