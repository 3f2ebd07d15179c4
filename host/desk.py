# SPDX-License-Identifier: Apache-2.0
"""The host towards the nodes, sans-io: bytes in, blocks on demand, and what to send to whom.

Whatever carries the bytes (a broker, the simulator's network) calls `receive`, says when a block is due, and
performs the effects. Nobody is told anything that is not on disk.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from wattpact.crypto.hashes import kid
from wattpact.errors import RuleError
from wattpact.node.effects import Publish, Send
from wattpact.wire import envelope
from wattpact.wire.messages import REVOKE, Shortfall, parse_as, type_of

from .engine import BlockResult, EmbeddedEngine
from .errors import MempoolFull
from .issuer import Issuer
from .notices import shortfall_notices, stored_notices

if TYPE_CHECKING:
    from wattpact.interfaces import Signer

Outgoing = Send | Publish


class Desk:
    """One network's counter: transactions come in, STORED, awards, checkpoints and chain facts go out."""

    def __init__(self, engine: EmbeddedEngine, sequencer: "Signer", issuer: Issuer) -> None:
        self.engine = engine
        self.kid = kid(sequencer.public_key)
        self.turned_away = 0
        """Bytes that were no transaction, or came when there was no room."""
        self._sequencer = sequencer
        self._issuer = issuer
        self._shown_size = 0
        self._shown_low: dict[bytes, list[tuple[int, int]]] = {}

    def receive(self, data: bytes, sender: bytes) -> None:
        """A transaction from the node `sender`, who is told what became of it."""
        try:
            self.engine.submit(data, sender)
        except (RuleError, MempoolFull):
            self.turned_away += 1

    def make_block(self, time: int) -> tuple[BlockResult, list[Outgoing]]:
        """Record what waits. Awards of what it settled are submitted, for the next block."""
        result = self.engine.make_block(time)
        effects: list[Outgoing] = []
        for delivery in self._issuer.on_block(result):
            effects += [Send(to, delivery.envelope) for to in delivery.to]
        effects += [Publish("revoke", each) for each in result.transactions if _revokes(each)]
        for award in self._issuer.awards(self.engine.ledger):
            try:
                self.engine.submit(award, self._issuer.kid)
            except MempoolFull:  # made again after a block that leaves room
                self._issuer.withdraw(award)
        own = (self.kid, self._issuer.kid)
        for delivery in stored_notices(self._sequencer, self.engine.ledger.network, result):
            effects += [Send(to, delivery.envelope) for to in delivery.to if to not in own]
        return result, effects

    def announce(self) -> Sequence[Outgoing]:
        """What every member should hear now and then: the newest checkpoint, and plants' new shortfalls."""
        effects: list[Outgoing] = []
        size = self.engine.ledger.tree.size
        if size != self._shown_size:
            effects.append(Publish("checkpoint", self.engine.bundle(self._shown_size)))
            self._shown_size = size
        for plant_id, notice in shortfall_notices(self._sequencer, self.engine.ledger):
            low = parse_as(Shortfall, envelope.peek_payload(notice)).low
            if self._shown_low.get(plant_id) != low:
                self._shown_low[plant_id] = low
                effects.append(Publish("shortfall", notice))
        return effects


def _revokes(transaction: bytes) -> bool:
    """Every member must hear of a revoked key; the registrar's own signature is what it believes."""
    if envelope.is_record(transaction):
        return False
    return type_of(envelope.peek_payload(transaction)) == REVOKE
