# SPDX-License-Identifier: Apache-2.0
"""The flash is full when it is full, commits whole files, and after a power cut holds what was committed."""

import random
from errno import EEXIST, EINVAL, EISDIR, ENOENT, ENOSPC, ENOTDIR, ENOTEMPTY
from pathlib import Path

import pytest

from sim.board.flash import BLOCK_BYTES, Flash
from sim.board.resets import Fuse, PowerCut


@pytest.fixture(name="flash")
def empty(tmp_path: Path) -> Flash:
    """Ten blocks, of which the root takes two."""
    return Flash(tmp_path, 10, Fuse())


def store(flash: Flash, path: str, content: bytes) -> None:
    """Open, write, close."""
    file = flash.open(path, write=True, create=True, truncate=True)
    file.write(content)
    file.close()


def content_of(flash: Flash, path: str) -> bytes:
    """All of it."""
    return flash.here(path).read_bytes()


def test_a_file_has_its_old_content_until_it_is_closed_or_synced(flash: Flash) -> None:
    """However much of the new one was written."""
    store(flash, "/a", b"old")
    file = flash.open("/a", write=True, truncate=True)
    file.write(b"new")
    assert content_of(flash, "/a") == b"old"
    file.sync()
    assert content_of(flash, "/a") == b"new"
    file.write(b"er")
    assert content_of(flash, "/a") == b"new"
    file.close()
    assert content_of(flash, "/a") == b"newer"


def test_a_new_file_exists_empty_from_when_it_is_opened(flash: Flash) -> None:
    """As in littlefs."""
    flash.open("/a", write=True, create=True).write(b"never committed")
    assert content_of(flash, "/a") == b""


def test_a_full_flash_says_so_and_keeps_what_it_has(flash: Flash) -> None:
    """Eight blocks; a file that is rewritten needs room for both contents."""
    store(flash, "/a", bytes(6 * BLOCK_BYTES))
    file = flash.open("/a", write=True, truncate=True)
    file.write(bytes(2 * BLOCK_BYTES))
    with pytest.raises(OSError, match="full") as caught:
        file.write(b"x")
    assert caught.value.errno == ENOSPC
    assert flash.free_blocks() == 0
    flash.drop_open()
    assert len(content_of(flash, "/a")) == 6 * BLOCK_BYTES
    assert flash.free_blocks() == 2


def test_small_files_and_folders_take_room_too(flash: Flash) -> None:
    """A folder two blocks, a file of a few bytes none of its own."""
    store(flash, "/a", bytes(500))
    assert flash.free_blocks() == 8
    for name in ("/b", "/c", "/d", "/e"):
        flash.make_folder(name)
    with pytest.raises(OSError, match="/f") as caught:
        flash.make_folder("/f")
    assert caught.value.errno == ENOSPC


def test_errors_are_those_of_a_file_system(flash: Flash) -> None:
    """Each with its own number."""
    store(flash, "/file", b"x")
    flash.make_folder("/folder")
    store(flash, "/folder/x", b"x")
    cases = [
        (ENOENT, lambda: flash.open("/none", write=False)),
        (ENOENT, lambda: flash.open("/none/x", write=True, create=True)),
        (ENOTDIR, lambda: flash.open("/file/x", write=True, create=True)),
        (EISDIR, lambda: flash.open("/folder", write=False)),
        (EEXIST, lambda: flash.open("/file", write=True, create=True, exclusive=True)),
        (EINVAL, lambda: flash.open("/file", write=False).write(b"x")),
        (EEXIST, lambda: flash.make_folder("/file")),
        (ENOTDIR, lambda: flash.remove_folder("/file")),
        (ENOTEMPTY, lambda: flash.remove_folder("/folder")),
        (EISDIR, lambda: flash.remove_file("/folder")),
        (ENOENT, lambda: flash.remove_file("/none")),
        (ENOENT, lambda: flash.rename("/none", "/x")),
        (EISDIR, lambda: flash.rename("/file", "/folder")),
        (EINVAL, lambda: flash.here("/" + "x" * 256)),
    ]
    for number, act in cases:
        with pytest.raises(OSError) as caught:
            act()
        assert caught.value.errno == number


def test_nothing_outside_the_flash_can_be_named(flash: Flash) -> None:
    """However many levels up."""
    assert flash.here("/../../../etc/passwd") == flash.root / "etc" / "passwd"


def test_positions_are_those_of_a_file(flash: Flash) -> None:
    """Seek beyond the end, append, read and write in one."""
    store(flash, "/a", b"0123")
    file = flash.open("/a", write=True)
    assert file.seek(-1, 2) == 3
    assert file.read(9) == b"3"
    file.seek(6, 0)
    file.write(b"6")
    file.close()
    assert content_of(flash, "/a") == b"0123\x00\x006"
    more = flash.open("/a", write=True, append=True)
    more.write(b"7")
    more.close()
    assert content_of(flash, "/a") == b"0123\x00\x0067"


def work(flash: Flash) -> None:
    """Whatever a board does with files, so that each content is whole or was never there."""
    for n in range(6):
        store(flash, "/state.new", b"%d" % n * (200 + 700 * n))
        flash.rename("/state.new", "/state")
        flash.make_folder("/folder%d" % n)
        flash.remove_folder("/folder%d" % n)


@pytest.mark.parametrize("seed", range(40))
def test_a_power_cut_leaves_the_old_content_or_the_new(tmp_path: Path, seed: int) -> None:
    """Wherever it comes; and the flash works on after it."""
    whole = Fuse()
    work(Flash(tmp_path / "whole", 100, whole))
    fuse = Fuse()
    flash = Flash(tmp_path / "cut", 100, fuse)
    cut_at = random.Random(seed).randrange(whole.burnt_bytes)
    fuse.cut_after(cut_at)
    with pytest.raises(PowerCut):
        work(flash)
    assert fuse.burnt_bytes == cut_at
    again = Flash(tmp_path / "cut", 100, Fuse())
    if again.here("/state").exists():
        content = content_of(again, "/state")
        assert content in {b"%d" % n * (200 + 700 * n) for n in range(6)}
    for name, folder in again.names("/"):
        if folder:
            again.remove_folder("/" + name)
    work(again)
    assert content_of(again, "/state") == b"5" * 3700
