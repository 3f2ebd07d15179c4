# SPDX-License-Identifier: Apache-2.0
"""What the host has to say, on its way to the broker: bounded, and with the height up to which all of it arrived.

What a block owes (STORED, awards, revocations) can be derived from the chain again, so it needs no second store: when
there is no room, or after a kill, `queued` says from which height on to derive it. Everything else (refusals, answers
to what was recorded before) is asked for again by whoever waits for it, and is dropped when there is no room.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from wattpact.node.effects import Publish, Send
from wattpact.wire import topics

LETTERS_MAX = 50_000


@dataclass(frozen=True)
class Letter:
    """One message to publish; `height` is that of the block that owes it, 0 if none does."""

    topic: str
    payload: bytes
    retain: bool
    height: int


class Outgoing:
    """A queue of letters of the host `kid`; blocks up to `handed` were handed to the broker before."""

    def __init__(
        self, network: bytes, kid: bytes, handed: int, letters_max: int = LETTERS_MAX
    ) -> None:
        self.queued = handed
        """All that blocks up to here owe is in the queue, or was."""
        self.dropped = 0
        self._network = network
        self._kid = kid
        self._most = letters_max
        self._waiting: deque[Letter] = deque()
        self._under_way: dict[int, Letter] = {}
        self._open: dict[int, int] = {}  # letters not arrived, by height, ascending

    @property
    def handed(self) -> int:
        """All that blocks up to here owe has arrived at the broker."""
        return next(iter(self._open)) - 1 if self._open else self.queued

    def has_room(self) -> bool:
        """For what another block owes."""
        return len(self._waiting) < self._most

    def is_empty(self) -> bool:
        """Everything has arrived."""
        return not (self._waiting or self._under_way)

    def add_block(self, height: int, effects: Sequence[Send | Publish]) -> None:
        """What the block after `queued` owes; without room or out of turn nothing happens, and `queued` stays."""
        if height != self.queued + 1 or not self.has_room():
            return
        self.queued = height
        if effects:
            self._open[height] = len(effects)
        self._waiting.extend(self._letter(effect, height) for effect in effects)

    def add(self, effects: Sequence[Send | Publish]) -> None:
        """What no block owes."""
        for effect in effects:
            if self.has_room():
                self._waiting.append(self._letter(effect, 0))
            else:
                self.dropped += 1

    def next(self, window: int) -> Letter | None:
        """What to publish now, if fewer than `window` are under way; tell `sent` of it."""
        if not self._waiting or len(self._under_way) >= window:
            return None
        return self._waiting[0]

    def sent(self, packet_id: int) -> None:
        """The letter that `next` gave is the publisher's now, who does not give up; `landed` will say the same id."""
        self._under_way[packet_id] = self._waiting.popleft()

    def landed(self, packet_id: int) -> Letter | None:
        """The letter the broker has answered; None if it is none of these."""
        letter = self._under_way.pop(packet_id, None)
        if letter and letter.height:
            left = self._open[letter.height] - 1
            if left:
                self._open[letter.height] = left
            else:
                del self._open[letter.height]
        return letter

    def _letter(self, effect: Send | Publish, height: int) -> Letter:
        if isinstance(effect, Send):
            topic = topics.inbox(self._network, effect.to, self._kid)
            return Letter(topic, effect.payload, retain=False, height=height)
        topic = topics.broadcast(self._network, self._kid, effect.kind)
        return Letter(topic, effect.payload, effect.kind in topics.RETAINED, height)
