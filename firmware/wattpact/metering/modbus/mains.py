# SPDX-License-Identifier: Apache-2.0
"""What every meter on the mains shows, and a wrong register or another device does not."""

from ...errors import BusError
from ..measurement import FREQUENCY_MHZ_MAX, FREQUENCY_MHZ_MIN


def check(frequency_mhz: int) -> None:
    """BusError unless it is a grid's. A meter that is supplied by what it measures has no other."""
    if not FREQUENCY_MHZ_MIN <= frequency_mhz <= FREQUENCY_MHZ_MAX:
        raise BusError("frequency %d mHz: is it another meter?" % frequency_mhz)
