# SPDX-License-Identifier: Apache-2.0
"""How a vector is written down: one case, one object, one line; bytes in hex."""

import json
from collections.abc import Callable
from typing import Any

Case = dict[str, Any]


def text_of(cases: Callable[[], list[Case]]) -> str:
    """One file: what its cases mean, and a case a line, so that a change shows as a changed line."""
    about = json.dumps((cases.__doc__ or "").strip())
    lines = ",\n".join(json.dumps(case) for case in cases())
    return '{"about": %s, "cases": [\n%s\n]}\n' % (about, lines)


def diagnostic(value: "Any") -> str:
    """CBOR diagnostic notation (RFC 8949 section 8) of what the codec can hold."""
    if isinstance(value, bytes):
        return "h'%s'" % value.hex()
    if isinstance(value, str):
        return '"%s"' % value.replace("\\", "\\\\").replace('"', '\\"')
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        pairs: dict[int, Any] = value  # pyright: ignore[reportUnknownVariableType]  # keys are the codec's
        return "{%s}" % ", ".join("%d: %s" % (key, diagnostic(pairs[key])) for key in sorted(pairs))
    if isinstance(value, list | tuple):
        items: list[Any] = list(value)  # pyright: ignore[reportUnknownArgumentType]  # any items will do
        return "[%s]" % ", ".join(map(diagnostic, items))
    return str(value)


def plain(value: "Any") -> "Any":
    """The same value for JSON: bytes as hex."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list | tuple):
        items: list[Any] = list(value)  # pyright: ignore[reportUnknownArgumentType]  # any items will do
        return [plain(item) for item in items]
    return value
