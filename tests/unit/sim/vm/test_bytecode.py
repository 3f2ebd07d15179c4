# SPDX-License-Identifier: Apache-2.0
"""What a board imports as bytecode is made here, too, and a guest imports it."""

from pathlib import Path

import pytest

from sim.vm.bytecode import CompileError, compile_module, compile_tree, guest_modules, rom_of
from sim.vm.faults import HeapExhausted
from sim.vm.machine import Machine

HEAP_BYTES = 64 * 1024


def test_a_tree_of_modules_keeps_its_shape(tmp_path: Path) -> None:
    """Packages and modules; machine code, which no VM could run, is left out."""
    package = tmp_path / "source" / "package"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "module.py").write_text("VALUE = 7\n")
    (package / "fast.py").write_text("@micropython.viper\ndef f():\n    pass\n")
    folder = compile_tree(tmp_path / "source", tmp_path / "made")
    made = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))
    assert made == ["package/__init__.mpy", "package/module.mpy"]
    source = "import package.module\nprint(package.module.VALUE)"
    assert Machine(HEAP_BYTES, {"/board": folder}).run(source) == ["7"]


def test_what_does_not_compile_is_told_with_its_file(tmp_path: Path) -> None:
    """In the compiler's words."""
    source = tmp_path / "wrong.py"
    source.write_text("def f(:\n")
    with pytest.raises(CompileError, match=r"(?s)wrong\.py.*SyntaxError"):
        compile_module(source, tmp_path / "wrong.mpy")


def test_a_guest_s_modules_are_made_once() -> None:
    """Whoever asks again gets the same folder."""
    folder = guest_modules()
    assert guest_modules() == folder
    assert (folder / "asyncio.mpy").exists()
    assert [path for path in folder.iterdir() if path.suffix != ".mpy"] == []


def test_a_rom_is_imported_in_place(tmp_path: Path) -> None:
    """32 KiB of constants fit a guest with a heap of 24 KiB from a ROMFS, and not from a file."""
    source = tmp_path / "large.py"
    source.write_text("VALUE = %r\n" % bytes(range(256)) + "LARGE = %r\n" % (b"\x07" * 32768))
    folder = tmp_path / "made"
    compile_module(source, folder / "large.py")
    program = "import large\nprint(len(large.LARGE), large.VALUE[255])"
    assert Machine(24 * 1024, rom=rom_of(folder)).run(program) == ["32768 255"]
    with pytest.raises(HeapExhausted):
        Machine(24 * 1024, {"/board": folder}).run(program)
