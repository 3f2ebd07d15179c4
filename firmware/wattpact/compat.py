# SPDX-License-Identifier: Apache-2.0
"""What the two interpreters spell differently; nothing here asks which of them is running."""


def const(value: int) -> int:
    """An integer that never changes. MicroPython's compiler knows the name and folds `const(n)` into the code."""
    return value
