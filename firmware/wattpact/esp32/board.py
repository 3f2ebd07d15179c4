# SPDX-License-Identifier: Apache-2.0
"""What board.json says, checked, and the parts that follow from it. boards/schema.json has every field.

The schema is for people and tools; a board has none. It checks what would otherwise fail late or in silence: a pin that
is two things, one that cannot do it, a bus that is not there. ValueError says where in board.json.
"""

import time

from machine import I2C, SPI, UART, Pin

from ..compat import const
from ..metering.catalog import metering_chip, modbus_meter, spi_frames
from .spi_bus import I2cBus, SpiBus
from .uart_line import UartWire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..interfaces import I2c, MeterDriver, ModbusLine, RegisterBus

    Fields = dict[str, Any]

POLL_S = const(5)
RATED_W = "rated_w"
_UART_RX_BYTES = const(512)  # the longest Modbus reply has 256
_TIMEOUT_MS = const(500)
_PARITIES = {"none": None, "even": 0, "odd": 1}
# Pins that cannot be used, and those that cannot be an output, by mcu.
_TAKEN = {"esp32": range(6, 12), "esp32s3": range(26, 33), "esp32c3": range(11, 18)}
_INPUTS = {"esp32": range(34, 40)}
_OUTPUTS = ("sck", "mosi", "cs", "tx", "de", "scl", "sda", "mdc", "power", "power_key")
_PINS = _OUTPUTS + ("miso", "rx", "mdio", "ref_clk")


class Board:
    """One kind of board. Each part is built once, when it is asked for."""

    def __init__(self, description: "Fields") -> None:
        """ValueError if something is missing or contradicts itself. Touches no pin."""
        self.name = _field(description, "board", str, "")
        self.mcu = _field(description, "mcu", str, "")
        self.line_hz = _field(description, "line_hz", int, "")
        self.nominal_v = _field(description, "nominal_v", int, "")
        self.files_kib = _field(description, "files_kib", int, "")
        self.watchdog_s = _field(description, "watchdog_s", int, "")
        self.access = _field(description, "access", dict, "")
        self.key = _field(description, "key", dict, "")
        self._buses = _field(description, "buses", dict, "")
        self._built: "dict[str, Any]" = {}
        self._used: "dict[int, str]" = {}
        self._selects: "dict[int, Any]" = {}  # pins of chips on SPI, None until they are driven
        for name in sorted(self._buses):
            self._check_pins(self._buses[name], "buses." + name)
        self._check_pins(self.access, "access")
        for number, row in enumerate(self.access.get("levels", [])):
            self._use(row["pin"], "access.levels.%d" % number, True)
        self.use_meters(_field(description, "meters", list, ""))

    def use_meters(self, rows: "list[Fields]") -> None:
        """What is measured: board.json's own, or what settings.json has in its place."""
        self.meters: "list[Fields]" = []
        for number, row in enumerate(rows):
            where = "meters.%d." % number
            for name in ("name", "driver", "bus"):
                _field(row, name, str, where)
            _field(row, RATED_W, int, where)
            bus = self._bus(row["bus"], where + "bus")
            wanted = {"spi": "cs", "i2c": "address", "uart": "unit"}[bus["kind"]]
            _field(row, wanted, int, where)
            if bus["kind"] == "spi":
                self._use(row["cs"], "cs of " + row["name"], True)
                self._selects.setdefault(row["cs"], None)
            if row["name"] in [other["name"] for other in self.meters]:
                raise ValueError("board.json: %sname: there are two of it" % where)
            self.meters.append(row)
        if not self.meters:
            raise ValueError("board.json: meters: nothing is measured")

    def meter(self, name: str) -> "tuple[MeterDriver, Fields]":
        """(driver, its row) of the meter of that name, of the first one for "". Reads nothing yet."""
        for row in self.meters:
            if name in ("", row["name"]):
                return self._driver(row), row
        raise ValueError("settings.json: no meter is called " + name)

    def i2c(self, name: str) -> "I2c":
        """The bus of that name, for a secure element."""
        bus = self._bus(name, "key.bus")
        if bus["kind"] != "i2c":
            raise ValueError("board.json: key.bus: %s is not an I2C bus" % name)
        return self._part(name, lambda: _i2c(bus))

    # -- building

    def _driver(self, row: "Fields") -> "MeterDriver":
        name = row["bus"]
        bus = self._bus(name, "bus")
        if bus["kind"] == "uart":
            line: "ModbusLine" = self._part(name, lambda: _line(bus))
            return modbus_meter(row["driver"], line, row["unit"])
        if bus["kind"] == "i2c":
            i2c = self._part(name, lambda: _i2c(bus))
            return self._chip(row, I2cBus(i2c, row["address"]))
        frames = spi_frames(row["driver"])
        mode = (frames.polarity, frames.phase)
        spi, its_mode = self._part(name, lambda: (_spi(bus, frames), mode))
        if mode != its_mode:
            raise ValueError("board.json: buses.%s: its chips need different SPI modes" % name)
        for pin in sorted(
            self._selects
        ):  # all of them: a chip with a floating select talks into others' frames
            if self._selects[pin] is None:
                self._selects[pin] = Pin(pin, Pin.OUT, value=1)
        return self._chip(row, SpiBus(spi, self._selects[row["cs"]], frames))

    def _chip(self, row: "Fields", bus: "RegisterBus") -> "MeterDriver":
        calibration = row.get("calibration", {})
        name = row["driver"]
        return metering_chip(name, bus, calibration, self.line_hz, self.nominal_v, time.sleep_ms)

    def _part(self, name: str, build: "Any") -> "Any":
        if name not in self._built:
            self._built[name] = build()
        return self._built[name]

    # -- checking

    def _bus(self, name: str, where: str) -> "Fields":
        if name not in self._buses:
            raise ValueError("board.json: %s: no bus is called %s" % (where, name))
        return self._buses[name]

    def _check_pins(self, fields: "Fields", where: str) -> None:
        for name in _PINS:
            if fields.get(name) is not None:
                self._use(fields[name], "%s.%s" % (where, name), name in _OUTPUTS)

    def _use(self, pin: int, where: str, drives: bool) -> None:
        if type(pin) is not int or pin in _TAKEN.get(self.mcu, ()):
            raise ValueError("board.json: %s: GPIO %s is the flash's" % (where, pin))
        if drives and pin in _INPUTS.get(self.mcu, ()):
            raise ValueError("board.json: %s: GPIO %d is an input only" % (where, pin))
        if self._used.get(pin, where) != where:
            raise ValueError("board.json: GPIO %d is %s and %s" % (pin, self._used[pin], where))
        self._used[pin] = where


def _field(fields: "Any", name: str, kind: type, where: str) -> "Any":
    value = fields.get(name) if type(fields) is dict else None
    if type(value) is not kind:
        raise ValueError("board.json: %s%s is missing, or no %s" % (where, name, kind.__name__))
    return value


def _spi(bus: "Fields", frames: "Any") -> SPI:
    return SPI(
        bus["id"],
        bus["clock_hz"],
        polarity=frames.polarity,
        phase=frames.phase,
        sck=Pin(bus["sck"]),
        mosi=Pin(bus["mosi"]),
        miso=Pin(bus["miso"]),
    )


def _i2c(bus: "Fields") -> I2C:
    return I2C(bus["id"], scl=Pin(bus["scl"]), sda=Pin(bus["sda"]), freq=bus["clock_hz"])


def _line(bus: "Fields") -> "ModbusLine":
    from ..metering.modbus.line import RtuLine  # only where there is a line

    uart = UART(
        bus["id"],
        bus["baud"],
        8,
        _PARITIES[bus["parity"]],
        bus["stop_bits"],
        tx=Pin(bus["tx"]),
        rx=Pin(bus["rx"]),
        rxbuf=_UART_RX_BYTES,
        timeout=0,
    )
    driver_enable = None if bus["de"] is None else Pin(bus["de"], Pin.OUT, value=0)
    return RtuLine(UartWire(uart, driver_enable), bus["baud"], _TIMEOUT_MS)
