# SPDX-License-Identifier: Apache-2.0
"""`machine` of the ESP32 port, over the board's model."""

from outside import call
from umachine import *

PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5


def reset():
    call("reset")


def soft_reset():
    call("soft_reset")


def reset_cause():
    return call("reset_cause")
