# SPDX-License-Identifier: Apache-2.0
"""A chain file holds whole blocks only, is durable, and ends as one file."""

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from host import layout
from host.errors import ChainFileError
from host.store import BlockRow, ChainReader, ChainStore, Cosignature, TransactionRow
from tests.unit.host.town import GENESIS, signer
from wattpact.wire.envelope import peek_payload
from wattpact.wire.messages import message_id

ROOT = Path(__file__).resolve().parents[3]


def block(height: int, size: int) -> BlockRow:
    return BlockRow(height, 1000 + height, b"a" * 32, b"r" * 32, size, b"checkpoint %d" % height)


def transaction(number: int) -> TransactionRow:
    return TransactionRow(number.to_bytes(32, "big"), b"envelope %d" % number, 0)


def fill(store: ChainStore, height: int) -> None:
    """One block with two transactions, two cosignatures and a few state rows."""
    store.append(
        block(height, 2 * height),
        [transaction(2 * height - 2), transaction(2 * height - 1)],
        [Cosignature(0, b"witness0", b"x"), Cosignature(3, b"witness3", b"y")],
        [(b"fixed", b"%d" % height), (b"new %d" % height, b"v"), (b"old %d" % (height - 1), None)],
    )


def test_what_was_appended_is_read_back(tmp_path: Path) -> None:
    """Blocks, transactions in order, cosignatures by place, state ascending by key."""
    store = ChainStore.create(tmp_path / "chain.db", GENESIS)
    assert store.head() is None
    for height in (1, 2, 3):
        fill(store, height)
    assert store.head() == block(3, 6)
    assert list(store.envelopes()) == [b"envelope %d" % number for number in range(6)]
    assert store.cosignatures(2) == [
        Cosignature(0, b"witness0", b"x"),
        Cosignature(3, b"witness3", b"y"),
    ]
    assert store.cosignatures(4) == []
    assert [key for key, _value in store.state()] == [b"fixed", b"new 1", b"new 2", b"new 3"]
    store.close()


def test_closing_leaves_one_file_that_any_sqlite_reads(tmp_path: Path) -> None:
    """No -wal, no -shm; closing twice is fine; a reader sees all of it."""
    store = ChainStore.create(tmp_path / "chain.db", GENESIS)
    fill(store, 1)
    assert (tmp_path / "chain.db-wal").exists()
    store.close()
    store.close()
    assert [path.name for path in tmp_path.iterdir()] == ["chain.db"]
    reader = ChainReader.open(tmp_path / "chain.db")
    assert reader.genesis == GENESIS
    assert reader.head() == block(1, 2)
    reader.close()
    assert [path.name for path in tmp_path.iterdir()] == ["chain.db"]


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    """Whoever verifies or exports cannot harm the chain."""
    ChainStore.create(tmp_path / "chain.db", GENESIS).close()
    reader = ChainReader.open(tmp_path / "chain.db")
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader._connection.execute("DELETE FROM genesis")
    reader.close()


def test_every_commit_waits_for_the_disk(tmp_path: Path) -> None:
    """WAL with synchronous=FULL: what the host said it stored survives a power cut."""
    store = ChainStore.create(tmp_path / "chain.db", GENESIS)
    assert store._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert store._connection.execute("PRAGMA synchronous").fetchone() == (2,)
    store.close()


def test_a_block_that_cannot_be_appended_changes_nothing(tmp_path: Path) -> None:
    """The second block 1 is refused whole: another process may have written the first."""
    store = ChainStore.create(tmp_path / "chain.db", GENESIS)
    fill(store, 1)
    before = list(store.state())
    with pytest.raises(ChainFileError, match="block 1"):
        fill(store, 1)
    assert list(store.state()) == before
    assert len(list(store.envelopes())) == 2
    fill(store, 2)
    store.close()


def test_state_keeps_its_row_number_while_it_is_rewritten(tmp_path: Path) -> None:
    """Row numbers follow from the writes alone, so that verify can derive them."""
    store = ChainStore.create(tmp_path / "chain.db", GENESIS)
    writes: list[list[tuple[bytes, bytes | None]]] = [
        [(b"a", b"1"), (b"b", b"1"), (b"c", b"1")],
        [(b"a", b"2"), (b"b", None)],
        [(b"b", b"3"), (b"c", None), (b"d", b"3"), (b"never", None)],
    ]
    for height, changes in enumerate(writes, 1):
        store.append(block(height, 0), [], [], changes)
    rows = store._connection.execute("SELECT place, key FROM state ORDER BY place").fetchall()
    assert rows == [(1, b"a"), (4, b"b"), (5, b"d")]
    store.close()
    kept = sqlite3.connect(tmp_path / "chain.db")
    assert kept.execute("SELECT place, key FROM state ORDER BY place").fetchall() == rows
    kept.close()


def test_a_founded_chain_is_not_founded_again(tmp_path: Path) -> None:
    """Nothing is ever overwritten."""
    ChainStore.create(tmp_path / "chain.db", GENESIS).close()
    with pytest.raises(ChainFileError, match="exists already"):
        ChainStore.create(tmp_path / "chain.db", GENESIS)


def test_files_that_are_no_chain_are_refused_in_one_line(tmp_path: Path) -> None:
    """Missing, a folder, text, somebody else's database, another layout."""
    (tmp_path / "text").write_text("not a database at all, only text " * 100)
    sqlite3.connect(tmp_path / "other.db").execute("CREATE TABLE t (x)").connection.close()
    ChainStore.create(tmp_path / "newer.db", GENESIS).close()
    newer = sqlite3.connect(tmp_path / "newer.db")
    newer.execute("PRAGMA user_version = 7")
    newer.close()
    for name, reason in (
        ("missing.db", "No such file"),
        (".", "directory"),
        ("text", "not a database"),
        ("other.db", "not a chain"),
        ("newer.db", "layout 7"),
    ):
        for opened in (ChainStore, ChainReader):
            with pytest.raises(ChainFileError, match=reason) as error:
                opened.open(tmp_path / name)
            assert "\n" not in str(error.value)


def test_another_networks_chain_is_named(tmp_path: Path) -> None:
    """Nobody continues a chain that is not theirs."""
    store = ChainStore.create(tmp_path / "chain.db", GENESIS)
    network = message_id(peek_payload(GENESIS))[:8]
    store.check_network(network)
    with pytest.raises(ChainFileError, match=network.hex()):
        store.check_network(b"another.")
    store.close()


def test_a_reader_beside_it_does_not_lose_a_chain_that_is_closed(tmp_path: Path) -> None:
    """While somebody reads, closing cannot fold the log in; it says so and the next close does."""
    store = ChainStore.create(tmp_path / "chain.db", GENESIS)
    fill(store, 1)
    reader = ChainReader.open(tmp_path / "chain.db")
    rows = reader.envelopes()
    assert next(rows) == b"envelope 0"
    store._connection.execute("PRAGMA busy_timeout = 10")
    with pytest.raises(ChainFileError, match="not folded"):
        store.close()
    rows.close()
    reader.close()
    again = ChainStore.open(tmp_path / "chain.db")
    assert again.head() == block(1, 2)
    again.close()
    assert [path.name for path in tmp_path.iterdir()] == ["chain.db"]


def test_a_host_killed_inside_a_block_leaves_the_block_before(tmp_path: Path) -> None:
    """SIGKILL between the first row and COMMIT: on opening, the last whole block is the head."""
    path = tmp_path / "chain.db"
    store = ChainStore.create(path, GENESIS)
    fill(store, 1)
    store.close()
    program = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from host.store import ChainStore
        from tests.unit.host.test_store import block, fill, transaction

        def writes():
            yield b"half", b"written"
            print("inside", flush=True)
            sys.stdin.read()  # never ends: the parent kills

        store = ChainStore.open(Path(sys.argv[1]))
        fill(store, 2)
        store.append(block(3, 6), [transaction(4), transaction(5)], [], writes())
        """
    )
    environment = {**os.environ, "PYTHONPATH": "%s:%s" % (ROOT, ROOT / "firmware")}
    command = [sys.executable, "-c", program, str(path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env=environment
    ) as child:
        assert child.stdout
        assert child.stdout.readline() == b"inside\n"
        child.send_signal(signal.SIGKILL)
        child.wait()
    survivor = ChainStore.open(path)
    assert survivor.head() == block(2, 4)
    assert len(list(survivor.envelopes())) == 4
    assert b"half" not in dict(survivor.state())
    fill(survivor, 3)
    survivor.close()
    assert [entry.name for entry in tmp_path.iterdir()] == ["chain.db"]


def test_the_layout_is_what_sqlite_keeps_of_it(tmp_path: Path) -> None:
    """What verify expects of the schema is what `create` makes."""
    ChainStore.create(tmp_path / "chain.db", GENESIS).close()
    connection = sqlite3.connect(tmp_path / "chain.db")
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name")
    assert rows.fetchall() == layout.schema()
    connection.close()
    assert signer("issuer").public_key in GENESIS
