# SPDX-License-Identifier: Apache-2.0
"""The board's store without a power cut (tests/property/test_flash_store.py has those): bounds, damage, wear."""

from pathlib import Path

import pytest

from tests.parity.flash.scripts import held, opened
from tests.parity.flash.torn import WRITTEN, Disk, TornFolder
from wattpact.esp32.flash_store import KEY_MAX, SIZE_MIN, VALUE_MAX, FlashStore, Folder

SIZE = 64 * 1024


def only_journal(disk: Disk) -> bytearray:
    (content,) = disk.files.values()
    return content.data


def test_items_come_sorted_and_are_the_newest() -> None:
    """As the seam says, whatever the order of writing."""
    store = opened(Disk())
    for key, value in ((b"b", b"1"), (b"a", b"2"), (b"b", b""), (b"c", b"3")):
        store.keep(key, value)
    store.drop(b"c")
    store.drop(b"never kept")
    assert store.items() == [(b"a", b"2"), (b"b", b"")]


@pytest.mark.parametrize(
    ("key", "value"), [(b"", b""), (bytes(KEY_MAX + 1), b""), (b"k", bytes(VALUE_MAX + 1))]
)
def test_keys_and_values_are_bounded(key: bytes, value: bytes) -> None:
    """What is longer is our mistake, and nothing of it is written."""
    disk = Disk()
    store = opened(disk)
    before = disk.written
    with pytest.raises(ValueError, match="too long"):
        store.keep(key, value)
    assert disk.written == before


def test_the_longest_key_and_value_come_back() -> None:
    """Both bounds are inclusive."""
    disk = Disk()
    FlashStore(TornFolder(disk), SIZE).keep(bytes(KEY_MAX), bytes(VALUE_MAX))
    again = FlashStore(TornFolder(disk.after(WRITTEN)), SIZE)
    assert again.items() == [(bytes(KEY_MAX), bytes(VALUE_MAX))]
    assert again.lost == ""


def test_a_journal_too_small_to_work_in_is_refused() -> None:
    """A setting of ours, not the flash's fault."""
    with pytest.raises(ValueError, match="at least"):
        FlashStore(TornFolder(Disk()), SIZE_MIN - 1)


def test_a_full_store_says_so_keeps_what_it_has_and_has_room_again_after_drops() -> None:
    """Dropping works when keeping does not: otherwise nothing could ever be freed."""
    disk = Disk()
    store = opened(disk)
    kept: dict[bytes, bytes] = {}
    for number in range(SIZE_MIN * 3 // 4 // 69):
        key = b"%02d" % number
        store.keep(key, bytes(60))
        kept[key] = bytes(60)
    for number in range(10):
        with pytest.raises(OSError, match="full"):
            store.keep(b"more%d" % number, bytes(SIZE_MIN // 4))
    assert held(store) == kept
    assert len(only_journal(disk)) <= SIZE_MIN
    for key in sorted(kept):
        store.drop(key)
        del kept[key]
        assert held(opened(disk.after(WRITTEN))) == kept
    store.keep(b"again", bytes(60))
    assert held(store) == {b"again": bytes(60)}


def test_flash_without_room_is_an_error_that_a_later_keep_survives() -> None:
    """Half a record may be on the flash: the next one must not be written behind it."""
    disk = Disk()
    store = opened(disk)
    store.keep(b"a", b"first")
    disk.room = 9
    with pytest.raises(OSError, match="no space"):
        store.keep(b"a", b"second")
    assert held(store) == {b"a": b"first"}
    disk.room = -1
    store.keep(b"b", b"third")
    expected = {b"a": b"first", b"b": b"third"}
    assert held(store) == expected
    assert held(opened(disk.after(WRITTEN))) == expected


def test_a_rewrite_that_finds_no_room_changes_nothing() -> None:
    """The generation before counts until the next one is whole."""
    disk = Disk()
    store = opened(disk)
    for number in range(7):
        store.keep(b"k%d" % number, bytes(100))
    expected = held(store)
    disk.room = 150
    failed = 0
    for _ in range(20):
        try:
            store.keep(b"k0", bytes(100))
        except OSError:
            failed += 1
    assert failed > 0
    assert held(store) == expected
    assert held(opened(disk.after(WRITTEN))) == expected


def test_any_damaged_byte_is_noticed_and_what_stands_before_it_is_kept() -> None:
    """Flash that forgets a bit: the store opens, never with a value that nobody kept, and says what it lost."""
    disk = Disk()
    store = opened(disk)
    store.keep(b"a", b"first")
    safe = len(only_journal(disk))
    store.keep(b"b", b"second")
    store.keep(b"a", b"third")
    size = len(only_journal(disk))
    for at in range(size):
        for bit in (0, 7):
            damaged = disk.after(WRITTEN)
            only_journal(damaged)[at] ^= 1 << bit
            again = opened(damaged)
            assert again.lost != "", at
            found = held(again)
            if at >= safe:
                assert found in ({b"a": b"first"}, {b"a": b"first", b"b": b"second"}), at
            else:
                assert found in ({}, {b"a": b"first"}), at


def test_what_is_damaged_while_the_board_runs_is_an_error_and_not_a_value() -> None:
    """The CRC is checked at every read, also when the journal is rewritten."""
    disk = Disk()
    store = opened(disk)
    store.keep(b"a", b"first")
    only_journal(disk)[-6] ^= 1
    with pytest.raises(OSError, match="damaged"):
        store.items()


def test_a_first_start_that_was_cut_off_lost_nothing() -> None:
    """Less than an empty journal is a beginning, not a loss."""
    whole = Disk()
    opened(whole)
    for size in range(len(only_journal(whole))):
        disk = whole.after(WRITTEN)
        del only_journal(disk)[size:]
        again = opened(disk)
        assert (again.lost, held(again)) == ("", {})


def test_files_of_others_are_left_alone() -> None:
    """Only journals are the store's."""
    disk = Disk()
    store = TornFolder(disk).open("notes.txt", "wb")
    store.write(b"mine")
    opened(disk).keep(b"a", b"b")
    assert sorted(disk.files) == ["journal.1", "notes.txt"]


@pytest.mark.parametrize("live", [0, 10, 100, 300])
def test_at_most_three_bytes_are_written_for_each_that_is_kept(live: int) -> None:
    """Wear: over a long time, with the journal up to half full and one key that changes all the time."""
    disk = Disk()
    store = FlashStore(TornFolder(disk), SIZE)
    for number in range(live):
        store.keep(b"%04d" % number, bytes(90))
    began = disk.written
    kept = 0
    for number in range(3000):
        value = bytes([number % 256]) * 160
        store.keep(b"m", value)
        kept += 7 + 1 + len(value)
    assert disk.written - began <= 3 * kept
    assert len(only_journal(disk)) <= SIZE


def test_in_a_real_folder_every_torn_end_of_the_file_opens(tmp_path: Path) -> None:
    """The same through the file system: a journal cut at any byte, and one that is whole."""
    path = tmp_path / "state"
    store = FlashStore(Folder(str(path)), SIZE_MIN)
    store.keep(b"a", b"first")
    store.keep(b"b", b"second")
    store.close()
    safe = (path / "journal.1").read_bytes()
    store.keep(b"a", b"third")
    store.close()
    whole = (path / "journal.1").read_bytes()
    assert whole[: len(safe)] == safe
    for size in range(len(safe), len(whole) + 1):
        for name in path.iterdir():
            name.unlink()
        (path / "journal.1").write_bytes(whole[:size])
        again = FlashStore(Folder(str(path)), SIZE_MIN)
        torn = size < len(whole)
        assert again.items() == [(b"a", b"first" if torn else b"third"), (b"b", b"second")]
        assert bool(again.lost) == (torn and size > len(safe))
        again.close()


def test_a_folder_that_cannot_be_made_is_told_at_once(tmp_path: Path) -> None:
    """A board whose file system is broken does not start to trade."""
    with pytest.raises(OSError, match="nowhere"):
        Folder(str(tmp_path / "nowhere" / "state"))
