# SPDX-License-Identifier: Apache-2.0
"""The host towards the nodes, sans-io: bytes in, blocks on demand, and what to send to whom.

Whatever carries the bytes (a broker, the simulator's network) calls `receive`, says when a block is due, and
performs the effects. Nobody is told anything that is not on disk. What it must say again it finds on the chain, so a
restart forgets nothing.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from wattpact.crypto.hashes import kid
from wattpact.errors import RuleError, WireError
from wattpact.node.effects import Publish, Send
from wattpact.wire import envelope
from wattpact.wire.messages import PROVE, REVOKE, Prove, Shortfall, message_id, parse_as

from .engine import BlockResult, EmbeddedEngine
from .errors import MempoolFull
from .issuer import Issuer
from .notices import proof_notice, shortfall_notices, stored_notices

if TYPE_CHECKING:
    from wattpact.interfaces import Signer

Outgoing = Send | Publish
REPEATS = 24
"""Announcements in which every plant's SHORTFALL is repeated once for those who came late: a day of hourly ones."""


class Desk:
    """One network's counter: transactions come in, STORED, awards, checkpoints and chain facts go out."""

    def __init__(self, engine: EmbeddedEngine, sequencer: "Signer", issuer: Issuer) -> None:
        self.engine = engine
        self.kid = kid(sequencer.public_key)
        self.turned_away = 0
        """Bytes that were nothing for us, from somebody we do not answer, or came when there was no room."""
        self._sequencer = sequencer
        self._issuer = issuer
        # What was announced last: the chain's head counts as that after a restart, for nothing newer was.
        self._shown = engine.signed()
        self._shown_size: int = engine.ledger.tree.size
        self._announcement = b""
        self._shown_low: dict[bytes, list[tuple[int, int]]] = {}
        self._turn = 0
        self._revocations = [
            (place, each)
            for place, each in enumerate(engine.store.envelopes())
            if _claimed_type(each) == REVOKE
        ]

    def receive(self, data: bytes, sender: bytes) -> list[Outgoing]:
        """A transaction from the node `sender`, who is told after a block what became of it, or a PROVE: its answer."""
        try:
            if _claimed_type(data) == PROVE:
                return [self._prove(data, sender)]
            self.engine.submit(data, sender)
        except (RuleError, WireError, MempoolFull):
            self.turned_away += 1
        return []

    def _prove(self, data: bytes, sender: bytes) -> Send:
        """What a member missed. WireError, before any signature is checked, if it is none, or asks for another."""
        payload, _digest, _signature, kid = envelope.digest_of(data)
        ledger = self.engine.ledger
        node = ledger.node(kid)
        if kid != sender or node is None or node.revoked:
            raise WireError("not a member's own question")
        prove = parse_as(Prove, payload)
        if prove.network != ledger.network:
            raise WireError("another network")
        envelope.open1(data, node.public_key, self.engine.verifier)
        size = ledger.tree.size
        answer = proof_notice(
            self._sequencer,
            ledger.network,
            prove,
            message_id(payload),
            self._bundle(prove.size),
            self._revocations,
            size,
        )
        return Send(kid, answer)

    def _bundle(self, from_size: int) -> bytes:
        """The checkpoint announced last, from where the next announcement goes on; nothing before the first block."""
        if not self._shown[0]:
            return b""
        size = self._shown_size
        return self.engine.bundle_of(self._shown, size, min(from_size, size))

    def make_block(self, time: int) -> tuple[BlockResult, list[Outgoing]]:
        """Record what waits. Awards of what it settled are submitted, for the next block."""
        result = self.engine.make_block(time)
        effects: list[Outgoing] = []
        for delivery in self._issuer.on_block(result):
            effects += [Send(to, delivery.envelope) for to in delivery.to]
        effects += self._revoked(result)
        for stored in result.stored:
            award = self._issuer.again(self.engine.ledger, stored.id)
            if award:  # a trade end that came again
                effects += [Send(to, award.envelope) for to in award.to if to in stored.senders]
        for award in self._issuer.awards(self.engine.ledger):
            try:
                self.engine.submit(award, self._issuer.kid)
            except MempoolFull:  # made again after a block that leaves room
                self._issuer.withdraw(award)
        own = (self.kid, self._issuer.kid)
        for delivery in stored_notices(self._sequencer, self.engine.ledger.network, result):
            effects += [Send(to, delivery.envelope) for to in delivery.to if to not in own]
        return result, effects

    def _revoked(self, result: BlockResult) -> list[Publish]:
        """Every member must hear of a revoked key; the registrar's own signature is what it believes."""
        first = self.engine.ledger.tree.size - len(result.transactions)
        new = [
            (first + index, each)
            for index, each in enumerate(result.transactions)
            if _claimed_type(each) == REVOKE
        ]
        self._revocations += new
        return [Publish("revoke", each) for _place, each in new]

    def on_connected(self, fresh: bool) -> list[Outgoing]:
        """The link is up. `fresh`: the broker has no session of ours, and retains nothing for those who come late."""
        shown = fresh and self._announcement
        return [Publish("checkpoint", self._announcement)] if shown else []

    def announce(self) -> Sequence[Outgoing]:
        """What every member should hear now and then: the newest checkpoint, plants' new shortfalls, and some old ones.

        A retained broadcast would show one plant's only.
        """
        effects: list[Outgoing] = []
        size = self.engine.ledger.tree.size
        if self.engine.ledger.height and (size != self._shown_size or not self._announcement):
            self._announcement = self.engine.bundle(self._shown_size)
            self._shown, self._shown_size = self.engine.signed(), size
            effects.append(Publish("checkpoint", self._announcement))
        for plant_id, notice in shortfall_notices(self._sequencer, self.engine.ledger):
            low = parse_as(Shortfall, envelope.peek_payload(notice)).low
            turn = int.from_bytes(plant_id[:4], "big") % REPEATS
            if self._shown_low.get(plant_id) != low or turn == self._turn:
                self._shown_low[plant_id] = low
                effects.append(Publish("shortfall", notice))
        self._turn = (self._turn + 1) % REPEATS
        return effects


def _claimed_type(data: bytes) -> int:
    """The number of the message in an envelope, which nobody has checked; 0 for a record and what is no envelope."""
    try:
        payload = envelope.peek_payload(data)
    except WireError:
        return 0
    return payload[4] if len(payload) > 4 else 0  # after map head, key 0, version and key 1
