# SPDX-License-Identifier: Apache-2.0
"""MicroPython has one version here: that of the VM is that of the type stubs."""

import json
import re

from tools import setup_micropython

VM = "@micropython/micropython-webassembly-pyscript"


def test_the_stubs_describe_the_version_that_the_vm_runs() -> None:
    """Two pins, two registries, one MicroPython (ADR-0009)."""
    wanted = json.loads((setup_micropython.PINS / "package.json").read_text())["dependencies"][VM]
    lock = (setup_micropython.ROOT / "constraints.txt").read_text()
    [stubs] = re.findall(r"^micropython-esp32-stubs==([0-9.]+)\.post\d+$", lock, re.MULTILINE)
    assert stubs == wanted


def test_the_lock_file_pins_the_vm_by_hash() -> None:
    """Another file under the same version number is refused by npm."""
    lock = json.loads((setup_micropython.PINS / "package-lock.json").read_text())
    assert lock["packages"]["node_modules/" + VM]["integrity"].startswith("sha512-")
