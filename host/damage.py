# SPDX-License-Identifier: Apache-2.0
"""Told apart when SQLite complains: a chain that is damaged, a file that is no chain, a machine that denies it.

Only the first is a verdict on the chain. What decides is the mark in the file's own header, which can be
read when nothing else can.
"""

import sqlite3
from pathlib import Path

from . import layout

DAMAGE = (sqlite3.Error, UnicodeDecodeError)
"""What reading a damaged file raises: Python cannot decode a message of SQLite that quotes the damage."""

DENIED = {
    sqlite3.SQLITE_AUTH,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_READONLY,
}
MAGIC = b"SQLite format 3\0"
MARK_AT = 68  # sqlite.org/fileformat2.html, 1.3: the application id


def denied(error: Exception) -> bool:
    """Whether the machine is in the way (a lock, a right, the disk): nothing is said of the file then."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in DENIED


def bears_our_mark(path: Path) -> bool:
    """Whether the header says that this is a chain of Wattpact, however little else can be read."""
    with path.open("rb") as file:
        header = file.read(MARK_AT + 4)
    mark = header[MARK_AT:]
    return header.startswith(MAGIC) and mark == layout.APPLICATION_ID.to_bytes(4, "big")


def one_line(told: object) -> str:
    """What SQLite says, without headings, further lines and whatever a terminal would obey."""
    lines = [line for line in str(told).splitlines() if line.strip() and not line.startswith("***")]
    first = lines[0] if lines else "no reason given"
    return "".join(sign if sign.isprintable() else "?" for sign in first)
