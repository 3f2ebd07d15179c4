# SPDX-License-Identifier: Apache-2.0
"""`time` as an ESP32 has it: whole seconds, counted from 2000."""

from utime import *
from utime import gmtime as _gmtime
from utime import mktime as _mktime
from utime import time_ns as _time_ns

_EPOCH_S = 946684800


def time():
    """Seconds since 2000-01-01 UTC."""
    return _time_ns() // 1_000_000_000 - _EPOCH_S


def time_ns():
    """Nanoseconds since 2000-01-01 UTC."""
    return _time_ns() - _EPOCH_S * 1_000_000_000


def gmtime(secs=None):
    """(year, month, mday, hour, minute, second, weekday, yearday)."""
    return _gmtime((time() if secs is None else secs) + _EPOCH_S)[:8]


localtime = gmtime


def mktime(time_tuple):
    """The inverse of gmtime."""
    return _mktime(tuple(time_tuple[:8]) + (0,)) - _EPOCH_S
