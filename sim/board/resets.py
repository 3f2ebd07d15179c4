# SPDX-License-Identifier: Apache-2.0
"""What ends a run of the interpreter, and what a board remembers of it: the numbers are `machine.reset_cause()`'s."""

from collections.abc import Callable

PWRON_RESET = 1
HARD_RESET = 2
WDT_RESET = 3
SOFT_RESET = 5


class Reset(Exception):
    """The interpreter stops where it is. `cause` is what the next start is told."""

    cause = HARD_RESET
    shown = "rst:0xc (SW_CPU_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)"


class HardReset(Reset):
    """`machine.reset()`."""


class SoftReset(Reset):
    """`machine.soft_reset()`, Ctrl-D or SystemExit: the interpreter starts anew, the hardware goes on."""

    cause = SOFT_RESET
    shown = "MPY: soft reboot"


class WatchdogReset(Reset):
    """Nobody fed the watchdog in time."""

    cause = WDT_RESET
    shown = "rst:0xc (SW_CPU_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)"


class PowerCut(Reset):
    """The supply went, at whatever was being done, and came back."""

    cause = PWRON_RESET
    shown = "rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)"


class Unplugged(Reset):
    """The supply went and does not come back: the board is stopped."""

    shown = ""


class Fuse:
    """Where a power cut is planned, counted in bytes that reach the flash."""

    def __init__(self) -> None:
        self.burnt_bytes = 0  # since the board was made
        self._left: int | None = None
        self._draw: Callable[[], int] | None = None

    def cut_again(self, draw: Callable[[], int]) -> None:
        """After so many bytes as `draw` says, and again each time."""
        self._draw = draw
        self.cut_after(draw())

    def cut_after(self, count_bytes: int) -> None:
        """The byte after the next `count_bytes` is the one that is torn; count_bytes >= 0."""
        self._left = count_bytes

    def burn(self, count_bytes: int) -> None:
        """That many bytes are programmed. PowerCut if the supply goes in the middle of them."""
        if self._left is not None:
            if count_bytes > self._left:
                self.burnt_bytes += self._left
                self._left = self._draw() if self._draw else None
                raise PowerCut
            self._left -= count_bytes
        self.burnt_bytes += count_bytes
