# SPDX-License-Identifier: Apache-2.0
"""Quantities and foreign text as a person reads them: the only place that rounds, and the only place that escapes.

Units come in as `wattpact.units` has them and go out with the unit that fits the size. Names are whatever stood in
somebody's CSV header: `plain` takes the control characters out, `escape` makes the rest safe in HTML and SVG.
"""

import html
import re
import unicodedata
from datetime import UTC, datetime

THIN = "\u202f"  # narrow no-break space: groups digits and binds a figure to its unit
MINUS = "\u2212"
BIDI_CONTROLS = frozenset(
    "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def plain(text: str) -> str:
    """`text` on one line without what could steer a terminal, reverse the line, or break UTF-8 or XML."""
    return "".join(
        "\ufffd"
        if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}
        or char in BIDI_CONTROLS
        or ord(char) & 0xFFFE == 0xFFFE
        else char
        for char in text
    )


def escape(text: str) -> str:
    """Safe as element text and inside a double-quoted attribute."""
    return html.escape(plain(text), quote=True)


def shorten(text: str, length: int) -> str:
    """At most `length` characters, the cut marked; length > 1."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def number(value: float, digits: int = 0) -> str:
    """Grouped by thin spaces, with a true minus; never "-0"."""
    written = f"{abs(value):,.{digits}f}".replace(",", THIN)
    return (
        MINUS + written if value < 0 and any(char in "123456789" for char in written) else written
    )


def three_digits(value: float) -> str:
    """About three significant digits: 0.123, 1.23, 12.3, 123, 1 234."""
    size = abs(value)
    digits = 0 if size >= 99.95 or size == 0 else 1 if size >= 9.995 else 2 if size >= 0.9995 else 3
    return number(value, digits)


def count(n: int, noun: str, plural: str = "") -> str:
    """ "1 home", "60 homes"."""
    return f"{number(n)} {noun if n == 1 else plural or noun + 's'}"


def energy(wh: int) -> str:
    """Wh, kWh, MWh or GWh, whichever reads best."""
    size = abs(wh)
    if size < 1_000:
        return f"{number(wh)}{THIN}Wh"
    for limit, divisor, unit in ((10**7, 10**3, "kWh"), (10**10, 10**6, "MWh")):
        if size < limit:
            return f"{three_digits(wh / divisor)}{THIN}{unit}"
    return f"{three_digits(wh / 10**9)}{THIN}GWh"


def money(nano: int, currency: str) -> str:
    """Two decimals, or as many as a small sum needs to be seen."""
    value = nano / 1e9
    size = abs(value)
    digits = 2 if size >= 0.995 or size == 0 else 3 if size >= 0.0995 else 4
    return f"{number(value, digits)}{THIN}{currency}"


def price(micro: float, currency: str) -> str:
    """Micro-currency per kWh as currency per kWh, to a tenth of a hundredth."""
    return f"{number(micro / 1e6, 3)}{THIN}{currency}/kWh"


def share(ppm: float) -> str:
    """Per cent with one decimal, none at full tens."""
    digits = 0 if ppm % 100_000 == 0 else 1
    return f"{number(ppm / 10_000, digits)}{THIN}%"


def part(some: int, whole: int) -> str:
    """`some` as per cent of `whole`; nothing of nothing is 0 %."""
    return share(some * 1_000_000 / whole if whole else 0)


def mass(ug: int) -> str:
    """CO2 in g, kg or t."""
    size = abs(ug)
    if size < 10**9:
        return f"{three_digits(ug / 10**6)}{THIN}g"
    if size < 10**13:
        return f"{three_digits(ug / 10**9)}{THIN}kg"
    return f"{three_digits(ug / 10**12)}{THIN}t"


def date(time: int) -> datetime:
    """The moment as a calendar shows it; whoever calls has moved it into the zone to show."""
    return datetime.fromtimestamp(time, UTC)


def day(time: int) -> str:
    """ "21 Jun"."""
    at = date(time)
    return f"{at.day}{THIN}{MONTHS[at.month - 1]}"


def moment(time: int) -> str:
    """ "21 Jun 19:45"."""
    return f"{day(time)} {date(time):%H:%M}"


def duration(seconds: int) -> str:
    """ "15 min", "3 h", "2 days"."""
    if seconds % 86_400 == 0:
        return count(seconds // 86_400, "day")
    if seconds % 3_600 == 0:
        return f"{seconds // 3_600}{THIN}h"
    return f"{seconds // 60}{THIN}min" if seconds >= 60 else f"{seconds}{THIN}s"


def natural(name: str) -> tuple[list[tuple[int, int, str]], str]:
    """Sort key that puts P2 before P10, figures before letters; a run of 19 digits or more is a word."""
    parts = re.findall(r"[0-9]+|[^0-9]+", name)
    return [
        (0, int(each), "") if each[0] in "0123456789" and len(each) < 19 else (1, 0, each)
        for each in parts
    ], name


def listed(words: list[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
