# SPDX-License-Identifier: Apache-2.0
"""Integers from a board's file, each within its bounds. A wrong one is ours: ValueError with the name of the key."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Settings = dict[str, Any]


def whole(settings: "Settings", key: str, low: int, high: int, absent: "int | None" = None) -> int:
    """settings[key] with low <= it <= high, or `absent` if there is none; without `absent` the key must be there."""
    value = settings.get(key, absent)
    if value.__class__ is not int:
        raise ValueError("%s: an integer is needed" % key)
    if not low <= value <= high:
        raise ValueError("%s: %d is not within %d to %d" % (key, value, low, high))
    return value


def check_keys(settings: "Settings", known: "tuple[str, ...]") -> None:
    """Refuse what nobody would read: a misspelt key would leave its default in force."""
    for key in sorted(settings):
        if key not in known:
            raise ValueError("%s: unknown, known are %s" % (key, ", ".join(known)))


def line_hz(settings: "Settings") -> int:
    """50 or 60."""
    value = whole(settings, "line_hz", 50, 60)
    if value not in (50, 60):
        raise ValueError("line_hz: 50 or 60")
    return value
