# SPDX-License-Identifier: Apache-2.0
"""The SerialWire seam on a PC: a serial device by pyserial, which belongs to one program at a time."""

import errno
import termios
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import serial

from wattpact.errors import BusError

GONE = (OSError, ValueError, termios.error)
"""What pyserial lets through when an adapter is pulled out; the last is no OSError."""
DEVICES = ("ttyUSB*", "ttyACM*", "serial/by-id/*")


class SerialDevice:
    """A serial device, open until the `with` block ends."""

    def __init__(self, path: str, baud: int, parity: str, stop_bits: int) -> None:
        """`parity` is N, E or O. BusError says what to do if the device cannot be opened."""
        try:
            self._serial = serial.Serial(
                path, baud, parity=parity, stopbits=stop_bits, timeout=0, exclusive=True
            )
        except (serial.SerialException, *GONE) as error:
            raise BusError(_why_not(path, baud, error)) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """It may be opened again, by anybody."""
        with suppress(*GONE):
            self._serial.close()

    def discard(self) -> None:
        """What has come in and was not read."""
        try:
            self._serial.reset_input_buffer()
        except GONE as error:
            raise BusError("the serial device is gone: %s" % error) from error

    def write(self, content: bytes) -> None:
        """Until the last byte has left the driver."""
        try:
            self._serial.write(content)
            self._serial.flush()
        except GONE as error:
            raise BusError("the serial device is gone: %s" % error) from error

    def read(self, count: int, timeout_ms: int) -> bytes:
        """Up to `count` bytes."""
        try:
            self._serial.timeout = timeout_ms / 1000
            return self._serial.read(count)
        except GONE as error:
            raise BusError("the serial device is gone: %s" % error) from error

    @staticmethod
    def sleep_ms(ms: int) -> None:
        """At least so long."""
        time.sleep(ms / 1000)


def _why_not(path: str, baud: int, error: Exception) -> str:
    """What whoever started this can do about it."""
    number = getattr(error, "errno", None)
    if number == errno.ENOENT:
        others = sorted(
            str(each) for name in DEVICES for each in Path("/dev").glob(name) if str(each) != path
        )
        return "no device %s: is the adapter plugged in? There are: %s" % (
            path,
            ", ".join(others) or "none",
        )
    if number in {errno.EACCES, errno.EPERM}:
        return "no permission for %s: join the group that owns it (mostly dialout)" % path
    if number in {errno.EAGAIN, errno.EBUSY} or "lock" in str(error):
        return "%s is in use by another program" % path
    if isinstance(error, ValueError):
        return "%s cannot do %d baud: %s" % (path, baud, error)
    return "%s is no serial device: %s" % (path, error)
