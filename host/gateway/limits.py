# SPDX-License-Identifier: Apache-2.0
"""What one sender may use of the host: a token bucket each of messages and of bytes.

The defaults let a plant of a thousand buyers hand in all its records at once, and nobody do so all day. What is over
the limit is dropped and acknowledged: unacknowledged it would hold up everybody's, and its sender's outbox has it.
"""

from dataclasses import dataclass

SENDERS_MAX = 20_000
"""Buckets kept; the one that was used longest ago goes first. The broker lets nobody invent senders."""


@dataclass(frozen=True)
class Limits:
    """Of every sender alike; seconds are those of the host's clock."""

    messages_per_s: int = 50
    messages_burst: int = 5_000
    bytes_per_s: int = 100_000
    bytes_burst: int = 8_000_000


@dataclass
class _Bucket:
    messages: int
    size: int
    at: int


class Meters:
    """How much each sender has left."""

    def __init__(self, limits: Limits, senders_max: int = SENDERS_MAX) -> None:
        self._limits = limits
        self._most = senders_max
        self._buckets: dict[bytes, _Bucket] = {}

    def spend(self, sender: bytes, size: int, now: int) -> bool:
        """Take one message of `size` bytes from the sender's; False, and nothing is taken, if there is not enough."""
        limits = self._limits
        bucket = self._buckets.pop(sender, None)
        if bucket is None:
            bucket = _Bucket(limits.messages_burst, limits.bytes_burst, now)
        passed_s = max(0, now - bucket.at)
        bucket.at = now
        refilled = bucket.messages + passed_s * limits.messages_per_s
        bucket.messages = min(limits.messages_burst, refilled)
        bucket.size = min(limits.bytes_burst, bucket.size + passed_s * limits.bytes_per_s)
        self._buckets[sender] = bucket  # now the one that was used last
        if len(self._buckets) > self._most:
            del self._buckets[next(iter(self._buckets))]
        if bucket.messages < 1 or bucket.size < size:
            return False
        bucket.messages -= 1
        bucket.size -= size
        return True
