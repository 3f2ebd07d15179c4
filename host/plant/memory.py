# SPDX-License-Identifier: Apache-2.0
"""A node's Store on a disk: one SQLite file, in which every write is durable before the next effect is performed."""

import sqlite3
from pathlib import Path

from ..errors import PlantError

SCHEMA = """
CREATE TABLE IF NOT EXISTS kept (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS boots (count INTEGER NOT NULL);
"""


class PlantMemory:
    """interfaces.Store. A write that fails is an OSError, as on a board: the shell knows what to do."""

    def __init__(self, path: Path) -> None:
        """PlantError if the file is none, cannot be written, or another node has it open."""
        self._path = path
        try:
            self._file = sqlite3.connect(path, isolation_level=None, timeout=0)
            self._file.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._file.execute("PRAGMA journal_mode = WAL")
            self._file.execute("PRAGMA synchronous = FULL")
            self._file.executescript(SCHEMA)
            self.boot_count = self._count_boot()
        except sqlite3.OperationalError as error:
            told = "another node has it open" if "locked" in str(error) else str(error)
            raise PlantError("%s: %s" % (path, told)) from error
        except sqlite3.DatabaseError as error:
            raise PlantError("%s: %s" % (path, error)) from error

    def keep(self, key: bytes, value: bytes) -> None:
        """Write or overwrite."""
        self._do("INSERT OR REPLACE INTO kept VALUES (?, ?)", key, value)

    def drop(self, key: bytes) -> None:
        """Forget; unknown keys are fine."""
        self._do("DELETE FROM kept WHERE key = ?", key)

    def items(self) -> list[tuple[bytes, bytes]]:
        """Everything kept, sorted by key."""
        return list(self._file.execute("SELECT key, value FROM kept ORDER BY key"))

    def close(self) -> None:
        """Nothing more is kept."""
        self._file.close()

    def _do(self, statement: str, *values: bytes) -> None:
        try:
            self._file.execute(statement, values)
        except sqlite3.Error as error:
            raise OSError("%s: %s" % (self._path, error)) from error

    def _count_boot(self) -> int:
        """How often this file was opened; the node's presence tells it."""
        row = self._file.execute("SELECT count FROM boots").fetchone()
        count = row[0] + 1 if row else 1
        self._file.execute("DELETE FROM boots")
        self._file.execute("INSERT INTO boots VALUES (?)", (count,))
        return count
