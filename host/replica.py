# SPDX-License-Identifier: Apache-2.0
"""A ledger at a checkpoint: executes blocks and compares what comes out with what was signed.

Sequencer, witnesses and `verify` all judge blocks with this one class, so they cannot differ. A RuleError
names the rule of docs/ledger.md that a block breaks: R1 to R7 for the block, any other for a transaction in it.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from wattpact.crypto.hashes import kid
from wattpact.errors import RuleError, WireError
from wattpact.ledger.machine import Ledger
from wattpact.ledger.rules import EQUIVOCATION, SHRUNK_HISTORY
from wattpact.wire import envelope
from wattpact.wire.messages import Checkpoint, message_id, parse_as

from .store import ChainReader, Cosignature

if TYPE_CHECKING:
    from wattpact.interfaces import Verifier
    from wattpact.ledger.machine import Finalized, Parsed

R4_TREE = 4
R5_APP_HASH = 5
R6_CHECKPOINT = 6
R7_WITNESSES = 7

EVIDENCE = (EQUIVOCATION, SHRUNK_HISTORY)
NO_CHECKPOINT = bytes(32)


class Replica:
    """One full copy of the chain's state, in memory."""

    def __init__(
        self, genesis: bytes, verifier: "Verifier", parsed: "Parsed | None" = None
    ) -> None:
        """At height 0. RuleError R9 if the genesis is not one. Replicas of one process may share `parsed`."""
        self.ledger = Ledger(genesis, verifier, parsed)
        self.genesis = self.ledger.genesis
        self.previous = NO_CHECKPOINT
        self._verifier = verifier
        self._witnesses = {kid(key): key for key in self.genesis.witnesses}
        self._places = [kid(key) for key in self.genesis.witnesses]

    def resume(self, store: ChainReader) -> None:
        """Go on where a chain file stands, from its state rows, without executing anything again.

        ChainFileError if it is another network's.
        """
        store.check_network(self.ledger.network)
        head = store.head()
        if head is None:
            return
        self.ledger.restore(store.state(), head.height, head.time, head.app_hash, store.envelopes())
        self.previous = message_id(envelope.peek_payload(head.checkpoint))

    def execute(self, height: int, time: int, transactions: Sequence[bytes]) -> "Finalized":
        """What the block gives; nothing is visible until `commit`. RuleError R1 or R2."""
        return self.ledger.finalize(height, time, list(transactions))

    def check_accepted(self, finalized: "Finalized") -> None:
        """RuleError with a transaction's own rule: only what is recorded stands in a block."""
        for index, code in enumerate(finalized.codes):
            if code and code not in EVIDENCE:
                raise RuleError(code, "transaction %d of the block is refused" % index)

    def checkpoint(self, finalized: "Finalized", height: int, time: int) -> bytes:
        """The payload that the sequencer signs and witnesses co-sign."""
        return Checkpoint(
            network=self.ledger.network,
            height=height,
            size=finalized.size,
            root=finalized.root,
            app_hash=finalized.app_hash,
            time=time,
            previous=self.previous,
        ).payload()

    def open_checkpoint(self, signed: bytes) -> tuple[bytes, Checkpoint]:
        """Payload and content of a Sign1 of the genesis' sequencer; RuleError R6 if it is none."""
        try:
            payload = envelope.open1(signed, self.genesis.sequencer, self._verifier)
            return payload, parse_as(Checkpoint, payload)
        except WireError as error:
            raise RuleError(R6_CHECKPOINT, "checkpoint: %s" % error) from error

    def check_checkpoint(
        self, finalized: "Finalized", height: int, time: int, signed: bytes
    ) -> bytes:
        """The payload of `signed`, if it says what was executed here; RuleError R4, R5 or R6."""
        payload, claimed = self.open_checkpoint(signed)
        if (claimed.size, claimed.root) != (finalized.size, finalized.root):
            raise RuleError(R4_TREE, "the tree of %d transactions is another" % finalized.size)
        if claimed.app_hash != finalized.app_hash:
            raise RuleError(R5_APP_HASH, "app hash is %s" % finalized.app_hash.hex())
        if payload != self.checkpoint(finalized, height, time):
            raise RuleError(R6_CHECKPOINT, "the checkpoint is of another block or predecessor")
        return payload

    def check_cosignatures(self, payload: bytes, cosignatures: Sequence[Cosignature]) -> None:
        """RuleError R7 unless a quorum of different witnesses signed, and nobody else."""
        places: set[int] = set()
        for each in cosignatures:
            known = each.index < len(self._places) and self._places[each.index] == each.witness
            if not known or each.index in places:
                raise RuleError(R7_WITNESSES, "cosignature of no witness")
            try:
                key = self._witnesses[each.witness]
                envelope.open_acceptance(each.acceptance, payload, key, self._verifier)
            except WireError as error:
                detail = "cosignature of %s: %s" % (each.witness.hex(), error)
                raise RuleError(R7_WITNESSES, detail) from error
            places.add(each.index)
        if len(places) < self.genesis.quorum:
            raise RuleError(
                R7_WITNESSES, "%d cosignatures of %d" % (len(places), self.genesis.quorum)
            )

    def commit(self, payload: bytes) -> None:
        """Make what was executed last the state, under the checkpoint `payload`."""
        self.ledger.commit()
        self.previous = message_id(payload)
