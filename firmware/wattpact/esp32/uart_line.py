# SPDX-License-Identifier: Apache-2.0
"""The SerialWire seam over machine.UART, with the driver enable of an RS-485 transceiver as a plain pin.

The ESP32 port has no RS-485 mode, so the pin is ours: high before the first bit, low after the last stop bit, which is
when `flush` returns. Nothing may happen between the two, so this waits instead of awaiting: a frame of eight bytes
takes 8 ms at 9600 baud, an answer of a meter some 50 ms.
"""

import time

from ..errors import BusError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from machine import UART, Pin


class UartWire:
    """One line. Without a pin the transceiver turns round by itself, or there is none."""

    def __init__(self, uart: "UART", driver_enable: "Pin | None") -> None:
        """The pin goes low: we listen."""
        self._uart = uart
        self._driver_enable = driver_enable
        self._drive(0)

    def discard(self) -> None:
        """Throw away what has come in and was not read."""
        while self._uart.any():
            self._uart.read()

    def write(self, content: bytes) -> None:
        """Send; return when the last stop bit has left. BusError if the UART does not get rid of it."""
        self._drive(1)
        try:
            self._uart.write(content)
            self._uart.flush()
        except OSError:
            raise BusError("the UART does not send")
        finally:
            self._drive(0)  # whoever holds the line silences all meters on it

    def read(self, count: int, timeout_ms: int) -> bytes:
        """`count` bytes as soon as they are there, fewer if not within `timeout_ms`."""
        began_ms = time.ticks_ms()
        while self._uart.any() < count and self._waited_ms(began_ms) < timeout_ms:
            time.sleep_ms(1)
        return self._uart.read(count) or b""

    def sleep_ms(self, ms: int) -> None:
        """Wait at least so long."""
        time.sleep_ms(ms)

    def _waited_ms(self, began_ms: int) -> int:
        return time.ticks_diff(time.ticks_ms(), began_ms)

    def _drive(self, level: int) -> None:
        if self._driver_enable is not None:
            self._driver_enable(level)
