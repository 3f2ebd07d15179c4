# SPDX-License-Identifier: Apache-2.0
"""Signed messages that the chain must get. Each stays until the host's signed STORED names its id.

Bounded: a full outbox means stop trading, keep metering, say so. Nothing in it is ever thrown away.
"""

from ..compat import const
from ..wire import codec
from ..wire.kinds import Blob, Raw, Row, Text
from ..wire.messages import ENVELOPE_MAX
from .effects import Drop, Keep, Publish, Send

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .effects import Effect

RETRY_S = const(120)
RETRY_S_MAX = const(3600)
PREFIX = b"o"
KEPT = Row(("to", Raw(0, 8)), ("kind", Text(16)), ("payload", Blob(ENVELOPE_MAX)))
KEPT_MAX = const(4160)  # an envelope, the other two places and the heads


class Entry:
    """One message under way: `to` is a node's kid for its inbox, or empty for the broadcast `kind`."""

    def __init__(self, to: bytes, kind: str, payload: bytes, next_try: int) -> None:
        self.to = to
        self.kind = kind
        self.payload = payload
        self.next_try = next_try
        self.wait_s = RETRY_S

    def effect(self) -> "Effect":
        """What sends it, for the first time or again."""
        return Send(self.to, self.payload) if self.to else Publish(self.kind, self.payload)


class Outbox:
    """Entries by message id, in the order they were added."""

    def __init__(self, entries_max: int) -> None:
        """`entries_max`: what the store can hold; a plant with many buyers needs room for one round's records."""
        self._entries_max = entries_max
        self._ids: "list[bytes]" = []
        self._entries: "dict[bytes, Entry]" = {}

    def full(self) -> bool:
        """No new trade may begin."""
        return len(self._ids) >= self._entries_max

    def holds(self, message_id: bytes) -> bool:
        """Still waiting for STORED."""
        return message_id in self._entries

    def wake_at(self) -> int:
        """When the next entry is to be sent again; 0 if there is none."""
        return min([self._entries[i].next_try for i in self._ids]) if self._ids else 0

    def send(self, message_id: bytes, to: bytes, payload: bytes, now: int) -> "list[Effect]":
        """Keep, then send to one node's inbox."""
        return self._add(message_id, Entry(to, "", payload, now + RETRY_S))

    def publish(self, message_id: bytes, kind: str, payload: bytes, now: int) -> "list[Effect]":
        """Keep, then broadcast."""
        return self._add(message_id, Entry(b"", kind, payload, now + RETRY_S))

    def due(self, now: int) -> "list[Effect]":
        """Send again what no STORED has answered; the wait doubles up to an hour."""
        effects: "list[Effect]" = []
        for message_id in self._ids:
            entry = self._entries[message_id]
            if entry.next_try <= now:
                entry.wait_s = min(2 * entry.wait_s, RETRY_S_MAX)
                entry.next_try = now + entry.wait_s
                effects.append(entry.effect())
        return effects

    def settle(self, message_id: bytes) -> "list[Effect]":
        """The host has it, or refuses it for good."""
        if message_id not in self._entries:
            return []
        del self._entries[message_id]
        self._ids.remove(message_id)
        return [Drop(PREFIX + message_id)]

    def published(self, kind: str) -> "list[tuple[bytes, bytes]]":
        """(id, envelope) of the broadcasts of this kind that still wait for STORED."""
        return [(i, self._entries[i].payload) for i in self._ids if self._entries[i].kind == kind]

    def restore(self, message_id: bytes, kept: bytes, now: int) -> None:
        """One entry back from the store, to be sent at once; WireError if it is not one."""
        to, kind, payload = KEPT.check(codec.decode(kept, KEPT_MAX), "kept outbox entry")
        self._insert(message_id, Entry(to, kind, payload, now))

    def _add(self, message_id: bytes, entry: Entry) -> "list[Effect]":
        self._insert(message_id, entry)
        kept = codec.encode([entry.to, entry.kind, entry.payload])
        return [Keep(PREFIX + message_id, kept), entry.effect()]

    def _insert(self, message_id: bytes, entry: Entry) -> None:
        if message_id not in self._entries:
            self._ids.append(message_id)
        self._entries[message_id] = entry
