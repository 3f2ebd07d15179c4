# SPDX-License-Identifier: Apache-2.0
"""A panel's quarter hours from a CSV file that somebody else writes: column `time`, then Wh per slot.

The file may grow while the node runs, as an inverter's log does. A slot that has no row when it is needed is an invalid
reading with the reason, never 0: a plant that does not know says so.
"""

import csv
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from wattpact.metering.reading import Reading
from wattpact.units import SLOT_WH_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOK_S = 5
"""After a slot's end and from one look to the next."""
PATIENCE_S = 45
"""After a slot's end; a round is reported a minute after its end."""
BYTES_MAX = 64 << 20


class CsvYield:
    """runtime.Source over one column. Why the file or the slot in it cannot be read stands in the reading."""

    def __init__(self, path: Path, column: str, slot_s: int, now: int) -> None:
        self.path = path
        self.column = column
        self._slot_s = slot_s
        self._slot = now - now % slot_s
        self._register_wh = 0
        self.wake_at = self._slot + slot_s + LOOK_S

    def on_tick(self, now: int) -> list[Reading]:
        """Of the slots that have ended, oldest first."""
        readings: list[Reading] = []
        while self._slot + self._slot_s <= now:
            wh, reason = self._look()
            if reason and now < self._slot + self._slot_s + PATIENCE_S:
                self.wake_at = now + LOOK_S
                return readings
            readings.append(self._reading(wh, reason))
            self._slot += self._slot_s
        self.wake_at = self._slot + self._slot_s + LOOK_S
        return readings

    def _reading(self, wh: int, reason: str) -> Reading:
        """Exported Wh; the register counts from the node's start, for a plant's is not asked for."""
        self._register_wh += wh
        return Reading(self._slot, 0, wh, 0, self._register_wh, valid=not reason, reason=reason)

    def _look(self) -> tuple[int, str]:
        """Wh of this slot, and "" or why it is not known."""
        try:
            if self.path.stat().st_size > BYTES_MAX:
                return 0, "%s: has more than %d bytes" % (self.path, BYTES_MAX)
            with self.path.open(newline="", encoding="utf-8") as file:
                return self._find(csv.reader(file))
        except OSError as error:
            return 0, "%s: %s" % (self.path, error.strerror)
        except (UnicodeDecodeError, csv.Error) as error:
            return 0, "%s: %s" % (self.path, error)

    def _find(self, rows: "Iterator[list[str]]") -> tuple[int, str]:
        nothing: list[str] = []
        head = next(rows, nothing)
        if head[:1] != ["time"] or self.column not in head:
            return 0, "%s: no column time, or no column %s" % (self.path, self.column)
        place = head.index(self.column)
        for row in rows:
            if row and _instant(row[0]) == self._slot:
                return self._energy(row[place] if place < len(row) else "")
        return 0, "%s: no row for this slot" % self.path

    def _energy(self, cell: str) -> tuple[int, str]:
        try:
            wh = int(cell)
        except ValueError:
            return 0, "%s: %r is no whole number of Wh" % (self.path, cell[:20])
        if not 0 <= wh <= SLOT_WH_MAX:
            return 0, "%s: %d Wh in one slot cannot be" % (self.path, wh)
        return wh, ""


def _instant(cell: str) -> int:
    """Unix s, or -1: a time without its offset could be any."""
    try:
        time = datetime.fromisoformat(cell)
    except ValueError:
        return -1
    return int(time.timestamp()) if time.tzinfo else -1
