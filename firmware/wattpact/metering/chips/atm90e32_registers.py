# SPDX-License-Identifier: Apache-2.0
"""Registers of an ATM90E32AS that its driver uses: addresses, widths of fields, scales. Atmel 46003B and 46103A.

Where a phase has its own register it is that of phase A; B and C follow at the given stride.
"""

from ...compat import const

WIDTH = const(2)

# Special
METER_EN = const(0x00)
CHANNEL_MAP = const(0x01)
CHANNEL_MAP_VALUE = const(0x0210)  # after a reset, and left so
SOFT_RESET = const(0x70)
INT_STATE1 = const(0x74)  # latched; writing a 1 clears it
LAST_DATA = const(0x78)
CRC_ERROR = const(0x79)
ACCESS = const(0x7F)
RESET_KEY = const(0x789A)
OPEN = const(0x55AA)
CLOSED = const(0x0000)

# Configuration
SAG_PEAK_DETECT = const(0x05)
SAG_THRESHOLD = const(0x08)
LOSS_THRESHOLD = const(0x09)
FREQUENCY_LOW = const(0x0C)  # 0.01 Hz
FREQUENCY_HIGH = const(0x0D)
PL_CONST_HIGH = const(0x31)
PL_CONST_LOW = const(0x32)
MODE0 = const(0x33)
MODE1 = const(0x34)
START_THRESHOLDS = const(0x35)  # P, Q, S of the total, 0.32 mW
PHASE_THRESHOLDS = const(0x38)  # P, Q, S of a phase
POWER_OFFSET = const(0x41)  # s16, stride 2; the reactive one follows
POWER_GAIN = const(0x47)  # s16, stride 2
PHI = const(0x48)  # bit 15: delay the voltage; 0 to 255 periods of 2.048 MHz
FUNDAMENTAL = const(0x51)  # six registers that stay 0
VOLTAGE_GAIN = const(0x61)  # 32768 = 1.0, stride 4
CURRENT_GAIN = const(0x62)
VOLTAGE_OFFSET = const(0x63)  # s16
CURRENT_OFFSET = const(0x64)

MODE_60HZ = const(0x1000)
MODE_ROGOWSKI = const(0x0400)
MODE_3P3W = const(0x0100)
MODE_CF2_REACTIVE = const(0x0080)

# Energy, cleared by reading: total, A, B, C
FORWARD = const(0x80)
REVERSE = const(0x84)

# What flows, total, A, B, C where there is a total
POWER_HIGH = const(0xB0)
POWER_LOW = const(0xC0)
POWER_FACTOR = const(0xBC)  # s16, 0.001
VOLTAGE = const(0xD9)  # A, B, C, 0.01 V
CURRENT = const(0xDD)  # A, B, C, 0.001 A
FREQUENCY = const(0xF8)  # 0.01 Hz; 0 if all phases are lost

# EMMState1: bit of phase A, those of B and C are the next lower ones
STATE1 = const(0x72)
SAG_A = const(14)
LOSS_A = const(10)
