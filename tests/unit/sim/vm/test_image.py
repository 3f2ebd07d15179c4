# SPDX-License-Identifier: Apache-2.0
"""The build's machine code is kept, and never believed to be of another build."""

import shutil
from pathlib import Path

import pytest

from sim.vm.image import IMAGE, engine, load
from sim.vm.machine import Machine


@pytest.fixture(name="image")
def copied(tmp_path: Path) -> Path:
    """The build, with nothing beside it."""
    return Path(shutil.copy(IMAGE, tmp_path))


def test_machine_code_is_made_once(image: Path) -> None:
    """The second time it is only read."""
    load(engine(), image)
    [kept] = image.parent.glob("*.cwasm")
    written_ns = kept.stat().st_mtime_ns
    load(engine(), image)
    assert kept.stat().st_mtime_ns == written_ns
    assert Machine(65536, image=image).run("print(1)") == ["1"]


def test_machine_code_that_is_spoilt_is_made_anew(image: Path) -> None:
    """As after another version of wasmtime, or on another processor."""
    load(engine(), image)
    [kept] = image.parent.glob("*.cwasm")
    kept.write_bytes(b"no machine code")
    assert Machine(65536, image=image).run("print(1)") == ["1"]
    assert kept.stat().st_size > 100_000


def test_a_build_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    """Setup makes it."""
    with pytest.raises(FileNotFoundError, match=r"run tools/setup\.sh"):
        load(engine(), tmp_path / "none.wasm")
