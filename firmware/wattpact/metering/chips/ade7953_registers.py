# SPDX-License-Identifier: Apache-2.0
"""Registers of an ADE7953 that its driver uses, as (address, bytes). ADE7953 Rev C.

What is 24 bits wide stands at 2xx with three bytes. Where a channel has its own, that of B is the next one.
"""

from ...compat import const

TYPE_CHECKING = False
if TYPE_CHECKING:
    Place = tuple[int, int]

LINE_CYCLE_MODE = (0x004, 1)
PGA_VOLTAGE = (0x007, 1)
PGA_CURRENT_A = (0x008, 1)
PGA_CURRENT_B = (0x009, 1)
WRITE_PROTECT = (0x040, 1)
UNLOCK = (0x0FE, 1)
CONFIG = (0x102, 2)
PHASE_DELAY_A = (0x108, 2)  # sign and magnitude, 1.117 us
PHASE_DELAY_B = (0x109, 2)
PERIOD = (0x10E, 2)  # f = 223750 / (it + 1) Hz
OPTIMUM = (0x120, 2)  # reserved, but without it the chip is less accurate than its data sheet
ACCUMULATION = (0x201, 3)
APPARENT_A = (0x210, 3)
POWER_A = (0x212, 3)
CURRENT_A = (0x21A, 3)
VOLTAGE = (0x21C, 3)
ENERGY_A = (0x21E, 3)
CURRENT_GAIN_A = (0x280, 3)  # 400000H = 1.0
VOLTAGE_GAIN = (0x281, 3)
POWER_GAIN_A = (0x282, 3)
CURRENT_GAIN_B = (0x28C, 3)
POWER_GAIN_B = (0x28E, 3)
CHECKSUM = (0x37F, 4)

UNLOCK_KEY = const(0xAD)
OPTIMUM_VALUE = const(0x30)
CONFIG_VALUE = const(0x0104)  # high-pass filter, checksum; the serial interface locked
CONFIG_RESET = const(0x8004)
KEEP_ON_READ = const(0)  # energy registers go on counting when they are read
SIGNED_ENERGY = const(0)
PROTECT_ALL = const(7)
UNITY = const(0x400000)
SIGN_OF_DELAY = const(0x200)
ENERGY_SPAN = const(1 << 24)
