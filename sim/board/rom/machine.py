# SPDX-License-Identifier: Apache-2.0
"""`machine` of the ESP32 port, over the board's model: sim/board/basics.py and sim/board/wires.py."""

import utime
from _buses import I2C, SPI, UART, SoftI2C, SoftSPI
from _pin import Pin
from outside import call
from umachine import Signal, idle, mem8, mem16, mem32

PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5
_FREQUENCIES_HZ = (20_000_000, 40_000_000, 80_000_000, 160_000_000, 240_000_000)
_frequency_hz = 160_000_000


def reset():
    call("reset")


def soft_reset():
    call("soft_reset")


def reset_cause():
    return call("reset_cause")


def unique_id():
    told = bytearray(6)
    call("unique_id", told)
    return bytes(told)


def freq(*hz):
    """Nothing here runs faster or slower by it."""
    global _frequency_hz
    if not hz:
        return _frequency_hz
    if hz[0] not in _FREQUENCIES_HZ:
        raise ValueError("frequency must be 20MHz, 40MHz, 80Mhz, 160MHz or 240MHz")
    _frequency_hz = hz[0]
    return None


class WDT:
    def __init__(self, *, id=0, timeout=5000):
        if id != 0 or timeout <= 0:
            raise ValueError
        call("watchdog_start", timeout)

    def feed(self):
        call("watchdog_feed")


class RTC:
    def __init__(self, id=0, **options):
        if options:
            self.init(options["datetime"])

    def init(self, *datetime):
        if datetime:
            self.datetime(*datetime)

    def datetime(self, datetimetuple=None):
        """(year, month, day, weekday, hours, minutes, seconds, subseconds in us), UTC."""
        if datetimetuple is None:
            now_us = utime.time_ns() // 1000
            y, mo, d, h, mi, s, weekday = utime.gmtime(now_us // 1_000_000)[:7]
            return (y, mo, d, weekday, h, mi, s, now_us % 1_000_000)
        y, mo, d, _, h, mi, s, us = datetimetuple
        call("set_date", utime.mktime((y, mo, d, h, mi, s, 0, 0, 0)) * 1_000_000 + us)
        return None

    def memory(self, data=None):
        """2048 bytes that outlive every reset but the supply's."""
        if data is not None:
            call("write_memory", data)
            return None
        told = bytearray(2048)
        return bytes(memoryview(told)[: call("read_memory", told)])
