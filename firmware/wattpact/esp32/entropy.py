# SPDX-License-Identifier: Apache-2.0
"""The Entropy seam (interfaces.py) over the ESP32's hardware generator: a true source only while a radio is on.

ESP-IDF Programming Guide, "Random Number Generation" (docs.espressif.com, api-reference/system/random): true random
numbers come out while the RF subsystem, Wi-Fi or Bluetooth, is enabled, or the SAR ADC feeds the generator, which
MicroPython has no call for. Otherwise "the output of the RNG should be considered pseudo-random only". MicroPython's
`os.urandom` reads that generator; `network.WLAN.active()` is True from `esp_wifi_start` to `esp_wifi_stop`.
The guide adds that the noise may be missing while the radio sleeps, as a connected station does between beacons: make
a key before connecting, or with power management off (`pm=WLAN.PM_NONE`).
"""

from os import urandom

from ..compat import const

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Radio(Protocol):
        """network.WLAN or bluetooth.BLE."""

        def active(self) -> object:
            """True while it is on."""
            ...


_DRAWN_MIN = const(32)


class HardwareEntropy:
    """The one source of a board without a secure element. There is no other behind it and no default radio."""

    def __init__(self, radio: "Radio") -> None:
        self._radio = radio

    def read(self, count: int) -> bytes:
        """`count` bytes, count > 0. OSError if the radio is off, before or after, or the answer cannot be random."""
        if count < 1:
            raise ValueError("at least one random byte")
        size = max(count, _DRAWN_MIN)
        self._check_radio()
        drawn = urandom(size)
        self._check_radio()
        check_drawn(drawn, size)
        return drawn[:count]

    def _check_radio(self) -> None:
        if self._radio.active() is not True:
            raise OSError("radio is off: without it the generator is pseudo-random only")


def check_drawn(drawn: bytes, size: int) -> None:
    """OSError unless `drawn` are `size` bytes, size >= 32, of more than one value: a stuck register has one."""
    if len(drawn) != size:
        raise OSError("generator gave %d bytes for %d" % (len(drawn), size))
    if drawn == drawn[:1] * size:
        raise OSError("generator is stuck: all bytes are equal")
