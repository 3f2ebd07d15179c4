# SPDX-License-Identifier: Apache-2.0
"""The ModbusLine seam over bytes: one request at a time, pauses, echoes, retries. It waits where its wire waits.

The wire is an ESP32's UART or a PC's serial device; what to send and what to make of the answer is the same.
"""

from ...compat import const
from ...errors import BusError
from . import frame
from .frame import PassingFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...interfaces import SerialWire

TRIES = const(3)
PAUSE_MS = const(50)  # between an answer and the next request; meters need more than the 3.5 bytes
NOISE_MAX = const(256)  # bytes of an unasked answer: no frame is longer
SPARE_MS = const(100)  # drivers and USB adapters deliver late


class RtuLine:
    """A master on one line with any number of meters. `echoes` counts what came back of its own."""

    def __init__(self, wire: "SerialWire", baud: int, timeout_ms: int) -> None:
        """`timeout_ms` is how long a meter may think before its answer begins."""
        self._wire = wire
        self._baud = baud
        self._timeout_ms = timeout_ms
        self.echoes = 0

    def request(self, unit: int, function: int, body: bytes) -> bytes:
        """The reply's body. What may pass is tried TRIES times; BusError names the unit."""
        request = frame.encode_request(unit, function, body)
        told = ""
        for _ in range(TRIES):
            try:
                return self._once(request)
            except PassingFault as error:
                told = told or str(error)
                self._quiet()
            except BusError as error:
                raise BusError("modbus unit %d: %s" % (unit, error))
        raise BusError("modbus unit %d: %s (%d tries)" % (unit, told, TRIES))

    def _once(self, request: bytes) -> bytes:
        wire = self._wire
        wire.sleep_ms(PAUSE_MS + frame.silence_us(self._baud) // 1000)
        wire.discard()
        wire.write(request)
        head = self._receive(frame.HEAD)
        if head == request[: frame.HEAD]:  # the line gives back what is sent on it
            if head + self._receive(len(request) - frame.HEAD) != request:
                raise PassingFault("somebody else talks on the line")
            self.echoes += 1
            head = self._receive(frame.HEAD)
        if not head:
            raise PassingFault(
                "no answer within %d ms: check address, baud rate, parity, A and B, and supply"
                % self._timeout_ms
            )
        if len(head) < frame.HEAD:
            raise PassingFault("reply is cut short: %d bytes" % len(head))
        rest = frame.reply_size(request, head) - frame.HEAD
        return frame.decode_reply(request, head + self._receive(rest))

    def _receive(self, size: int) -> bytes:
        """`size` bytes, in one piece or in two with a pause between them; fewer if they do not come."""
        got = self._wire.read(size, self._wait_ms(size))
        if got and len(got) < size:
            got += self._wire.read(size - len(got), self._wait_ms(size))
        return got

    def _quiet(self) -> None:
        """Wait until nothing comes any more: a late answer must not be taken for the next one's."""
        for _ in range(NOISE_MAX):
            if not self._wire.read(1, self._timeout_ms):
                break

    def _wait_ms(self, size: int) -> int:
        return self._timeout_ms + SPARE_MS + frame.frame_us(size, self._baud) // 1000
