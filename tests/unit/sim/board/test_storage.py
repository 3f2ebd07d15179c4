# SPDX-License-Identifier: Apache-2.0
"""NVS keeps whole entries, those that were committed, through power cuts and as long as the flash lives."""

import random
from errno import EINVAL, ENOSPC
from pathlib import Path

import pytest

from sim.board.resets import Fuse, PowerCut
from sim.board.storage import NOT_FOUND, SPACE_BYTES, Storage
from tests.unit.sim.board.program import Program


def opened(folder: Path, fuse: Fuse) -> Program:
    """As after a start."""
    return Program(Storage(folder, fuse).services())


def test_what_is_committed_is_there_after_a_start(tmp_path: Path) -> None:
    """And what was only set or erased is as it was."""
    program = opened(tmp_path, Fuse())
    program.call("nvs_set", "space", "key", "b", b"one")
    program.call("nvs_commit", "space")
    program.call("nvs_set", "space", "key", "b", b"two")
    program.call("nvs_set", "space", "other", "i", bytes(4))
    assert program.read("nvs_get", "space", "key", "b", size=9) == b"two"
    again = opened(tmp_path, Fuse())
    assert again.read("nvs_get", "space", "key", "b", size=9) == b"one"
    assert again.read("nvs_get", "space", "other", "i", size=4) == b""
    assert again.call("nvs_erase", "space", "key") == 0
    assert again.call("nvs_erase", "space", "other") == NOT_FOUND
    assert opened(tmp_path, Fuse()).read("nvs_get", "space", "key", "b", size=9) == b"one"


def test_namespaces_and_kinds_are_apart(tmp_path: Path) -> None:
    """One key, three entries."""
    program = opened(tmp_path, Fuse())
    program.call("nvs_set", "a", "key", "b", b"A")
    program.call("nvs_set", "b", "key", "b", b"B")
    program.call("nvs_set", "a", "key", "i", b"1234")
    program.call("nvs_commit", "a")
    again = opened(tmp_path, Fuse())
    assert again.read("nvs_get", "a", "key", "b", size=9) == b"A"
    assert again.read("nvs_get", "a", "key", "i", size=9) == b"1234"
    assert again.read("nvs_get", "b", "key", "b", size=9) == b""


def test_what_is_too_much_is_refused(tmp_path: Path) -> None:
    """A long key, a large blob, a short buffer, a full partition."""
    program = opened(tmp_path, Fuse())
    for key, content in (("k" * 16, b""), ("", b""), ("key", bytes(4001))):
        with pytest.raises(OSError, match="a key has") as caught:
            program.call("nvs_set", "space", key, "b", content)
        assert caught.value.errno == EINVAL
    program.call("nvs_set", "space", "key", "b", b"long")
    with pytest.raises(OSError, match="too short"):
        program.read("nvs_get", "space", "key", "b", size=3)
    for n in range(SPACE_BYTES // 4000 + 1):
        program.call("nvs_set", "space", str(n), "b", bytes(4000))
    with pytest.raises(OSError, match="full") as caught:
        program.call("nvs_commit", "space")
    assert caught.value.errno == ENOSPC


@pytest.mark.parametrize("seed", range(10))
def test_a_power_cut_leaves_whole_entries(tmp_path: Path, seed: int) -> None:
    """Each is the old one or the new one."""
    fuse = Fuse()
    program = opened(tmp_path, fuse)
    for key in "abcd":
        program.call("nvs_set", "space", key, "b", b"old")
    program.call("nvs_commit", "space")
    for key in "abcd":
        program.call("nvs_set", "space", key, "b", b"new and longer")
    fuse.cut_after(random.Random(seed).randrange(4 * 30))
    with pytest.raises(PowerCut):
        program.call("nvs_commit", "space")
    again = opened(tmp_path, Fuse())
    found = {again.read("nvs_get", "space", key, "b", size=20) for key in "abcd"}
    assert found <= {b"old", b"new and longer"}


def test_cuts_come_again_and_again() -> None:
    """After as many bytes as are drawn each time."""
    fuse = Fuse()
    fuse.cut_again(lambda: 5)
    for _ in range(3):
        fuse.burn(5)
        with pytest.raises(PowerCut):
            fuse.burn(1)
    assert fuse.burnt_bytes == 15
