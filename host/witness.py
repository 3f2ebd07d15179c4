# SPDX-License-Identifier: Apache-2.0
"""A witness signs only what it has executed itself. Whoever trusts a quorum needs not trust the sequencer.

Two steps, so that a block that too few agree to leaves no signature and no trace: `examine` executes,
`sign` commits the witness to that block for good: it never signs another of the same height.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wattpact.crypto.hashes import kid
from wattpact.errors import RuleError
from wattpact.wire import envelope

from .replica import R6_CHECKPOINT, Replica

if TYPE_CHECKING:
    from wattpact.interfaces import Clock, Signer, Verifier
    from wattpact.ledger.machine import Parsed

    from .store import ChainReader

R3_CLOCK = 3


@dataclass(frozen=True)
class Draft:
    """A block as the sequencer shows it to the witnesses; `checkpoint` is its Sign1."""

    height: int
    time: int
    transactions: Sequence[bytes]
    checkpoint: bytes


class Witness:
    """One co-signing replica."""

    def __init__(
        self, genesis: bytes, signer: "Signer", verifier: "Verifier", clock: "Clock"
    ) -> None:
        """`clock` is the witness' own. ValueError if the genesis does not name the signer's key."""
        self._genesis = genesis
        self._verifier = verifier
        self.replica = Replica(genesis, verifier)
        witnesses = self.replica.genesis.witnesses
        if signer.public_key not in witnesses:
            raise ValueError("the genesis names no such witness")
        self.index = witnesses.index(signer.public_key)
        self.kid = kid(signer.public_key)
        self._signer = signer
        self._clock = clock
        self._examined: tuple[int, bytes] | None = None
        self._signed: tuple[int, bytes] | None = None

    def resume(self, store: "ChainReader", parsed: "Parsed | None" = None) -> None:
        """Go on where a chain file stands; ChainFileError if it is another network's.

        In the sequencer's process `parsed` saves taking every transaction apart again: bytes have one reading.
        """
        self.replica = Replica(self._genesis, self._verifier, parsed)
        self.replica.resume(store)

    def examine(self, draft: Draft) -> None:
        """Execute the block; RuleError names why it gets no signature (R1 to R6, or a transaction's rule)."""
        self._examined = None
        off = abs(draft.time - self._clock.now())
        clock_s = self.replica.genesis.timeouts[3]
        if off > clock_s:
            raise RuleError(R3_CLOCK, "time is %d s off this clock, at most %d" % (off, clock_s))
        finalized = self.replica.execute(draft.height, draft.time, draft.transactions)
        self.replica.check_accepted(finalized)
        payload = self.replica.check_checkpoint(
            finalized, draft.height, draft.time, draft.checkpoint
        )
        if self._signed and self._signed[0] == draft.height and self._signed[1] != payload:
            raise RuleError(R6_CHECKPOINT, "signed another block of height %d" % draft.height)
        self._examined = (draft.height, payload)

    def sign(self) -> bytes:
        """The detached Sign1 over the checkpoint of the block just examined (ValueError if there is none)."""
        if self._examined is None:
            raise ValueError("nothing examined")
        self._signed = self._examined
        return envelope.accept1(self._examined[1], self._signer)

    def commit(self) -> None:
        """The block is stored: make it this replica's state (ValueError if it was not signed)."""
        if self._signed is None or self._signed != self._examined:
            raise ValueError("nothing signed")
        self.replica.commit(self._signed[1])
        self._examined = None
