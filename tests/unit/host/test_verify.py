# SPDX-License-Identifier: Apache-2.0
"""Whatever is changed in a chain file, verify finds it, and says where and which rule."""

import os
import pty
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from host import layout
from host.cli import main
from host.errors import ChainFileError
from host.store import BlockRow, Cosignature, TransactionRow
from host.verify import BrokenChain, Places, verify
from tests.unit.host.town import START, VERIFIER, Town, kid_of, signer, trading_day
from wattpact.wire.envelope import accept1, sign1
from wattpact.wire.messages import Checkpoint, parse_as

HEAD = 10
ROOT = Path(__file__).resolve().parents[3]

COLUMNS = {
    name: [column.split()[0] for column in described.split(", ")]
    for name, described in layout.TABLES.items()
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed chain with every kind of row; tests change copies."""
    path = tmp_path_factory.mktemp("sound") / "chain.db"
    town = Town(path)
    trading_day(town)
    town.close()
    return path


@pytest.fixture
def copy(sound: Path, tmp_path: Path) -> Path:
    """One to spoil."""
    return Path(shutil.copy(sound, tmp_path / "chain.db"))


def spoil(path: Path, *statements: str, values: tuple[Any, ...] = ()) -> None:
    with sqlite3.connect(path, isolation_level=None) as connection:
        for statement in statements:
            connection.execute(statement, values)
    connection.close()


def broken(path: Path) -> BrokenChain:
    with pytest.raises(BrokenChain) as found:
        verify(path, VERIFIER)
    return found.value


def contents(path: Path) -> list[Any]:
    """Every value of every table, or the error that reading gives."""
    connection = sqlite3.connect(path)
    try:
        return [connection.execute("SELECT * FROM " + table).fetchall() for table in COLUMNS]
    except sqlite3.Error as error:
        return [str(error)]
    finally:
        connection.close()


def other(value: Any, count: int) -> Any:
    """One byte of it altered, each time elsewhere."""
    if isinstance(value, int):
        return value ^ 1 << 8 * (count % 3)
    place = count * 7919 % len(value)
    return value[:place] + bytes([value[place] ^ 1 << count % 8]) + value[place + 1 :]


def alterations(path: Path) -> Iterator[tuple[str, str, int, Any]]:
    """(table, column, row number, altered value) for every value in the file."""
    count = 0
    connection = sqlite3.connect(path)
    for table, columns in COLUMNS.items():
        for row in connection.execute("SELECT * FROM " + table).fetchall():
            for column, value in zip(columns, row):
                count += 1
                yield table, column, row[0], other(value, count)
    connection.close()


def test_a_sound_chain_is_sound(sound: Path) -> None:
    """And the figures are the chain's."""
    found = verify(sound, VERIFIER)
    assert (found.name, found.height, found.transactions) == ("town", HEAD, 20)
    assert found.network.hex() == "76eb0e7e47d53cc3"


def test_one_altered_byte_of_any_value_in_any_row_is_found(sound: Path) -> None:
    """Every table, column and row. The genesis breaks R9 at height 0, the state R8 at the head."""
    connection = sqlite3.connect(sound, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    found: set[tuple[str, str]] = set()
    for table, column, number, value in list(alterations(sound)):
        key = COLUMNS[table][0]
        query = "SELECT %s FROM %s WHERE %s = ?" % (column, table, key)
        (before,) = connection.execute(query, (number,)).fetchone()
        change = "UPDATE %s SET %s = ? WHERE %s = ?" % (table, column, key)
        try:
            connection.execute(change, (value, number))
        except sqlite3.IntegrityError:
            continue  # the row number of another row: another one of this column is tried anyway
        fault = broken(sound)
        if table == "genesis":
            assert (fault.height, fault.rule) == (0, 9), str(fault)
        elif table == "state":
            assert (fault.height, fault.rule) == (HEAD, 8), str(fault)
        assert 0 <= fault.height <= HEAD + 1
        assert str(fault).startswith("height %d: R%d " % (fault.height, fault.rule))
        found.add((table, column))
        connection.execute(change, (before, value if column == key else number))
    connection.close()
    assert found == {(table, column) for table in COLUMNS for column in COLUMNS[table]}
    verify(sound, VERIFIER)


@pytest.mark.parametrize(
    ("statement", "height", "rule"),
    [
        ("UPDATE blocks SET height = 99 WHERE height = 4", 4, 1),
        ("UPDATE blocks SET time = time + 1 WHERE height = 4", 4, 8),
        ("UPDATE blocks SET size = size + 1 WHERE height = 4", 4, 8),
        ("UPDATE blocks SET app_hash = root WHERE height = 4", 4, 8),
        ("UPDATE blocks SET checkpoint = zeroblob(300) WHERE height = 4", 4, 6),
        ("UPDATE cosignatures SET acceptance = zeroblob(84) WHERE place = 65", 4, 7),
        ("UPDATE cosignatures SET witness = zeroblob(8) WHERE place = 65", 4, 7),
        ("DELETE FROM cosignatures WHERE height = 4", 4, 7),
        ("UPDATE cosignatures SET place = 66 WHERE place = 65", 4, 7),
        ("UPDATE transactions SET code = 32 WHERE position = 12", 4, 8),
        ("UPDATE transactions SET code = 0 WHERE code = 32", 7, 8),
        ("UPDATE transactions SET id = zeroblob(32) WHERE position = 12", 4, 8),
        ("UPDATE transactions SET bytes = zeroblob(200) WHERE position = 12", 4, 10),
        ("DELETE FROM transactions WHERE position = 13", 4, 4),
        ("DELETE FROM transactions WHERE position = 11", 4, 8),
        ("INSERT INTO transactions VALUES (20, 11, x'00', x'00', 0)", HEAD, 8),
        (
            "INSERT INTO cosignatures SELECT 999, 11, witness, acceptance FROM cosignatures LIMIT 1",
            10,
            8,
        ),
        ("DELETE FROM blocks WHERE height = 10", 9, 8),
        ("DELETE FROM genesis", 0, 9),
        ("INSERT INTO genesis SELECT 1, envelope FROM genesis", 0, 9),
        ("DELETE FROM state WHERE place = 3", HEAD, 8),
        ("INSERT INTO state VALUES (999, x'00', x'00')", HEAD, 8),
        ("INSERT INTO state VALUES (999, x'ffffffff', x'00')", HEAD, 8),
    ],
)
def test_the_fault_is_named_by_height_and_rule(
    copy: Path, statement: str, height: int, rule: int
) -> None:
    """What is missing, added or altered, and where."""
    spoil(copy, statement)
    fault = broken(copy)
    assert (fault.height, fault.rule) == (height, rule), str(fault)


@pytest.mark.parametrize("table", list(COLUMNS))
def test_a_value_of_another_type_is_found_even_if_it_reads_alike(copy: Path, table: str) -> None:
    """A blob as text, an integer as text or real, NULL, text that is no UTF-8."""
    for column in COLUMNS[table]:
        for altered in ("NULL", "CAST(%s AS TEXT)" % column, "%s || ''" % column, "0.5", "x'ff'"):
            changed = copy.with_name("changed.db")
            shutil.copy(copy, changed)
            try:
                spoil(changed, "UPDATE %s SET %s = %s" % (table, column, altered))
            except sqlite3.IntegrityError:
                continue  # a row number takes integers only, and each once
            if contents(changed) != contents(copy):
                broken(changed)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE more (x)",
        "ALTER TABLE blocks ADD COLUMN more",
        "CREATE INDEX more ON blocks (time)",
        "CREATE VIEW more AS SELECT * FROM blocks",
        "CREATE TRIGGER more AFTER INSERT ON blocks BEGIN SELECT 1; END",
        "DROP TABLE cosignatures",
        "ALTER TABLE state RENAME COLUMN value TO content",
        "ANALYZE",
        "PRAGMA application_id = 7",
        "PRAGMA user_version = 7",
    ],
)
def test_nothing_may_stand_beside_what_the_layout_names(copy: Path, statement: str) -> None:
    """Tables, columns, indexes, views, triggers, ids: R8."""
    spoil(copy, statement)
    assert broken(copy).rule == 8


def test_bytes_after_the_last_page_are_found(copy: Path) -> None:
    """SQLite would not mind them."""
    with copy.open("ab") as end:
        end.write(bytes(4096))
    assert broken(copy).rule == 8


def test_flipped_bits_of_the_file_never_pass_with_other_values(sound: Path, tmp_path: Path) -> None:
    """Header, pages, index, free space: exit 0 only if every value is still what it was, and no traceback."""
    before, image = contents(sound), sound.read_bytes()
    changed = tmp_path / "changed.db"
    for place in [*range(100), *range(100, len(image), 331)]:
        flipped = bytearray(image)
        flipped[place] ^= 1 << place % 8
        changed.write_bytes(flipped)
        code = main(["verify", str(changed)])
        assert code in (0, 1, 2)
        if code == 0:
            assert contents(changed) == before, "byte %d" % place
        for left in tmp_path.glob("changed.db-*"):
            left.unlink()


def test_a_file_that_was_cut_off_is_a_damaged_chain(
    sound: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """At every page and one byte before and after: R8, one line; without the mark in the header: no chain."""
    image, cut = sound.read_bytes(), tmp_path / "cut.db"
    pages = range(4096, len(image), 4096)
    lengths = [72, 100, len(image) - 1, *(page + more for page in pages for more in (-1, 0, 1))]
    for length in lengths:
        cut.write_bytes(image[:length])
        assert main(["verify", str(cut)]) == 1
        shown = capsys.readouterr()
        assert shown.out.startswith("height 0: R8 file is damaged: "), shown.out
        assert (shown.out.count("\n"), shown.err) == (1, "")
        assert main(["export", str(cut), "--what", "coins"]) in (0, 2)
        assert capsys.readouterr().err in ("", "%s: is damaged; verify says where\n" % cut)
    for length in (0, 1, 15, 71):
        cut.write_bytes(image[:length])
        assert main(["verify", str(cut)]) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_a_destroyed_page_gives_one_line_of_plain_text(
    sound: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """SQLite's report has headings and many lines; the first that says something is shown."""
    image, changed = sound.read_bytes(), tmp_path / "changed.db"
    for page in range(1, len(image) // 4096):
        for filling in (b"\x00", b"\xff", b"\n\x1b"):
            spoilt = bytearray(image)
            spoilt[page * 4096 : (page + 1) * 4096] = (filling * 4096)[:4096]
            changed.write_bytes(spoilt)
            code = main(["verify", str(changed)])
            shown = capsys.readouterr()
            if code == 0:
                assert contents(changed) == contents(sound)
                continue
            assert (code, shown.err, shown.out.count("\n")) == (1, "", 1)
            assert ": R8 file is damaged: " in shown.out
            assert "***" not in shown.out


def test_a_chain_that_is_locked_is_not_called_damaged(
    copy: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the machine denies says nothing of the chain: exit code 2."""
    monkeypatch.setattr("host.store.BUSY_S", 0.05)
    holder = sqlite3.connect(copy, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    for arguments in (["verify", str(copy)], ["export", str(copy), "--what", "coins"]):
        assert main(arguments) == 2
        assert capsys.readouterr().err == "%s: database is locked\n" % copy
    holder.close()


def test_what_is_no_regular_file_is_refused_without_waiting(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A FIFO that nobody writes to would wait for ever; a device has no end."""
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "fifo", Path("/dev/zero")):
        assert main(["verify", str(path)]) == 2
        assert capsys.readouterr().err == "%s: is not a regular file\n" % path


def test_a_file_that_is_no_chain_is_not_judged(tmp_path: Path) -> None:
    """Missing, a folder, empty, text, somebody else's database: no verdict, exit code 2."""
    (tmp_path / "empty.db").touch()
    (tmp_path / "text.db").write_text("plain text, and a lot of it " * 100)
    spoil(tmp_path / "other.db", "CREATE TABLE t (x)")
    for name in ("missing.db", ".", "empty.db", "text.db", "other.db"):
        with pytest.raises(ChainFileError):
            verify(tmp_path / name, VERIFIER)
        assert main(["verify", str(tmp_path / name)]) == 2


def forge(town: Town, transactions: list[bytes], at: int, **changed: Any) -> None:
    """A block that sequencer and both witnesses signed together although it is `changed`."""
    engine = town.engine
    replica = engine._replica
    height = town.ledger.height + 1
    finalized = replica.execute(height, at, transactions)
    honest = parse_as(Checkpoint, replica.checkpoint(finalized, height, at))
    fields = {name: getattr(honest, name) for _key, name, _kind in Checkpoint.FIELDS}
    lie = Checkpoint(network=town.network, **{**fields, **changed})
    payload = lie.payload()
    rows = [
        TransactionRow(tx_id or bytes(32), stored, 0)
        for tx_id, stored in zip(finalized.ids, transactions)
    ]
    block = BlockRow(
        lie.height, lie.time, lie.app_hash, lie.root, lie.size, sign1(payload, signer("sequencer"))
    )
    agreed = [
        Cosignature(index, kid_of(name), accept1(payload, signer(name)))
        for index, name in enumerate(("witness 1", "witness 2"))
    ]
    town.store.append(block, rows, agreed, finalized.writes)
    town.close()


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"app_hash": b"x" * 32}, 5),
        ({"root": b"x" * 32}, 4),
        ({"size": 2}, 4),
        ({"previous": b"x" * 32}, 6),
        ({"time": START - 1}, 2),
    ],
)
def test_a_lie_that_everybody_signed_is_found_by_executing_it(
    tmp_path: Path, changed: dict[str, Any], rule: int
) -> None:
    """Sequencer and witnesses together cannot make a wrong block right."""
    town = Town(tmp_path / "chain.db")
    town.enrol("anna")
    town.step(START)
    forge(town, [], START + 1, **changed)
    fault = broken(tmp_path / "chain.db")
    assert (fault.height, fault.rule) == (2, rule), str(fault)


def test_a_refused_transaction_in_a_block_is_named_by_the_rule_that_refuses_it(
    tmp_path: Path,
) -> None:
    """A stranger's offer, R12, although the block is signed by everybody."""
    town = Town(tmp_path / "chain.db")
    town.enrol("anna")
    town.step(START)
    offer = town.offer("stranger", START + 900, seq=1)
    forge(town, [sign1(offer.payload(), signer("stranger"))], START + 1, size=2)
    fault = broken(tmp_path / "chain.db")
    assert (fault.height, fault.rule) == (2, 12), str(fault)


def test_a_chain_that_is_still_open_or_was_killed_is_verified_with_its_log(tmp_path: Path) -> None:
    """An operator need not stop the host."""
    town = Town(tmp_path / "chain.db")
    town.enrol("anna")
    town.step(START)
    assert verify(tmp_path / "chain.db", VERIFIER).height == 1
    town.enrol("ben")
    town.step(START + 1)
    assert verify(tmp_path / "chain.db", VERIFIER).height == 2
    town.close()


def test_progress_is_for_people_only(sound: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing on standard error when it is not a terminal; on one, the line is taken away at the end."""
    verify(sound, VERIFIER)
    assert capsys.readouterr().err == ""
    program = "import sys; from host.cli import main; sys.exit(main(['verify', '%s']))" % sound
    reader, terminal = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": "%s:%s" % (ROOT, ROOT / "firmware")}
    run = subprocess.run(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=terminal,
        env=environment,
        check=True,
    )
    os.close(terminal)
    assert os.read(reader, 10_000).endswith(b"\r\x1b[K")
    os.close(reader)
    assert b"sound" in run.stdout


def test_a_chain_without_blocks_is_sound(tmp_path: Path) -> None:
    """A network that was founded and never used."""
    Town(tmp_path / "chain.db").close()
    assert verify(tmp_path / "chain.db", VERIFIER).height == 0


def test_row_numbers_of_the_state_follow_from_the_writes() -> None:
    """As the store gives them: 1 + the highest in use; a key that stays keeps its number."""
    places = Places()
    for key in (b"a", b"b", b"c", b"b"):
        places.write(key, b"")
    places.write(b"c", None)
    places.write(b"never", None)
    places.write(b"d", b"")
    places.write(b"a", None)
    places.write(b"e", b"")
    assert [places[key] for key in (b"b", b"d", b"e")] == [2, 3, 4]
    assert len(places) == 3
