# SPDX-License-Identifier: Apache-2.0
"""The user's own quarter hours: `time`, then one column per home or panel, Wh per slot.

A file is taken whole or refused at its first fault with an InputError that names file, line and column. It is read as
a stream, every bound is checked before memory is used, and energies end as whole Wh with what is left over carried to
the column's next slot.
"""

import csv
import stat
from array import array
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from wattpact.units import SLOT_WH_MAX

from .csv_cells import UWH, EnergyFault, TimeFault, energy_uwh, instant
from .input_errors import (
    BadEnergy,
    BadHeader,
    BadOrder,
    BadRow,
    BadTime,
    FileEmpty,
    FileMissing,
    FileUnreadable,
    HeaderOnly,
    NoOverlap,
    NotText,
    TooLarge,
    shown,
)
from .profiles import SLOT_S

COLUMNS_MAX = 10_000
ROWS_MAX = 400_000  # eleven years
CELLS_MAX = 50_000_000  # 200 MB in memory
LINE_BYTES_MAX = 1 << 20
NAME_MAX = 64

_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")
_WRONG_SEPARATORS = ((";", "semicolons"), ("\t", "tabs"), ("|", "bars"))


class Series:
    """A file's quarter hours: `columns[i][k]` is what `names[i]` drew or gave, in Wh, in slot `start + k * slot_s`."""

    def __init__(
        self, file: str, start: int, names: list[str], columns: "list[array[int]]"
    ) -> None:
        self.file = file
        self.start = start
        self.slot_s = SLOT_S
        self.names = names
        self.columns = columns

    @property
    def slots(self) -> int:
        """How many quarter hours."""
        return len(self.columns[0])

    @property
    def end(self) -> int:
        """The instant after the last slot, Unix s."""
        return self.start + self.slots * self.slot_s


def read_series(path: str) -> Series:
    """The whole file, or InputError at its first fault."""
    lines = _lines(path)
    names = _names(path, lines)
    columns = [array("i") for _ in names]
    left = [0] * len(names)
    start = before = None
    rows = 0
    blank = 0
    for number, text in lines:
        if not text.strip():
            blank = blank or number
            continue
        if blank:
            raise BadRow(path, "line is blank", blank)
        rows += 1
        if rows > ROWS_MAX or rows * len(names) > CELLS_MAX:
            raise TooLarge(path, "more than %d slots" % (rows - 1), number)
        cells = _cells(path, number, text)
        _check_count(path, number, names, cells)
        before = _next_time(path, number, cells[0], before)
        start = before if start is None else start
        for index, cell in enumerate(cells[1:]):
            try:
                energy, left[index] = divmod(
                    energy_uwh(cell.strip(), SLOT_WH_MAX) + left[index], UWH
                )
            except EnergyFault as fault:
                raise BadEnergy(path, str(fault), number, names[index]) from None
            columns[index].append(energy)
    if start is None:
        raise HeaderOnly(path, "column names, but no slots")
    return Series(path, start, names, columns)


def common_window(loads: Series, pv: Series) -> tuple[int, int]:
    """Start (Unix s) and number of the slots that both files have, at least 1, or NoOverlap."""
    start, end = max(loads.start, pv.start), min(loads.end, pv.end)
    if start >= end:
        spans = ["%s to %s" % (iso(series.start), iso(series.end)) for series in (loads, pv)]
        raise NoOverlap(
            loads.file,
            "its time (%s) has no slot in common with %s (%s)" % (spans[0], pv.file, spans[1]),
        )
    return start, (end - start) // SLOT_S


def iso(time: int) -> str:
    """A Unix time as people read it, UTC."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%MZ")


def _lines(path: str) -> Iterator[tuple[int, str]]:
    """(number, text) of every line, decoded one by one, so that a fault has a line and memory has a bound."""
    try:
        mode = Path(path).stat().st_mode
    except FileNotFoundError:
        raise FileMissing(path, "no such file") from None
    except (OSError, ValueError) as error:
        raise FileUnreadable(path, _reason(error)) from None
    if not stat.S_ISREG(mode):
        kind = "a directory" if stat.S_ISDIR(mode) else "not a regular file"
        raise FileUnreadable(path, "is %s" % kind)
    try:
        with Path(path).open("rb") as file:
            number = 0
            while raw := file.readline(LINE_BYTES_MAX + 1):
                number += 1
                yield number, _text(path, number, raw)
    except OSError as error:
        raise FileUnreadable(path, _reason(error)) from None


def _reason(error: OSError | ValueError) -> str:
    """What the system said, without the path it repeats."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return "cannot be read: %s" % reason


def _text(path: str, number: int, raw: bytes) -> str:
    if number == 1 and raw[:2] in _BYTE_ORDER_MARKS:
        raise NotText(path, "is UTF-16, not UTF-8: save it as UTF-8", number)
    if b"\0" in raw:
        raise NotText(path, "has NUL bytes: not a text file", number)
    if len(raw) > LINE_BYTES_MAX:
        raise TooLarge(path, "line is longer than %d bytes" % LINE_BYTES_MAX, number)
    try:
        text = raw.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError:
        raise NotText(path, "is not UTF-8 text", number) from None
    text = text.removesuffix("\n").removesuffix("\r")
    if "\r" in text:
        raise BadRow(path, "a lone carriage return: end lines with a line feed", number)
    return text


def _cells(path: str, number: int, text: str) -> list[str]:
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error:
        raise BadRow(
            path, "quotes that do not close, or text after closing quotes", number
        ) from None


def _names(path: str, lines: Iterator[tuple[int, str]]) -> list[str]:
    """The header's names without `time`; the lines are left at the second one."""
    number, text = next(lines, (0, ""))
    if not text.strip():
        if any(later.strip() for _number, later in lines):
            raise BadHeader(path, "is blank: the first line names the columns", number)
        raise FileEmpty(path, "is empty")
    first, *names = [name.strip() for name in _cells(path, number, text)]
    if first != "time":
        _explain_no_time(path, number, first, names)
    if not names:
        raise BadHeader(path, "no column besides time", number)
    if len(names) > COLUMNS_MAX:
        raise TooLarge(path, "%d columns, at most %d" % (len(names), COLUMNS_MAX), number)
    seen = {first}
    for position, name in enumerate(names, 2):
        if not name:
            raise BadHeader(path, "column %d has no name" % position, number)
        if len(name) > NAME_MAX or not name.isprintable():
            raise BadHeader(path, "not a name of at most %d characters" % NAME_MAX, number, name)
        if name in seen:
            raise BadHeader(path, "name appears twice", number, name)
        seen.add(name)
    return names


def _explain_no_time(path: str, number: int, first: str, names: list[str]) -> None:
    """Raise BadHeader with the likeliest reason why the first column is not `time`."""
    for separator, word in _WRONG_SEPARATORS:
        before, found, _after = first.partition(separator)
        if found and before.strip().strip('"').lower() == "time":
            raise BadHeader(path, "columns are separated by %s: use commas" % word, number)
    if "time" in names:
        raise BadHeader(path, "time must be the first column", number, first)
    raise BadHeader(path, 'no column "time": the first column is %s' % shown(first), number)


def _check_count(path: str, number: int, names: list[str], cells: list[str]) -> None:
    found, wanted = len(cells), len(names) + 1
    if found < wanted:
        raise BadRow(
            path,
            "%d cells instead of %d: none for this column" % (found, wanted),
            number,
            names[found - 1],
        )
    if found > wanted:
        raise BadRow(path, "%d cells instead of %d: too many" % (found, wanted), number)


def _next_time(path: str, number: int, cell: str, before: int | None) -> int:
    """The instant in `cell`, one slot after `before`."""
    try:
        time = instant(cell.strip())
    except TimeFault as fault:
        raise BadTime(path, str(fault), number, "time") from None
    if time % SLOT_S:
        raise BadTime(
            path, "%s is not on a quarter of an hour" % shown(cell.strip()), number, "time"
        )
    if before is None or time == before + SLOT_S:
        return time
    came = "%s comes after %s" % (iso(time), iso(before))
    if time == before:
        problem = "slot %s appears twice" % iso(time)
    elif time < before:
        problem = "out of order: %s" % came
    else:
        problem = "gap of %d slots: %s" % ((time - before) // SLOT_S - 1, came)
    raise BadOrder(path, problem, number, "time")
