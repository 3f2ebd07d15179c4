# SPDX-License-Identifier: Apache-2.0
"""What one cell of the user's CSV says: an instant, or an energy in micro-Wh. No float reads a figure.

Stricter than `datetime.fromisoformat` and `float`, which take week dates, underscores, other scripts' digits and NaN.
"""

import re
from calendar import timegm
from datetime import UTC, datetime, timedelta, timezone
from decimal import ROUND_HALF_EVEN, Decimal

from .input_errors import shown

UWH = 1_000_000
YEARS = (
    1990,
    2200,
)  # whole years UTC: outside them a time is a slip, and calendars and histories need room
_CELL_MAX = 64
_PLAIN_DIGITS = 9
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = timegm((YEARS[0], 1, 1, 0, 0, 0))
_END = timegm((YEARS[1] + 1, 1, 1, 0, 0, 0))
_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]0+)?)?"
    r"(?:([Zz])|([+-])([0-9]{2})(?::?([0-9]{2}))?)?"
)
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_NOT_A_NUMBER = re.compile(r"[+-]?nan", re.IGNORECASE)
_INFINITE = re.compile(r"[+-]?inf(?:inity)?", re.IGNORECASE)


class TimeFault(Exception):
    """A cell is no instant; str() says why."""


class EnergyFault(Exception):
    """A cell is no energy; str() says why."""


def instant(cell: str) -> int:
    """Unix s of an ISO 8601 date and time with an offset or Z, to the whole second; TimeFault otherwise."""
    match = _TIME.fullmatch(cell) if len(cell) <= _CELL_MAX else None
    if match is None:
        raise TimeFault("%s is not an ISO 8601 time such as 2025-06-01T00:15+02:00" % shown(cell))
    year, month, day, hour, minute, second, utc, sign, offset_h, offset_min = match.groups()
    if utc is None and sign is None:
        raise TimeFault("%s has no offset from UTC: write Z or, say, +01:00" % shown(cell))
    offset = timedelta(hours=int(offset_h or 0), minutes=int(offset_min or 0))
    try:
        if int(offset_min or 0) > 59:
            raise ValueError("minutes of the offset")
        local = datetime(
            int(year), int(month), int(day), int(hour), int(minute), int(second or 0),
            tzinfo=timezone(-offset if sign == "-" else offset),
        )  # fmt: skip
        time = (local - _EPOCH) // timedelta(seconds=1)
    except (ValueError, OverflowError):
        raise TimeFault("%s is no date and time that exists" % shown(cell)) from None
    if not _FIRST <= time < _END:
        raise TimeFault("%s is not in the years %d to %d" % (shown(cell), *YEARS))
    return time


def energy_uwh(cell: str, wh_max: int) -> int:
    """Micro-Wh of a decimal number of Wh from 0 to `wh_max`, rounded half to even; EnergyFault otherwise."""
    if cell.isascii() and cell.isdigit() and len(cell) <= _PLAIN_DIGITS and int(cell) <= wh_max:
        return int(cell) * UWH
    if not cell:
        raise EnergyFault("cell is blank")
    if _NOT_A_NUMBER.fullmatch(cell):
        raise EnergyFault("NaN is no energy")
    if _INFINITE.fullmatch(cell):
        raise EnergyFault("energy is infinite")
    if len(cell) > _CELL_MAX or not _NUMBER.fullmatch(cell):
        hint = " (decimals take a point)" if re.fullmatch(r"[0-9]+,[0-9]+", cell) else ""
        raise EnergyFault("%s is not a number%s" % (shown(cell), hint))
    energy_wh = Decimal(cell)
    if energy_wh < 0:
        raise EnergyFault("energy is negative: %s" % shown(cell))
    if energy_wh > wh_max:
        raise EnergyFault("%s Wh in one slot is more than %d" % (shown(cell), wh_max))
    return int((energy_wh * UWH).to_integral_value(ROUND_HALF_EVEN))
