# SPDX-License-Identifier: Apache-2.0
"""Everything a board runs can be compiled for it beforehand, machine code included."""

import json
import subprocess
from pathlib import Path

import pytest

from sim.rv32.file import FIRMWARE
from sim.rv32.mpy import MPY_CROSS, compiled
from tools import setup_micropython

VM = "@micropython/micropython-webassembly-pyscript"


@pytest.mark.parametrize("arch", ["xtensawin", "rv32imc"])
def test_every_file_of_the_board_compiles(arch: str, tmp_path: Path) -> None:
    """For the ESP32, S2 and S3; and for the C3, C6 and the others of RISC-V."""
    sources = sorted(FIRMWARE.rglob("*.py"))
    assert len(sources) > 50
    for source in sources:
        assert compiled(source, tmp_path, arch)


def test_the_compiler_is_of_the_version_that_the_vm_runs() -> None:
    """Another one makes files that boards refuse."""
    wanted = json.loads((setup_micropython.PINS / "package.json").read_text())["dependencies"][VM]
    told = subprocess.run([MPY_CROSS, "--version"], check=True, capture_output=True, text=True)
    assert told.stdout.startswith("MicroPython v%s " % wanted)
