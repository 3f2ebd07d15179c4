# SPDX-License-Identifier: Apache-2.0
"""A file of the board as CPython can use it: its viper functions are machine code, the rest runs as it stands.

viper = load("wattpact/crypto/viper.py")
modulus = viper["Modulus"]()
assert (x * y % modulus - x * y) % P == 0       # in machine code, as on a board
"""

import builtins
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sim.rv32.machine import Machine
from sim.rv32.mpy import read

FIRMWARE = Path(__file__).resolve().parent.parent.parent / "firmware"


def load(name: str, machine: Machine | None = None, **stand_ins: object) -> dict[str, Any]:
    """What the file at `name`, a path below firmware/, defines.

    `stand_ins`: modules and built-in functions that it shall get instead of CPython's.
    """
    source = FIRMWARE / name
    package = ".".join(Path(name).parent.parts)
    with tempfile.TemporaryDirectory() as folder:
        functions = (machine or Machine()).add(read(source, Path(folder)))

    def viper(function: Any) -> Any:
        return functions[function.__qualname__]

    given: dict[str, Any] = {
        "micropython": SimpleNamespace(viper=viper),
        **dict.fromkeys(("ptr8", "ptr16", "ptr32", "uint"), int),  # for the annotations
        **stand_ins,
    }

    def find(module: str, *rest: Any) -> Any:
        return given[module] if module in given else builtins.__import__(module, *rest)

    names: dict[str, Any] = {
        "__name__": "%s.%s" % (package, source.stem),
        "__package__": package,
        "__builtins__": {**vars(builtins), **given, "__import__": find},
    }
    exec(compile(source.read_text(encoding="utf-8"), str(source), "exec"), names)  # noqa: S102  # our own file
    return names
