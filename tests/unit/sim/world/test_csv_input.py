# SPDX-License-Identifier: Apache-2.0
"""A user's file is read exactly, or refused in one line that says where."""

import errno
import os
from calendar import timegm
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.world import csv_input
from sim.world.csv_input import Series, common_window, read_series
from sim.world.input_errors import (
    BadEnergy,
    BadHeader,
    BadOrder,
    BadRow,
    BadTime,
    FileEmpty,
    FileMissing,
    FileUnreadable,
    HeaderOnly,
    InputError,
    NoOverlap,
    NotText,
    TooLarge,
)

ROW = "2025-06-01T00:00Z,1,2\n"
NEXT = "2025-06-01T00:15Z,3,4\n"
START = timegm((2025, 6, 1, 0, 0, 0))


def _read(folder: Path, text: str | bytes) -> Series:
    path = folder / "homes.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_series(str(path))


def test_a_plain_file_is_read(tmp_path: Path) -> None:
    """Names in order, columns in whole Wh, the first slot's start."""
    series = _read(tmp_path, "time,north,south\n" + ROW + NEXT)
    assert series.names == ["north", "south"]
    assert [column.tolist() for column in series.columns] == [[1, 3], [2, 4]]
    assert (series.start, series.slots, series.slot_s, series.end) == (START, 2, 900, START + 1800)


@pytest.mark.parametrize(
    "text",
    [
        b"\xef\xbb\xbftime,a,b\n2025-06-01T00:00Z,1,2\n",
        b"time,a,b\r\n2025-06-01T00:00Z,1,2\r\n\r\n\r\n",
        b"time,a,b\n2025-06-01T00:00Z,1,2",
        b' time , a ,"b"\n 2025-06-01T00:00Z , "1" , 2 \n'.replace(b' "1" ', b'"1"'),
    ],
    ids=[
        "byte order mark",
        "Windows line ends, blank at the end",
        "no last line end",
        "spaces, quotes",
    ],
)
def test_what_spreadsheets_do_to_a_file_does_no_harm(tmp_path: Path, text: bytes) -> None:
    """The same figures whatever program wrote them."""
    series = _read(tmp_path, text)
    assert series.names == ["a", "b"]
    assert [column.tolist() for column in series.columns] == [[1], [2]]


def test_the_offset_may_change_as_long_as_the_instants_go_on(tmp_path: Path) -> None:
    """The night in which the clocks go back: 02:45+02:00 is followed by 02:00+01:00."""
    text = "time,a\n2025-10-26T02:45+02:00,1\n2025-10-26T02:00+01:00,2\n2025-10-26T01:15Z,3\n"
    series = _read(tmp_path, text)
    assert series.columns[0].tolist() == [1, 2, 3]


def test_parts_of_a_wh_are_carried_and_none_is_lost(tmp_path: Path) -> None:
    """Ten thirds are three; each column carries its own."""
    rows = [f"2025-06-01T{slot // 4:02}:{slot % 4 * 15:02}Z,0.333334,0.9\n" for slot in range(10)]
    series = _read(tmp_path, "time,a,b\n" + "".join(rows))
    assert series.columns[0].tolist() == [0, 0, 1, 0, 0, 1, 0, 0, 1, 0]
    assert sum(series.columns[1]) == 9


H = "time,a,b\n"
BAD: list[tuple[str, str | bytes, type[InputError], int | None, str | None, str]] = [
    ("no bytes", "", FileEmpty, None, None, "is empty"),
    ("only a byte order mark", b"\xef\xbb\xbf", FileEmpty, None, None, "is empty"),
    ("only blank lines", "\n  \n\n", FileEmpty, None, None, "is empty"),
    ("only a header", H, HeaderOnly, None, None, "no slots"),
    ("a header and blank lines", H + "\n\n", HeaderOnly, None, None, "no slots"),
    ("an image", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", NotText, 1, None, "UTF-8"),
    ("zeros", bytes(5000), NotText, 1, None, "NUL"),
    ("a NUL in a row", H.encode() + ROW.encode() + b"2025-06-01T00:15Z,1\0,2\n", NotText, 3, None, "NUL"),
    ("UTF-16", (H + ROW).encode("utf-16"), NotText, 1, None, "UTF-16"),
    ("Latin-1", "time,Büro\n".encode("latin-1"), NotText, 1, None, "UTF-8"),
    ("a blank first line", "\n" + H + ROW, BadHeader, 1, None, "blank"),
    ("no header", ROW + NEXT, BadHeader, 1, None, 'no column "time"'),
    ("time not first", "a,time\n", BadHeader, 1, "a", "first column"),
    ("Time", "Time,a\n", BadHeader, 1, None, 'no column "time"'),
    ("semicolons", "time;a;b\n", BadHeader, 1, None, "semicolons"),
    ("tabs", "time\ta\n", BadHeader, 1, None, "tabs"),
    ("no column but time", "time\n2025-06-01T00:00Z\n", BadHeader, 1, None, "besides time"),
    ("a column without a name", "time,a,,b\n", BadHeader, 1, None, "column 3 has no name"),
    ("a comma at the header's end", "time,a,\n", BadHeader, 1, None, "column 3 has no name"),
    ("a name twice", "time,a,b,a\n", BadHeader, 1, "a", "twice"),
    ("time twice", "time,a,time\n", BadHeader, 1, "time", "twice"),
    ("a long name", "time,%s\n" % ("x" * 65), BadHeader, 1, "x" * 65, "64"),
    ("an invisible name", "time,a\x07\n", BadHeader, 1, "a\x07", "name"),
    ("too many columns", "time," + ",".join(map(str, range(10_001))) + "\n", TooLarge, 1, None, "10000"),
    ("a line without an end", b"time," + b"x" * (1 << 21), TooLarge, 1, None, "longer than"),
    ("old Macintosh line ends", "time,a\r2025-06-01T00:00Z,1\r", BadRow, 1, None, "carriage return"),
    ("quotes that stay open", H + '2025-06-01T00:00Z,"1,2\n' + NEXT, BadRow, 2, None, "quotes"),
    ("text after quotes", H + '2025-06-01T00:00Z,"1"x,2\n', BadRow, 2, None, "quotes"),
    ("a missing cell", H + ROW + "2025-06-01T00:15Z,3\n", BadRow, 3, "b", "2 cells instead of 3"),
    ("an extra cell", H + ROW + "2025-06-01T00:15Z,3,4,5\n", BadRow, 3, None, "4 cells instead of 3"),
    ("a blank line inside", H + ROW + "\n" + NEXT, BadRow, 3, None, "blank"),
    ("semicolons in a row", H + "2025-06-01T00:00Z;1;2\n", BadRow, 2, "a", "1 cells instead of 3"),
    ("a naive time", H + "2025-06-01T00:00,1,2\n", BadTime, 2, "time", "no offset"),
    ("no time", H + "yesterday,1,2\n", BadTime, 2, "time", "not an ISO 8601"),
    ("a blank time", H + ",1,2\n", BadTime, 2, "time", "not an ISO 8601"),
    ("a day that is not", H + "2025-02-30T00:00Z,1,2\n", BadTime, 2, "time", "exists"),
    ("a time off the grid", H + "2025-06-01T00:05Z,1,2\n", BadTime, 2, "time", "quarter of an hour"),
    ("a second off the grid", H + "2025-06-01T00:15:01Z,1,2\n", BadTime, 2, "time", "quarter of an hour"),
    ("a gap", H + ROW + "2025-06-01T00:45Z,1,2\n", BadOrder, 3, "time", "gap of 2 slots"),
    ("a slot twice", H + ROW + ROW, BadOrder, 3, "time", "twice"),
    ("backwards", H + NEXT + ROW, BadOrder, 3, "time", "out of order"),
    ("a negative energy", H + "2025-06-01T00:00Z,1,-2\n", BadEnergy, 2, "b", "negative"),
    ("NaN", H + "2025-06-01T00:00Z,NaN,2\n", BadEnergy, 2, "a", "NaN"),
    ("an infinite energy", H + "2025-06-01T00:00Z,1,inf\n", BadEnergy, 2, "b", "infinite"),
    ("a blank energy", H + "2025-06-01T00:00Z,1, \n", BadEnergy, 2, "b", "blank"),
    ("no number", H + "2025-06-01T00:00Z,one,2\n", BadEnergy, 2, "a", "not a number"),
    ("a decimal comma", H + '2025-06-01T00:00Z,"1,5",2\n', BadEnergy, 2, "a", "decimals take a point"),
    ("an absurd energy", H + "2025-06-01T00:00Z,1,10000001\n", BadEnergy, 2, "b", "more than 10000000"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "error", "line", "column", "why"),
    [case[1:] for case in BAD],
    ids=[case[0] for case in BAD],
)
def test_a_bad_file_is_refused_with_its_place(
    tmp_path: Path,
    text: str | bytes,
    error: type[InputError],
    line: int | None,
    column: str | None,
    why: str,
) -> None:
    """The error's class, file, line and column, in one printable line."""
    with pytest.raises(InputError) as caught:
        _read(tmp_path, text)
    fault = caught.value
    assert type(fault) is error
    assert (fault.file, fault.line, fault.column) == (str(tmp_path / "homes.csv"), line, column)
    message = str(fault)
    assert why in message
    assert message.isprintable()
    assert message.startswith(fault.file)
    assert len(message) < len(fault.file) + 200
    assert line is None or "line %d" % line in message


def test_a_missing_file_is_missing(tmp_path: Path) -> None:
    """Also when its folder is."""
    for name in ("no.csv", "no/no.csv"):
        with pytest.raises(FileMissing, match="no such file"):
            read_series(str(tmp_path / name))


def test_what_cannot_be_read_as_a_file_is_refused(tmp_path: Path) -> None:
    """A directory, a pipe that would wait for ever, a link to itself, a file used as a folder, an impossible name."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "file").write_text("x")
    cases = [
        (str(tmp_path), "directory"),
        (str(tmp_path / "pipe"), "not a regular file"),
        (str(tmp_path / "loop"), os.strerror(errno.ELOOP)),
        (str(tmp_path / "file" / "x"), os.strerror(errno.ENOTDIR)),
        (str(tmp_path / ("x" * 300)), os.strerror(errno.ENAMETOOLONG)),
        ("a\0b", "null"),
    ]
    for path, why in cases:
        with pytest.raises(FileUnreadable, match=why) as caught:
            read_series(path)
        assert str(caught.value).isprintable()


def test_a_file_one_may_not_read_is_refused(tmp_path: Path) -> None:
    """The system's own reason is passed on. Root may read anything, and so is somebody else for a moment."""
    path = tmp_path / "secret.csv"
    path.write_text("time,a\n")
    path.chmod(0)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        with pytest.raises(FileUnreadable, match=os.strerror(errno.EACCES)):
            read_series(str(path))
    finally:
        os.seteuid(user)


@pytest.mark.parametrize(("limit", "value"), [("ROWS_MAX", 1), ("CELLS_MAX", 3)])
def test_more_rows_or_cells_than_a_run_can_take_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    """At the first row too many, with the limit made small."""
    monkeypatch.setattr(csv_input, limit, value)
    with pytest.raises(TooLarge, match=r"line 3: more than 1 slots"):
        _read(tmp_path, H + ROW + NEXT)


def test_a_file_name_cannot_break_the_line(tmp_path: Path) -> None:
    """A name with a line feed and an escape code is shown escaped."""
    with pytest.raises(FileMissing) as caught:
        read_series(str(tmp_path / "a\n\x1b[31mb"))
    assert str(caught.value).isprintable()


def _reason(path: Path) -> str:
    try:
        assert read_series(str(path)).slots > 0
    except InputError as fault:
        return str(fault)
    return "none"


@given(st.binary(max_size=300))
def test_no_bytes_at_all_do_anything_else(
    tmp_path_factory: pytest.TempPathFactory, tail: bytes
) -> None:
    """A series or an InputError in one line, whatever follows a good beginning."""
    path = tmp_path_factory.getbasetemp() / "any.csv"
    for head in (b"", b"time,a\n", b"time,a\n2025-06-01T00:00Z,1\n"):
        path.write_bytes(head + tail)
        assert _reason(path).isprintable()


def _series(name: str, start: int, slots: int) -> Series:
    return Series(name, start, ["a"], [csv_input.array("i", [0] * slots)])


def test_two_files_share_the_time_that_both_have() -> None:
    """The overlap, down to a single slot, whichever begins first."""
    loads, pv = _series("loads.csv", START, 96), _series("pv.csv", START + 90 * 900, 96)
    assert common_window(loads, pv) == common_window(pv, loads) == (START + 90 * 900, 6)
    assert common_window(loads, _series("pv.csv", START + 95 * 900, 4)) == (START + 95 * 900, 1)


def test_two_files_without_common_time_are_refused_with_both_spans() -> None:
    """Touching is not overlapping."""
    loads, pv = _series("loads.csv", START, 96), _series("pv.csv", START + 86400, 96)
    with pytest.raises(NoOverlap) as caught:
        common_window(loads, pv)
    assert str(caught.value) == (
        "loads.csv: its time (2025-06-01T00:00Z to 2025-06-02T00:00Z) has no slot in common with "
        "pv.csv (2025-06-02T00:00Z to 2025-06-03T00:00Z)"
    )
