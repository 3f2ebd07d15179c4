# SPDX-License-Identifier: Apache-2.0
"""The Entropy seam (interfaces.py) over an ATECC608's generator. There is no other source behind it."""

from ..compat import const
from ..errors import BusError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .atecc608 import Atecc608

COUNT_MAX = const(512)  # 16 commands of 23 ms: the least that a watchdog gives is 0.7 s


class Atecc608Entropy:
    """Random bytes of a chip whose configuration zone is locked."""

    def __init__(self, chip: "Atecc608") -> None:
        self._chip = chip

    def read(self, count: int) -> bytes:
        """`count` bytes, 0 < count <= 512. OSError, as the seam says, whatever is wrong with the chip."""
        if not 0 < count <= COUNT_MAX:
            raise ValueError("1 to 512 random bytes at once")
        try:
            return self._chip.read_random(count)
        except BusError as error:
            raise OSError(str(error))
