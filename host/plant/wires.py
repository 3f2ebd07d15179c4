# SPDX-License-Identifier: Apache-2.0
"""A plant's meters on serial lines, opened when they are first read and again after an adapter was pulled out."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from wattpact.errors import BusError
from wattpact.metering.catalog import MODBUS_METERS, modbus_meter
from wattpact.metering.measurement import Site
from wattpact.metering.modbus.line import RtuLine
from wattpact.metering.slots import SlotMeter

from ..serial_wire import SerialDevice

if TYPE_CHECKING:
    from wattpact.interfaces import Store

    from .settings import ModbusMeter

TIMEOUT_MS = 700
POLL_S = 15
NOMINAL_MV = 230_000

T = TypeVar("T")


class LastingWire:
    """interfaces.SerialWire; BusError while the device is not there."""

    def __init__(self, device: str, baud: int, parity: str, stop_bits: int) -> None:
        """Opens nothing yet."""
        self._settings = (device, baud, parity, stop_bits)
        self._device: SerialDevice | None = None

    def discard(self) -> None:
        """What has come in and was not read."""
        self._do(lambda device: device.discard())

    def write(self, content: bytes) -> None:
        """Until the last byte has left the driver."""
        self._do(lambda device: device.write(content))

    def read(self, count: int, timeout_ms: int) -> bytes:
        """Up to `count` bytes."""
        return self._do(lambda device: device.read(count, timeout_ms))

    @staticmethod
    def sleep_ms(ms: int) -> None:
        """At least so long."""
        SerialDevice.sleep_ms(ms)

    def _do(self, work: Callable[[SerialDevice], T]) -> T:
        if self._device is None:
            self._device = SerialDevice(*self._settings)
        try:
            return work(self._device)
        except BusError:
            self._device.close()
            self._device = None
            raise


class Lines:
    """The serial devices of one plant: several meters may share one."""

    def __init__(self) -> None:
        self._lines: dict[str, RtuLine] = {}

    def meter(
        self, asked: "ModbusMeter", store: "Store", key: bytes, kept: bytes, slot_s: int, now: int
    ) -> SlotMeter:
        """The panel's meter, which keeps its registers under `key` of the store."""
        _name, _maker, bauds, parity, stop_bits = next(
            row for row in MODBUS_METERS if row[0] == asked.meter
        )
        baud = asked.baud or bauds[0]
        if asked.device not in self._lines:
            wire = LastingWire(asked.device, baud, parity, stop_bits)
            self._lines[asked.device] = RtuLine(wire, baud, TIMEOUT_MS)
        driver = modbus_meter(asked.meter, self._lines[asked.device], asked.address)
        site = Site(asked.rated_w, NOMINAL_MV, exports=True)
        return SlotMeter(driver, store, key, kept, site, slot_s, POLL_S, now)
