# SPDX-License-Identifier: Apache-2.0
"""What sim/vm/modules/asyncio.py waits by, where there is nothing to wait for: in a case everybody's turn is now."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def wait(span_ms: int, rows: bytes, ready: bytearray) -> "NoReturn":
    """A case must not sleep, and has no connections."""
    raise RuntimeError("everybody waits")
