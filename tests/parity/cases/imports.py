# SPDX-License-Identifier: Apache-2.0
"""Every module a board runs imports. esp32/ needs the hardware; interfaces.py is type-only, so it need only compile.

MicroPython has no `typing`, and nothing imports interfaces.py at run time on either interpreter. Machine code is for
boards: neither interpreter here can run it, and both must say so with one of the errors that choosing it expects.
"""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = "firmware/wattpact"
COMPILED_ONLY = "wattpact.interfaces"
MACHINE_CODE = ("wattpact.crypto.inplace", "wattpact.crypto.viper")


def modules(folder: str, package: str) -> "list[str]":
    """Dotted names under `folder`, packages before what is in them, in order, and modules after packages.

    So each finds most of what it imports imported: a VM that compiles has no stack for one import in another in
    another. A board has them compiled.
    """
    found = [package]
    single: "list[str]" = []
    for name in sorted(os.listdir(folder)):
        if name.endswith(".py") and name != "__init__.py":
            single.append(package + "." + name[:-3])
        elif "." not in name and name not in ("__pycache__", "esp32"):
            found.extend(modules(folder + "/" + name, package + "." + name))
    return found + single


def lines() -> "Iterator[str]":
    """One line a module, after it imported."""
    for name in modules(ROOT, "wattpact"):
        if name == COMPILED_ONLY:
            with open("firmware/" + name.replace(".", "/") + ".py") as source:
                compile(source.read(), name, "exec")
            yield "compiled " + name
        elif name in MACHINE_CODE:
            try:
                __import__(name)
                yield "imported " + name
            except (ImportError, SyntaxError, ValueError):
                yield "refused " + name
        else:
            __import__(name)
            yield "imported " + name
