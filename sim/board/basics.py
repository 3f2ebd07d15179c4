# SPDX-License-Identifier: Apache-2.0
"""What every ESP32 has, whatever it is soldered to: resets and their cause, watchdog, calendar, number, memory."""

import errno
import struct
import time

from sim.vm.services import Room, Service

from .flash import BLOCK_BYTES, NAME_BYTES_MOST, Flash
from .resets import HardReset, PowerCut, Reset, SoftReset
from .watchdog import Watchdog

EPOCH_2000_NS = 946_684_800 * 1_000_000_000
"""What the calendar of a board without a battery starts with: 2000-01-01, in Unix nanoseconds."""
RTC_MEMORY_BYTES = 2048
US_NS = 1000


class Basics:
    """One chip's. The calendar and RTC memory are lost with the supply only."""

    def __init__(self, flash: Flash, watchdog: Watchdog, number: bytes) -> None:
        """`number` are the six bytes of the chip's MAC address."""
        self._flash = flash
        self._watchdog = watchdog
        self._number = number
        self._cause = PowerCut.cause
        self._offset_ns = 0
        self._memory = b""
        self.begin(PowerCut())

    def begin(self, reason: Reset) -> None:
        """A start after `reason`."""
        self._cause = reason.cause
        if isinstance(reason, PowerCut):
            self._offset_ns = EPOCH_2000_NS - time.monotonic_ns()
            self._memory = b""

    def date_ns(self) -> int:
        """The calendar, in Unix nanoseconds."""
        return time.monotonic_ns() + self._offset_ns

    def services(self) -> dict[str, Service]:
        """For rom/machine.py and rom/os.py."""
        return {
            "reset": self._reset,
            "soft_reset": self._soft_reset,
            "reset_cause": lambda: self._cause,
            "unique_id": self._unique_id,
            "watchdog_start": self._watchdog.start,
            "watchdog_feed": self._watchdog.feed,
            "set_date": self._set_date,
            "read_memory": self._read_memory,
            "write_memory": self._write_memory,
            "statvfs": self._statvfs,
        }

    def _reset(self) -> None:
        raise HardReset

    def _soft_reset(self) -> None:
        raise SoftReset

    def _unique_id(self, told: Room) -> int:
        return told.fill(self._number)

    def _set_date(self, unix_us: int) -> None:
        self._offset_ns = unix_us * US_NS - time.monotonic_ns()

    def _read_memory(self, told: Room) -> int:
        return told.fill(self._memory)

    def _write_memory(self, content: bytes) -> None:
        if len(content) > RTC_MEMORY_BYTES:
            raise OSError(errno.EINVAL, "RTC memory has %d bytes" % RTC_MEMORY_BYTES)
        self._memory = content

    def _statvfs(self, told: Room) -> int:
        free = max(0, self._flash.free_blocks())
        return told.fill(
            struct.pack("<IIII", BLOCK_BYTES, self._flash.blocks, free, NAME_BYTES_MOST)
        )
