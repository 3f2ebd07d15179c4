# SPDX-License-Identifier: Apache-2.0
"""Which driver a name in board.json means, and what the quantities are called in OBIS (IEC 62056-6-1).

A driver is imported when it is asked for: a board's memory holds the one that it needs. This is the only place with
imports inside a function, for that reason.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    pass

# Field of a Measurement or of a Phase, OBIS code A-B:C.D.E, unit. A phase's code is that of L1: add 20 to C for L2.
OBIS = (
    ("import_uwh", "1-0:1.8.0", "uWh"),
    ("export_uwh", "1-0:2.8.0", "uWh"),
    ("power_mw", "1-0:16.7.0", "mW"),
    ("frequency_mhz", "1-0:14.7.0", "mHz"),
)
PHASE_OBIS = (
    ("voltage_mv", "1-0:32.7.0", "mV"),
    ("current_ma", "1-0:31.7.0", "mA"),
    ("power_mw", "1-0:36.7.0", "mW"),
    ("power_factor_ppm", "1-0:33.7.0", "ppm"),
)
