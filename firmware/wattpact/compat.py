# SPDX-License-Identifier: Apache-2.0
"""The one place where the two interpreters are told apart: by what they have, never by asking which it is."""

try:
    from micropython import const  # type: ignore[import-not-found]  # absent on CPython
except ImportError:

    def const(value: int) -> int:
        """On MicroPython the compiler folds `const(n)` into the code; here it is just n."""
        return value
