# SPDX-License-Identifier: Apache-2.0
"""The store of a plant's node."""

import subprocess
import sys
from pathlib import Path

import pytest

from host.errors import PlantError
from host.plant.memory import PlantMemory

ROOT = Path(__file__).resolve().parents[4]
WRITER = """
import sys
sys.path[:0] = %r
from pathlib import Path
from host.plant.memory import PlantMemory
memory = PlantMemory(Path(sys.argv[1]))
for number in range(10**9):
    memory.keep(b"k", b"%%d" %% number)
    print(number, flush=True)
"""


def test_it_is_a_map_sorted_by_key_that_outlives_its_node(tmp_path: Path) -> None:
    memory = PlantMemory(tmp_path / "memory.db")
    memory.keep(b"b", b"1")
    memory.keep(b"a", b"2")
    memory.keep(b"b", b"3")
    memory.drop(b"unknown")
    memory.close()
    memory = PlantMemory(tmp_path / "memory.db")
    assert memory.items() == [(b"a", b"2"), (b"b", b"3")]
    memory.drop(b"a")
    assert memory.items() == [(b"b", b"3")]
    memory.close()


def test_it_counts_its_openings(tmp_path: Path) -> None:
    counts: list[int] = []
    for _ in range(3):
        memory = PlantMemory(tmp_path / "memory.db")
        counts.append(memory.boot_count)
        memory.close()
    assert counts == [1, 2, 3]


def test_a_second_node_is_refused(tmp_path: Path) -> None:
    memory = PlantMemory(tmp_path / "memory.db")
    with pytest.raises(PlantError, match="another node has it open"):
        PlantMemory(tmp_path / "memory.db")
    memory.close()


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "memory.db").write_bytes(b"not a database" * 100)
    with pytest.raises(PlantError, match=r"memory\.db"):
        PlantMemory(tmp_path / "memory.db")
    with pytest.raises(PlantError, match="unable to open"):
        PlantMemory(tmp_path / "nowhere" / "memory.db")


def test_a_write_that_fails_is_an_oserror(tmp_path: Path) -> None:
    memory = PlantMemory(tmp_path / "memory.db")
    memory.close()
    with pytest.raises(OSError, match=r"memory\.db"):
        memory.keep(b"k", b"v")


def test_what_was_kept_survives_a_kill(tmp_path: Path) -> None:
    """kill -9: the last value whose `keep` returned is there, or one that was kept after it."""
    paths = [str(ROOT), str(ROOT / "firmware")]
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER % (paths,), str(tmp_path / "memory.db")],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout is not None
    told = [writer.stdout.readline() for _ in range(20)]
    writer.kill()
    told += writer.stdout.readlines()
    writer.stdout.close()
    writer.wait()
    whole = [int(line) for line in told if line.endswith("\n")]
    memory = PlantMemory(tmp_path / "memory.db")
    assert int(dict(memory.items())[b"k"]) >= whole[-1]
    memory.close()
