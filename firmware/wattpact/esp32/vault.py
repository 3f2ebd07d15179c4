# SPDX-License-Identifier: Apache-2.0
"""What must not lie in the file system: private keys, network passwords; and what must outlive it: boot count, time.

It lies in NVS (ESP-IDF), whose entries are written whole or not at all. The stock build does not encrypt NVS: whoever
holds the board can read it, which is why a board may have a secure element for its trading key.
"""

from ..compat import const

TYPE_CHECKING = False
if TYPE_CHECKING:
    from esp32 import NVS

NAMESPACE = "wattpact"
VALUE_MAX = const(512)
NAME_MAX = const(15)  # ESP-IDF's

TRADING_KEY = "trading"
TLS_KEY = "tls"
ACCESS_KEY = "access"
_BOOTS = "boots"
_TIME = "time"


class Vault:
    """Named values of up to VALUE_MAX bytes. No text of ours shows one."""

    def __init__(self, nvs: "NVS") -> None:
        self._nvs = nvs

    def read(self, name: str) -> bytes:
        """What was written, b"" if nothing was."""
        found = bytearray(VALUE_MAX)
        try:
            size = self._nvs.get_blob(name, found)
        except OSError:
            return b""
        return bytes(found[:size])

    def write(self, name: str, value: bytes) -> None:
        """Durable when this returns. OSError if NVS is full."""
        if not 0 < len(name) <= NAME_MAX or len(value) > VALUE_MAX:
            raise ValueError("name or value is too long for NVS")
        self._nvs.set_blob(name, value)
        self._nvs.commit()

    def count_boot(self) -> int:
        """1, 2, 3: how often this board started, this time included."""
        count = int.from_bytes(self.read(_BOOTS), "big") + 1
        self.write(_BOOTS, count.to_bytes(4, "big"))
        return count

    def time(self) -> int:
        """Unix s that `keep_time` kept last, 0 if nothing was."""
        return int.from_bytes(self.read(_TIME), "big")

    def keep_time(self, unix_s: int) -> None:
        """For after a power cut."""
        self.write(_TIME, unix_s.to_bytes(8, "big"))
