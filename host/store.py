# SPDX-License-Identifier: Apache-2.0
"""The chain on disk: WAL with synchronous=FULL, one transaction per block, one closed file at the end.

A block is there whole or not at all, whenever the power goes. The store knows no rules: what it is
told to append has been executed, signed and co-signed.
"""

import sqlite3
import stat
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from itertools import groupby
from pathlib import Path
from typing import Self

from wattpact.wire.envelope import peek_payload
from wattpact.wire.messages import message_id

from . import layout
from .damage import DAMAGE, bears_our_mark, denied, one_line
from .errors import ChainFileError

BUSY_S = 5.0


@dataclass(frozen=True)
class BlockRow:
    """A row of `blocks`; `size` counts all transactions up to and with this block."""

    height: int
    time: int
    app_hash: bytes
    root: bytes
    size: int
    checkpoint: bytes


@dataclass(frozen=True)
class TransactionRow:
    """One accepted transaction as the sender made it; `code` is 0, or 32 or 33 for evidence."""

    id: bytes
    envelope: bytes
    code: int


@dataclass(frozen=True)
class Cosignature:
    """A witness' detached Sign1 over the checkpoint; `index` is its place in the genesis."""

    index: int
    witness: bytes
    acceptance: bytes


class ChainReader:
    """One network's chain file, open for reading; sees the blocks that are there at each question."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        """Made by `open`."""
        self.path = path
        self._connection = connection
        self._check_header()
        self.genesis: bytes = self._genesis()

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """ChainFileError if there is no such file or it is no chain of this layout."""
        path = Path(path)
        try:
            return cls(path, cls._connect(path))
        except DAMAGE as error:
            if bears_our_mark(path) and not denied(error):
                raise ChainFileError("%s: is damaged; verify says where" % path) from error
            raise ChainFileError("%s: %s" % (path, one_line(error))) from error

    @property
    def network(self) -> bytes:
        """First 8 bytes of the genesis' hash."""
        return message_id(peek_payload(self.genesis))[:8]

    def check_network(self, network: bytes) -> None:
        """ChainFileError unless this is the chain of `network` (8 B)."""
        if self.network != network:
            raise ChainFileError(
                "%s: is the chain of network %s, not of %s"
                % (self.path, self.network.hex(), network.hex())
            )

    def head(self) -> BlockRow | None:
        """The last block, or None before the first."""
        row = self._connection.execute(
            "SELECT height, time, app_hash, root, size, checkpoint"
            " FROM blocks ORDER BY height DESC LIMIT 1"
        ).fetchone()
        return None if row is None else BlockRow(*row)

    def cosignatures(self, height: int) -> list[Cosignature]:
        """Those of one block, in the order of the genesis' witnesses."""
        first = height * layout.WITNESSES_MAX
        rows = self._connection.execute(
            "SELECT place, witness, acceptance FROM cosignatures"
            " WHERE place >= ? AND place < ? ORDER BY place",
            (first, first + layout.WITNESSES_MAX),
        )
        return [Cosignature(place - first, witness, signed) for place, witness, signed in rows]

    def state(self) -> Iterator[tuple[bytes, bytes]]:
        """Every (key, CBOR value), keys ascending."""
        return iter(self._connection.execute("SELECT key, value FROM state ORDER BY key"))

    def envelopes(self) -> Generator[bytes, None, None]:
        """Every transaction's stored bytes, in the order of the tree."""
        rows = self._connection.execute("SELECT bytes FROM transactions ORDER BY position")
        return (row[0] for row in rows)

    def block_transactions(self, height: int) -> list[bytes]:
        """Stored bytes of one block's transactions, in order; none if there is no such block."""
        rows = self._connection.execute(
            "SELECT bytes FROM transactions"
            " WHERE position >= (SELECT COALESCE(MAX(size), 0) FROM blocks WHERE height = ? - 1)"
            " AND position < (SELECT COALESCE(MAX(size), 0) FROM blocks WHERE height = ?)"
            " ORDER BY position",
            (height, height),
        )
        return [row[0] for row in rows]

    def transactions(self) -> Iterator[tuple[int, int, int, bytes, bytes, int]]:
        """(position, height, time of the block, id, stored bytes, code) in the order of the tree."""
        rows = self._connection.execute(
            "SELECT t.position, t.height, b.time, t.id, t.bytes, t.code FROM transactions t"
            " JOIN blocks b ON b.height = t.height ORDER BY t.position"
        )
        return iter(rows)

    def close(self) -> None:
        """Let go of the file. Closing twice is fine."""
        self._connection.close()

    @classmethod
    def _connect(cls, path: Path) -> sqlite3.Connection:
        return connect_for_reading(path)

    def _check_header(self) -> None:
        """ChainFileError unless this program wrote the layout of this file."""
        application = self._connection.execute("PRAGMA application_id").fetchone()[0]
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if application != layout.APPLICATION_ID:
            raise ChainFileError("%s: is not a chain of Wattpact" % self.path)
        if version != layout.VERSION:
            raise ChainFileError(
                "%s: has layout %d; this program reads layout %d"
                % (self.path, version, layout.VERSION)
            )

    def _genesis(self) -> bytes:
        row = self._connection.execute("SELECT envelope FROM genesis").fetchone()
        if row is None or type(row[0]) is not bytes:
            raise ChainFileError("%s: holds no genesis" % self.path)
        return row[0]


class ChainStore(ChainReader):
    """The same file, open for the one who appends to it."""

    @classmethod
    def create(cls, path: str | Path, genesis: bytes) -> Self:
        """A new file with the genesis alone. ChainFileError if something is there already."""
        path = Path(path)
        try:
            path.touch(exist_ok=False)
            connection = cls._connect(path)
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("PRAGMA application_id = %d" % layout.APPLICATION_ID)
            connection.execute("PRAGMA user_version = %d" % layout.VERSION)
            for statement in layout.statements():
                connection.execute(statement)
            connection.execute("INSERT INTO genesis VALUES (0, ?)", (genesis,))
            connection.execute("COMMIT")
        except FileExistsError as error:
            raise ChainFileError("%s: exists already; a chain is founded once" % path) from error
        except (OSError, sqlite3.Error) as error:
            raise ChainFileError("%s: %s" % (path, error)) from error
        return cls(path, connection)

    def append(
        self,
        block: BlockRow,
        transactions: Sequence[TransactionRow],
        cosignatures: Sequence[Cosignature],
        writes: Iterable[tuple[bytes, bytes | None]],
    ) -> None:
        """Commit one block durably, or change nothing and raise ChainFileError.

        `writes` are the block's state changes in ascending order of key; None deletes.
        """
        first = block.size - len(transactions)
        place = block.height * layout.WITNESSES_MAX
        execute, many = self._connection.execute, self._connection.executemany
        try:
            execute("BEGIN IMMEDIATE")
            execute("INSERT INTO blocks VALUES (?, ?, ?, ?, ?, ?)", astuple(block))
            many(
                "INSERT INTO transactions VALUES (?, ?, ?, ?, ?)",
                [
                    (first + index, block.height, each.id, each.envelope, each.code)
                    for index, each in enumerate(transactions)
                ],
            )
            many(
                "INSERT INTO cosignatures VALUES (?, ?, ?, ?)",
                [
                    (place + each.index, block.height, each.witness, each.acceptance)
                    for each in cosignatures
                ],
            )
            # In runs, so that rows are numbered in the order of the writes.
            for deletes, run in groupby(writes, key=_deletes):
                if deletes:
                    many("DELETE FROM state WHERE key = ?", [(key,) for key, _none in run])
                else:
                    many(
                        "INSERT INTO state (key, value) VALUES (?, ?)"
                        " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                        run,
                    )
            execute("COMMIT")
        except sqlite3.Error as error:
            if self._connection.in_transaction:
                execute("ROLLBACK")
            raise ChainFileError("%s: block %d: %s" % (self.path, block.height, error)) from error

    def close(self) -> None:
        """Leave one compact file and nothing beside it. Closing twice is fine.

        ChainFileError if another program reads the file just now: then the log stays beside it, which
        the next open and close folds in.
        """
        try:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._connection.execute("PRAGMA journal_mode = DELETE")
            self._connection.execute("VACUUM")
        except sqlite3.ProgrammingError:
            return  # closed before
        except sqlite3.Error as error:
            raise ChainFileError("%s: not folded into one file: %s" % (self.path, error)) from error
        finally:
            self._connection.close()

    @classmethod
    def _connect(cls, path: Path) -> sqlite3.Connection:
        connection = _connect(path, "rw")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        return connection


def connect_for_reading(path: Path) -> sqlite3.Connection:
    """A connection that cannot write; ChainFileError if there is no file that can be read."""
    return _connect(path, "ro")


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    """Autocommit, so that every BEGIN and COMMIT stands in this file."""
    try:
        kind = stat.S_IFMT(path.stat().st_mode)
        if kind not in (stat.S_IFREG, stat.S_IFDIR):
            # To open a FIFO would wait for somebody to write to it.
            raise ChainFileError("%s: is not a regular file" % path)
        with path.open("rb"):
            pass
    except OSError as error:
        raise ChainFileError("%s: %s" % (path, error.strerror)) from error
    uri = "%s?mode=%s" % (path.resolve().as_uri(), mode)
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_S)
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def _deletes(write: tuple[bytes, bytes | None]) -> bool:
    return write[1] is None
