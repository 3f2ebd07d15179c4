# SPDX-License-Identifier: Apache-2.0
"""Which awards a board keeps: the newest certificates (C9), each with its coins. All of them are on the chain."""

from ..compat import const
from ..wire import codec
from ..wire.kinds import Row
from ..wire.message import TIME, UG
from ..wire.trade import CERTIFICATE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    AwardRow = tuple[bytes, bytes, int, int, tuple[Any, ...]]

CERTIFICATES_MAX = const(64)
KEPT = Row(("coin_ug", UG), ("coin_expires", TIME), ("certificate", CERTIFICATE))


class Certificates:
    """Knows the kept ones by the end of delivery and trade end id, oldest first; the store has the rest."""

    def __init__(self) -> None:
        self._filed: "list[tuple[int, bytes]]" = []

    def file(self, row: "AwardRow") -> "list[bytes]":
        """One more, or one that is known already. Trade end ids of those that must go to make room."""
        filed = (row[4][3], row[0])
        if filed not in self._filed:
            self._filed.append(filed)
            self._filed.sort()
        gone = self._filed[:-CERTIFICATES_MAX]
        del self._filed[:-CERTIFICATES_MAX]
        return [trade_end_id for _end, trade_end_id in gone]


def keep(row: "AwardRow") -> bytes:
    """What the store has of an award."""
    return codec.encode([row[2], row[3], row[4]])


def restore(trade_end_id: bytes, meter: bytes, kept: bytes) -> "AwardRow":
    """Inverse of `keep`; WireError if the store gives back something else."""
    coin_ug, expires, certificate = KEPT.check(codec.decode(kept), "kept award")
    return trade_end_id, meter, coin_ug, expires, certificate
