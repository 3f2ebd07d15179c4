# SPDX-License-Identifier: Apache-2.0
"""A complaint of SQLite is a verdict on the chain, on the file or on the machine."""

import sqlite3
from pathlib import Path

import pytest

from host.damage import bears_our_mark, denied, one_line
from host.store import ChainStore


def test_the_mark_is_read_from_the_header_alone(tmp_path: Path) -> None:
    """72 bytes are enough; one fewer, or another program's database, are not."""
    chain, cut = tmp_path / "chain.db", tmp_path / "cut.db"
    ChainStore.create(chain, b"genesis").close()
    for length, marked in ((72, True), (71, False), (0, False)):
        cut.write_bytes(chain.read_bytes()[:length])
        assert bears_our_mark(cut) is marked
    cut.write_bytes(b"x" + chain.read_bytes()[1:])
    assert not bears_our_mark(cut)


def test_a_folder_that_takes_no_file_is_the_machine_and_no_damage(tmp_path: Path) -> None:
    """What cannot be opened has not been looked at; what is no database has."""
    (tmp_path / "text.db").write_text("plain text, and a lot of it " * 10)
    for path, expected in ((tmp_path / "no" / "chain.db", True), (tmp_path / "text.db", False)):
        with pytest.raises(sqlite3.Error) as found:
            sqlite3.connect(path).execute("SELECT * FROM sqlite_schema")
        assert denied(found.value) is expected
    assert not denied(UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"))


def test_of_a_report_one_printable_line_is_left() -> None:
    """Headings say nothing, and a terminal must not obey a damaged file."""
    assert one_line("*** in database main ***\nPage 3: never used\nPage 4: x") == (
        "Page 3: never used"
    )
    assert one_line("near \x1b[2J\r\n") == "near ?[2J"
    assert one_line("") == "no reason given"
