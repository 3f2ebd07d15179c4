# SPDX-License-Identifier: Apache-2.0
"""The chain file: an SQLite database whose every table, column and row number re-execution can derive.

Each table has its row number as a named column, so that nothing stored is without a meaning:

    genesis       height 0, the founding envelope
    blocks        one row a block; `checkpoint` is the sequencer's Sign1 over the other five columns
    cosignatures  place = height x 16 + the witness' index in the genesis
    transactions  position = leaf index in the tree of all transactions; code as the ledger gave it
    state         place = 1 + the highest place in use when the key was written first; value is CBOR
"""

APPLICATION_ID = 0x57617474  # "Watt"
VERSION = 1
WITNESSES_MAX = 16

TABLES = {
    "genesis": "height INTEGER PRIMARY KEY, envelope BLOB",
    "blocks": "height INTEGER PRIMARY KEY, time INTEGER, app_hash BLOB, root BLOB, size INTEGER, checkpoint BLOB",
    "cosignatures": "place INTEGER PRIMARY KEY, height INTEGER, witness BLOB, acceptance BLOB",
    "transactions": "position INTEGER PRIMARY KEY, height INTEGER, id BLOB, bytes BLOB, code INTEGER",
    "state": "place INTEGER PRIMARY KEY, key BLOB UNIQUE, value BLOB",
}
INDEXES = {"sqlite_autoindex_state_1": "state"}


def statements() -> list[str]:
    """What makes an empty chain file, exactly as SQLite keeps the text of it."""
    return ["CREATE TABLE %s (%s)" % item for item in TABLES.items()]


def schema() -> list[tuple[str, str, str, str | None]]:
    """The rows (type, name, table, sql) of sqlite_schema, in order of name: nothing else may stand there."""
    rows: list[tuple[str, str, str, str | None]] = [
        ("table", name, name, sql) for name, sql in zip(TABLES, statements())
    ]
    rows += [("index", name, table, None) for name, table in INDEXES.items()]
    return sorted(rows, key=lambda row: row[1])
