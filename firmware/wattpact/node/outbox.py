# SPDX-License-Identifier: Apache-2.0
"""What the host has not answered yet. Bounded: a full outbox means stop trading, keep metering, say so.

`Outbox` holds signed messages that the chain must get, each until the host's signed STORED names its id; nothing in it
is ever thrown away. `CatchUp` asks what was missed, until a PROOF answers: at this node's own second, and again, ever
more rarely, RETRY_S apart at least, whatever happens. A host that comes back answers every question that waited for it:
any of those answers will do, and the others are none any more.
"""

from ..compat import const
from ..errors import WireError
from ..wire import codec
from ..wire.chain import TREE_SIZE
from ..wire.kinds import Blob, Raw, Row, Text
from ..wire.messages import ENVELOPE_MAX, Proof, Prove
from .effects import Drop, Keep, Publish, Send

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .effects import Effect
    from .member import Member, Opened

RETRY_S = const(120)
RETRY_S_MAX = const(3600)
PREFIX = b"o"
KEPT = Row(("to", Raw(0, 8)), ("kind", Text(16)), ("payload", Blob(ENVELOPE_MAX)))
REVOKED_SIZE_KEY = b"r"
QUESTIONS_MAX = const(8)  # whose answers are known for ours; the last of them took some hours
SPREAD_S = const(240)  # after a power cut in a whole street its boards ask one after the other

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

    def again(self, now: int) -> None:
        """The broker lost what it had: send everything again at once."""
        for message_id in self._ids:
            entry = self._entries[message_id]
            entry.next_try = now
            entry.wait_s = RETRY_S

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


class CatchUp:
    """What one board asks; a prosumer's two roles share it. `size` is that of the kept checkpoint, 0 without one."""

    def __init__(self, member: "Member") -> None:
        self.size = 0
        self.wake_at = 0  # when to ask, or to ask again; 0: nothing is missing
        self._member = member
        self._revoked_size = 0  # every revocation among so many first leaves is known
        self._spread_s = int.from_bytes(member.kid[:4], "big") % SPREAD_S
        self._asked_at = -RETRY_S
        self._wait_s = RETRY_S
        self._open: "list[bytes]" = []  # ids of questions without an answer, the newest last
        self._answered: "list[bytes]" = []  # those before: a broker may bring an answer again

    def want(self, now: int) -> None:
        """Something may be missing."""
        if not self.wake_at:
            self._wait_s = RETRY_S
            soon = now - self._asked_at < RETRY_S  # also if the clock was set back since
            self.wake_at = now + self._spread_s + (RETRY_S if soon else 0)

    def due(self, now: int) -> "list[Effect]":
        """The question, if it is time."""
        if not self.wake_at or now < self.wake_at:
            return []
        prove = Prove(
            network=self._member.network,
            size=self.size,
            revoked_size=self._revoked_size,
            issued_at=now,
        )
        prove_id, data = self._member.sign(prove)
        self._open = self._open[1 - QUESTIONS_MAX :] + [prove_id]
        self._asked_at = now
        self.wake_at = now + self._wait_s
        self._wait_s = min(2 * self._wait_s, RETRY_S_MAX)
        return [Send(self._member.host, data)]

    def answered(self, opened: "Opened", proof: Proof, now: int) -> "list[Effect]":
        """The host's answer: its revocations, one by one by the registrar's word. While there were some, ask for more.

        WireError if it is not the host's, or answers no question of ours.
        """
        if opened.kid != self._member.host:
            raise WireError("not the host's word")
        if proof.prove_id not in self._open:
            if proof.prove_id in self._answered:
                return []  # delivered twice, or of a question that was asked again
            raise WireError("an answer to no question of ours")
        revocations = [self._member.open(data) for data in proof.revokes]
        effects: "list[Effect]" = []
        for revocation in revocations:
            effects += self._member.revoke(revocation)
        self._answered = (self._answered + self._open)[-QUESTIONS_MAX:]
        self._open = []
        self.wake_at = 0
        if proof.revoked_size > self._revoked_size:
            self._revoked_size = proof.revoked_size
            effects.append(Keep(REVOKED_SIZE_KEY, codec.encode(self._revoked_size)))
            if revocations:
                self.want(now)
        return effects

    def take_back(self, kept: bytes) -> None:
        """How far revocations were known; WireError if it is not what was kept."""
        self._revoked_size = TREE_SIZE.check(codec.decode(kept), "kept size")
