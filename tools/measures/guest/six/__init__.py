# SPDX-License-Identifier: Apache-2.0
"""Of six what the peer `ecdsa` imports; only the first decorator is ever called."""

from builtins import next as next  # noqa: A004  # under this name

PY2 = False
integer_types = (int,)


def python_2_unicode_compatible(cls: type) -> type:
    return cls


def int2byte(value: int) -> bytes:
    return bytes((value,))
