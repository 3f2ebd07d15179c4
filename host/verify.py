# SPDX-License-Identifier: Apache-2.0
"""Re-execute a chain from its genesis and name the first thing that is wrong.

Nothing in the file is believed. What cannot be derived must be signed, and everything else is derived again
and compared: every column of every row, row numbers, tables, indexes, and what SQLite itself says of the
file. Blocks stream through; memory grows with the state, not with the history.
"""

import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from wattpact.errors import RuleError, WattpactError

from . import layout
from .damage import DAMAGE, bears_our_mark, denied, one_line
from .errors import ChainFileError
from .replica import EVIDENCE, Replica
from .store import Cosignature, connect_for_reading

if TYPE_CHECKING:
    from wattpact.interfaces import Verifier
    from wattpact.ledger.machine import Finalized

R8_FILE = 8
R9_GENESIS = 9
PROGRESS_S = 0.5
IN_ORDER = {
    "genesis": "SELECT height, envelope FROM genesis ORDER BY height",
    "blocks": "SELECT height, time, app_hash, root, size, checkpoint FROM blocks ORDER BY height",
    "cosignatures": "SELECT place, height, witness, acceptance FROM cosignatures ORDER BY place",
    "transactions": "SELECT position, height, id, bytes, code FROM transactions ORDER BY position",
    "state": "SELECT place, key, value FROM state ORDER BY key",
}

Row = tuple[Any, ...]
Types = tuple[type[int | bytes], ...]


class BrokenChain(Exception):
    """The first thing found wrong, as `height H: R<n> what`."""

    def __init__(self, height: int, rule: int, what: str) -> None:
        super().__init__("height %d: R%d %s" % (height, rule, what))
        self.height = height
        self.rule = rule


@dataclass(frozen=True)
class Verified:
    """What a sound chain holds, and the CPU time it took to be sure."""

    network: bytes
    name: str
    height: int
    transactions: int
    app_hash: bytes
    cpu_s: float


class Places:
    """The row number that each state key must have: 1 + the highest in use when it was written first."""

    def __init__(self) -> None:
        self._of: dict[bytes, int] = {}
        self._used: set[int] = set()
        self._top = 0

    def __getitem__(self, key: bytes) -> int:
        return self._of[key]

    def __len__(self) -> int:
        return len(self._of)

    def write(self, key: bytes, value: bytes | None) -> None:
        """As the store does it; None deletes."""
        if value is not None:
            if key not in self._of:
                self._top += 1
                self._of[key] = self._top
                self._used.add(self._top)
        elif key in self._of:
            self._used.discard(self._of.pop(key))
            while self._top and self._top not in self._used:
                self._top -= 1


class Rows:
    """The rows of one table in order of their numbers, to be taken while they belong to a block."""

    def __init__(self, cursor: sqlite3.Cursor, table: str, types: Types) -> None:
        """Values that are not of exactly these types are R8."""
        self._cursor = cursor
        self._table = table
        self._types = types
        self._next: Row | None = self._cursor.fetchone()

    def take(self, height: int, column: int) -> Iterator[Row]:
        """The next rows as long as `column` says `height`."""
        while self._next is not None and self._next[column] == height:
            row = self._next
            if tuple(map(type, row)) != self._types:
                raise BrokenChain(height, R8_FILE, "%s %s: type of a value" % (self._table, row[0]))
            self._next = self._cursor.fetchone()
            yield row

    def next_number(self) -> Any:
        """The number of the row that nobody took yet, or None at the end."""
        return None if self._next is None else self._next[0]


def verify(path: Path, verifier: "Verifier") -> Verified:
    """Check everything in the file. BrokenChain on the first fault; ChainFileError if there is no chain to check."""
    started = time.process_time()
    with closing(connect_for_reading(path)) as connection, ExitStack() as cursors:
        check = _Check(path, connection, cursors, verifier)
        try:
            check.file()
            check.chain()
            check.state()
        except DAMAGE as error:
            if denied(error):
                raise ChainFileError("%s: %s" % (path, one_line(error))) from error
            what = "file is damaged: %s" % one_line(error)
            raise BrokenChain(check.height, R8_FILE, what) from error
    ledger = check.replica.ledger
    return Verified(
        network=ledger.network,
        name=ledger.genesis.name,
        height=ledger.height,
        transactions=ledger.tree.size,
        app_hash=ledger.app_hash,
        cpu_s=time.process_time() - started,
    )


class Progress:
    """A line on standard error that overwrites itself, if a person is watching."""

    def __init__(self, height: int) -> None:
        """`height` is where it ends."""
        self._height = height
        self._started = time.process_time()
        self._next = time.monotonic() + PROGRESS_S
        stream: TextIO | None = sys.stderr  # None if the shell closed it
        self._watched = stream is not None and stream.isatty()

    def show(self, height: int, transactions: int) -> None:
        """Say how far and how fast, now and then."""
        if self._watched and time.monotonic() >= self._next:
            self._next = time.monotonic() + PROGRESS_S
            speed = transactions / max(1e-9, time.process_time() - self._started)
            line = "block %d of %s, %.0f transactions per CPU second"
            self._write(line % (height, self._height, speed))

    def clear(self) -> None:
        """Leave nothing behind."""
        if self._watched:
            self._write("")

    def _write(self, line: str) -> None:
        print("\r%s\x1b[K" % line, end="", file=sys.stderr, flush=True)


class _Check:
    """One pass over one file. `height` is where it stands: what is wrong is named with it."""

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        cursors: ExitStack,
        verifier: "Verifier",
    ) -> None:
        """`cursors` closes what is still being read when a fault ends the pass: else the file stays locked."""
        self.height = 0
        self.replica: Replica
        self._path = path
        self._connection = connection
        self._cursors = cursors
        self._verifier = verifier
        self._places = Places()

    def file(self) -> None:
        """The database as such: is it one, is it whole, and does it hold these tables and nothing else?"""
        try:
            self._connection.execute("BEGIN")  # one snapshot, even of a chain that grows
            schema = self._connection.execute(
                "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name"
            ).fetchall()
        except DAMAGE as error:
            if bears_our_mark(self._path):
                raise
            raise ChainFileError("%s: %s" % (self._path, one_line(error))) from error
        marked = self._pragma("application_id") == layout.APPLICATION_ID
        if not marked and "genesis" not in [row[1] for row in schema]:
            raise ChainFileError("%s: is not a chain of Wattpact" % self._path)
        if schema != layout.schema():
            self._broken("tables and indexes are not those of layout %d" % layout.VERSION)
        if not marked:
            self._broken("application id")
        if self._pragma("user_version") != layout.VERSION:
            self._broken("layout version")
        if not self._log_stands_beside():
            size = self._pragma("page_size") * self._pragma("page_count")
            more = self._path.stat().st_size - size
            if more < 0:
                self._broken("file is damaged: %d B are missing at the end" % -more)
            if more:
                self._broken("file is damaged: %d B too many at the end" % more)
        found = self._pragma("integrity_check(1)")
        if found != "ok":
            self._broken("file is damaged: %s" % one_line(found))

    def chain(self) -> None:
        """Genesis and blocks, each executed again."""
        genesis = list(self._rows("genesis", (int, bytes)).take(0, 0))
        count = self._connection.execute("SELECT count(*) FROM genesis").fetchone()[0]
        if len(genesis) != 1 or count != 1:
            raise BrokenChain(0, R9_GENESIS, "genesis: not one row")
        try:
            self.replica = Replica(genesis[0][1], self._verifier)
        except WattpactError as error:
            raise BrokenChain(0, R9_GENESIS, "genesis: %s" % error) from error
        blocks = self._rows("blocks", (int, int, bytes, bytes, int, bytes))
        transactions = self._rows("transactions", (int, int, bytes, bytes, int))
        cosignatures = self._rows("cosignatures", (int, int, bytes, bytes))
        progress = Progress(
            self._connection.execute("SELECT max(height) FROM blocks").fetchone()[0]
        )
        while blocks.next_number() is not None:
            height = self.height + 1
            if blocks.next_number() != height:
                raise BrokenChain(
                    height, 1, "block %s follows %d" % (blocks.next_number(), height - 1)
                )
            (block,) = blocks.take(height, 0)
            self.height = height
            try:
                self._block(
                    block, list(transactions.take(height, 1)), list(cosignatures.take(height, 1))
                )
            except RuleError as error:
                raise BrokenChain(height, error.rule, error.detail) from error
            progress.show(height, self.replica.ledger.tree.size)
        progress.clear()
        for table, rows in (("transactions", transactions), ("cosignatures", cosignatures)):
            if rows.next_number() is not None:
                self._broken("%s %s: belongs to no block" % (table, rows.next_number()))

    def state(self) -> None:
        """Every state row against the state that execution ended in."""
        rows = self._cursor("state")
        for key, value in self.replica.ledger.rows():
            row: Row | None = rows.fetchone()
            if row is None or row[1] != key:
                self._broken("state %s: is not there" % key.hex())
            elif type(row[1]) is not bytes or type(row[2]) is not bytes or row[2] != value:
                self._broken("state %s: value is another" % key.hex())
            elif row[0] != self._places[key]:
                self._broken("state %s: row number" % key.hex())
        if rows.fetchone() is not None:
            self._broken("state: more rows than execution gives")

    def _block(self, block: Row, transactions: list[Row], cosignatures: list[Row]) -> None:
        """RuleError or BrokenChain with what is wrong in this block; else it becomes the state."""
        height, block_time, app_hash, root, size, signed = block
        payload, claimed = self.replica.open_checkpoint(signed)
        stored = (height, block_time, app_hash, root, size)
        if stored != (claimed.height, claimed.time, claimed.app_hash, claimed.root, claimed.size):
            self._broken("a column of the block is not what its checkpoint says")
        finalized = self.replica.execute(height, block_time, [row[3] for row in transactions])
        self._transactions(transactions, finalized)
        self.replica.check_accepted(finalized)
        self.replica.check_checkpoint(finalized, height, block_time, signed)
        places = [height * layout.WITNESSES_MAX, (height + 1) * layout.WITNESSES_MAX]
        if any(not places[0] <= row[0] < places[1] for row in cosignatures):
            self._broken("cosignature: row number")
        self.replica.check_cosignatures(
            payload, [Cosignature(row[0] - places[0], row[2], row[3]) for row in cosignatures]
        )
        for key, value in finalized.writes:
            self._places.write(key, value)
        self.replica.commit(payload)

    def _transactions(self, rows: list[Row], finalized: "Finalized") -> None:
        """Columns of a block's transactions; whether they are accepted is another question."""
        first = self.replica.ledger.tree.size
        for index, row in enumerate(rows):
            if row[0] != first + index:
                self._broken("transaction %d: stands where %d must" % (row[0], first + index))
            code = finalized.codes[index]
            accepted = code == 0 or code in EVIDENCE
            if accepted and (row[2], row[4]) != (finalized.ids[index], code):
                self._broken("transaction %d: id or code is another" % row[0])

    def _cursor(self, table: str) -> sqlite3.Cursor:
        return self._cursors.enter_context(closing(self._connection.execute(IN_ORDER[table])))

    def _rows(self, table: str, types: Types) -> Rows:
        return Rows(self._cursor(table), table, types)

    def _pragma(self, name: str) -> Any:
        return self._connection.execute("PRAGMA " + name).fetchone()[0]

    def _log_stands_beside(self) -> bool:
        """Whether the chain is in use, or its host was killed: then the file alone is not all."""
        path = self._path.resolve()
        return path.with_name(path.name + "-wal").exists()

    def _broken(self, what: str) -> NoReturn:
        raise BrokenChain(self.height, R8_FILE, what)
