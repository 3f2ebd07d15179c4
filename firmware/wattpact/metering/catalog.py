# SPDX-License-Identifier: Apache-2.0
"""Which driver a name in board.json means, and what the quantities are called in OBIS (IEC 62056-6-1).

A driver is imported when it is asked for: a board's memory holds the one that it needs. That is why there are imports
inside functions here.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..interfaces import MeterDriver, ModbusLine, RegisterBus
    from .chips.frames import Ade7953Frames, Atm90e32Frames

# Field of a Measurement, OBIS code A-B:C.D.E, unit.
OBIS = (
    ("import_uwh", "1-0:1.8.0", "uWh"),
    ("export_uwh", "1-0:2.8.0", "uWh"),
    ("power_mw", "1-0:16.7.0", "mW"),
    ("frequency_mhz", "1-0:14.7.0", "mHz"),
)
# Field of a Phase, value group C for L1 (of L2 it is 20 more, of L3 40), unit. The code is 1-0:C.7.0.
PHASE_OBIS = (
    ("voltage_mv", 32, "mV"),
    ("current_ma", 31, "mA"),
    ("power_mw", 36, "mW"),
    ("power_factor_ppm", 33, "ppm"),
)

# Name, maker and type, baud rates as delivered (most likely first), parity, stop bits.
MODBUS_METERS = (
    ("sdm120", "Eastron SDM120", (2400, 9600), "N", 1),
    ("sdm230", "Eastron SDM230", (9600, 2400), "N", 1),
    ("sdm630", "Eastron SDM630", (9600,), "N", 1),
    ("sdm72", "Eastron SDM72D-M-2", (9600,), "N", 1),
    ("pzem004t", "Peacefair PZEM-004T v3", (9600,), "N", 1),
    ("dtsu666", "Chint DTSU666, energy at 101E", (9600,), "N", 2),
    ("dtsu666-2016", "Chint DTSU666, energy at 401E", (9600,), "N", 2),
    ("ddsu666", "Chint DDSU666", (9600,), "N", 1),
    ("dds238-v1", "Hiking DDS238-2 ZN/S, export at 0004", (9600,), "N", 1),
    ("dds238-v2", "Hiking DDS238-2 ZN/S, export at 0008", (9600,), "N", 1),
)


def modbus_meter(name: str, line: "ModbusLine", unit: int) -> "MeterDriver":
    """The driver of a meter of MODBUS_METERS at address `unit`; ValueError for another name. Reads nothing yet."""
    if name == "pzem004t":
        from .modbus.pzem004t import Pzem004t

        return Pzem004t(line, unit)
    if name in ("dds238-v1", "dds238-v2"):
        from .modbus import dds238

        return dds238.Dds238(line, unit, dds238.MAP_1 if name[-1] == "1" else dds238.MAP_2)
    from .modbus import layouts
    from .modbus.float_meter import FloatMeter

    if name in ("sdm120", "sdm230"):
        layout = layouts.EASTRON_1P
    elif name in ("sdm630", "sdm72"):
        layout = layouts.EASTRON_3P
    elif name == "dtsu666":
        layout = layouts.dtsu666(0x101E, 0x1028)
    elif name == "dtsu666-2016":
        layout = layouts.dtsu666(0x401E, 0x4028)
    elif name == "ddsu666":
        layout = layouts.DDSU666
    else:
        raise ValueError("no driver is called " + name)
    return FloatMeter(line, unit, layout)


def metering_chip(
    name: str,
    bus: "RegisterBus",
    calibration: "dict[str, Any]",
    line_hz: int,
    nominal_v: int,
    sleep_ms: "Callable[[int], None]",
) -> "MeterDriver":
    """The driver of atm90e32 or ade7953; ValueError for another name or a figure that cannot be. Reads nothing yet."""
    if name == "atm90e32":
        from .chips.atm90e32 import Atm90e32

        settings = dict(calibration)
        settings["line_hz"] = line_hz
        settings["nominal_v"] = nominal_v
        return Atm90e32(bus, settings, sleep_ms)
    if name == "ade7953":
        from .chips.ade7953 import Ade7953

        return Ade7953(bus, calibration, sleep_ms)
    raise ValueError("no driver is called " + name)


def spi_frames(name: str) -> "Atm90e32Frames | Ade7953Frames":
    """How that chip's registers travel on SPI; ValueError for another name."""
    from .chips import frames

    if name == "atm90e32":
        return frames.Atm90e32Frames()
    if name == "ade7953":
        return frames.Ade7953Frames()
    raise ValueError("no driver is called " + name)
