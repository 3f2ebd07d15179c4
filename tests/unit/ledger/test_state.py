# SPDX-License-Identifier: Apache-2.0
"""Rows, the writes of a block, and the hash that chains them."""

import hashlib
import re
from pathlib import Path

import pytest

from wattpact.errors import WireError
from wattpact.ledger import state as rows_of
from wattpact.ledger.state import (
    DUE,
    Account,
    Node,
    State,
    Writes,
    chain_hash,
    place_of,
    time_key,
)
from wattpact.wire.codec import encode


def committed(*writes: dict[bytes, object]) -> State:
    """A state after these blocks."""
    state = State()
    for each in writes:
        state.commit(each)
    return state


def test_writes_are_seen_at_once_by_the_block_and_by_nobody_else() -> None:
    """Until commit, the state knows nothing of them."""
    state = committed({b"Aa": [1], b"Ab": [2]})
    writes = Writes(state)
    writes.put(b"Aa", [3])
    writes.delete(b"Ab")
    assert [writes.get(key) for key in (b"Aa", b"Ab", b"Ac")] == [[3], None, None]
    assert [state.get(key) for key in (b"Aa", b"Ab", b"Ac")] == [[1], [2], None]
    state.commit(writes.rows)
    assert list(state.rows()) == [(b"Aa", encode([3]))]


def test_ordered_rows_stay_in_the_order_of_their_keys_whatever_is_written() -> None:
    """Written, overwritten, deleted, deleted again, and written anew."""
    keys = [DUE + time_key(time) for time in (5, 1, 9, 3, 1 << 38)]
    state = committed(dict.fromkeys(keys, True))
    assert state.keys(DUE) == sorted(keys)
    state.commit({keys[2]: 7, keys[3]: None, DUE + b"none": None})
    assert state.keys(DUE) == sorted({*keys} - {keys[3]})
    state.commit({keys[3]: True})
    assert state.keys(DUE) == sorted(keys)
    assert state.keys(b"A") == []


def test_keys_of_any_other_kind_come_ascending_too() -> None:
    """By a walk through everything."""
    state = committed({b"B2": 1, b"A1": 1, b"B1": 1})
    assert state.keys(b"B") == [b"B1", b"B2"]


def test_the_place_of_a_key_is_where_it_stands_or_would_stand() -> None:
    """The first of those that are not below it."""
    keys = [b"a", b"c", b"e"]
    assert [place_of(keys, key) for key in (b"", b"a", b"b", b"e", b"f")] == [0, 0, 1, 2, 3]


def test_a_state_comes_back_from_its_rows() -> None:
    """The same rows, the same order, and rows larger than any message."""
    long = [[index, b"x" * 32] for index in range(600)]
    state = committed({DUE + b"2": 5, b"Long": long, DUE + b"1": -1, b"A": [True, "DE", []]})
    other = State()
    other.restore(state.rows())
    assert list(other.rows()) == list(state.rows())
    assert other.keys(DUE) == [DUE + b"1", DUE + b"2"]
    assert other.get(b"Long") == long


def test_rows_that_are_no_cbor_are_not_restored() -> None:
    """A damaged file is not a state."""
    with pytest.raises(WireError):
        State().restore([(b"A", b"\xff")])


@pytest.mark.parametrize("count", [0, 1, 23, 24, 300])
def test_the_app_hash_is_over_the_cbor_that_the_page_names(count: int) -> None:
    """SHA-256(before || CBOR([height, time, [[key, value], ...]])), keys ascending, null for a deletion."""
    writes = Writes(State())
    for index in range(count):
        writes.put(b"B%04d" % (count - index), [index, b"v"])
    writes.delete(b"A gone")
    rows: list[object] = [[b"A gone", None]]
    rows += [[b"B%04d" % number, [count - number, b"v"]] for number in range(1, count + 1)]
    before = bytes(range(32))
    expected = hashlib.sha256(before + encode([7, 1 << 33, rows])).digest()
    assert chain_hash(before, 7, 1 << 33, writes.encoded()) == expected


def test_a_record_is_its_row_with_names() -> None:
    """Found again as it was written; where there is none, one begins or there is none."""
    writes = Writes(State())
    assert Node.find(writes, b"kid") is None
    assert Account.read(writes, b"kid").balance_nano == 0
    account = Account.read(writes, b"kid")
    account.balance_nano = -5
    account.write(writes, b"kid")
    Node(b"key", [1], b"owner", 2, b"", 0).write(writes, b"kid")
    node = Node.find(writes, b"kid")
    assert node is not None
    assert (node.public_key, node.roles, node.revoked) == (b"key", [1], 0)
    assert Account.read(writes, b"kid").balance_nano == -5
    assert Account.read(writes, b"other").balance_nano == 0


def test_the_page_lists_every_kind_of_row() -> None:
    """By the first byte of its key, and by the class whose fields it holds."""
    page = (Path(__file__).resolve().parents[3] / "docs" / "ledger.md").read_text()
    listed = set(re.findall(r"^\| `([A-Z])`", page, flags=re.MULTILINE))
    kinds = {value for value in vars(rows_of).values() if type(value) is bytes and len(value) == 1}
    assert {each.decode() for each in kinds} == listed
    rows = page.split("| key | row |")[1].split("\n\n")[0]
    classes = [each for each in vars(rows_of).values() if isinstance(each, type)]
    records = {each.__name__ for each in classes if issubclass(each, rows_of.Record)}
    assert set(re.findall(r"`([A-Z][A-Za-z]+)`", rows)) == records - {"Record"}
