# SPDX-License-Identifier: Apache-2.0
"""The embedded engine: one sequencer orders transactions, witnesses in the same process co-sign.

    store = ChainStore.create(path, genesis)          # or ChainStore.open(path)
    engine = EmbeddedEngine(store, sequencer, witnesses, verifier)
    engine.submit(envelope, sender)                   # any time; bounds only
    result = engine.make_block(time)                  # rules; commits at most one block
    store.close()

It never asks a clock: whoever drives it says the block's time. What is committed is on disk before anybody
is told. A block without transactions is made only if something in the ledger falls due.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wattpact.errors import RuleError
from wattpact.ledger.machine import Parsed
from wattpact.wire import codec, envelope
from wattpact.wire.messages import Contract

from .errors import BlockStopped
from .mempool import Mempool, Waiting
from .replica import EVIDENCE, R7_WITNESSES, Replica
from .store import BlockRow, ChainStore, Cosignature, TransactionRow
from .witness import Draft, Witness

if TYPE_CHECKING:
    from wattpact.interfaces import Signer, Verifier
    from wattpact.ledger.machine import Finalized

BLOCK_TRANSACTIONS_MAX = 1_000
PATIENCE_S = 900
R16_RECORDED = 16
NOT_YET = (37, 41, 56, 60, 63)
"""Rules that time or a message still under way can heal: such a transaction is tried again for PATIENCE_S."""


@dataclass(frozen=True)
class Stored:
    """Message `id` is on the chain, now or since earlier; tell the `senders` (kids) and a contract's parties."""

    id: bytes
    senders: Sequence[bytes]
    """Whoever is to be told, parties included."""


@dataclass(frozen=True)
class Refused:
    """Message `id` as these `senders` sent it breaks `rule` for good."""

    id: bytes
    rule: int
    senders: Sequence[bytes]


@dataclass(frozen=True)
class BlockResult:
    """What one call of `make_block` did."""

    height: int
    """Of the chain now."""
    time: int
    committed: bool
    """Whether a block was made: False if there was nothing to record and nothing due."""
    transactions: Sequence[bytes] = ()
    """Stored bytes of the block's transactions, in order."""
    stored: Sequence[Stored] = ()
    refused: Sequence[Refused] = ()
    awardable: Sequence[bytes] = ()
    """Trade ends that wait for an award since this block."""
    bundle: bytes | None = None
    """The new checkpoint for light clients that hold the one before."""
    waiting: int = 0
    """Transactions still in the mempool."""


@dataclass
class _Sorted:
    """Candidates by what the ledger said of them."""

    accepted: list[TransactionRow] = field(default_factory=list[TransactionRow])
    done: list[Waiting] = field(default_factory=list[Waiting])
    later: list[Waiting] = field(default_factory=list[Waiting])
    stored: list[Stored] = field(default_factory=list[Stored])
    refused: list[Refused] = field(default_factory=list[Refused])


class EmbeddedEngine:
    """Sequencer, store and witnesses of one network in one process."""

    def __init__(
        self,
        store: ChainStore,
        sequencer: "Signer",
        witnesses: Sequence[Witness],
        verifier: "Verifier",
    ) -> None:
        """Goes on where the store stands, and lets the witnesses do so.

        ValueError if the genesis names another sequencer, or fewer witnesses are given than its quorum.
        """
        self._parsed = Parsed()
        self._replica = Replica(store.genesis, verifier, self._parsed)
        genesis = self._replica.genesis
        if genesis.sequencer != sequencer.public_key:
            raise ValueError("the genesis names another sequencer")
        if len({witness.index for witness in witnesses}) < genesis.quorum:
            raise ValueError("fewer witnesses than the quorum of %d" % genesis.quorum)
        self.store = store
        self.ledger = self._replica.ledger
        self.witnesses = sorted(witnesses, key=lambda witness: witness.index)
        self.verifier = verifier
        self._sequencer = sequencer
        self._mempool = Mempool()
        self._replica.resume(store)
        for witness in self.witnesses:
            witness.resume(store, self._parsed)
        head = store.head()
        self._checkpoint = head.checkpoint if head else b""
        self._acceptances = (
            [each.acceptance for each in store.cosignatures(head.height)] if head else []
        )

    @property
    def waiting(self) -> int:
        """Transactions in the mempool."""
        return len(self._mempool)

    def submit(self, transaction: bytes, sender: bytes) -> bytes:
        """Queue a transaction and return its id; `sender` (kid) is told what became of it.

        The sender is whoever the link says it is, not whom the envelope names. Duplicates collapse.
        RuleError R10 if the bytes cannot be a transaction, MempoolFull if there is no room now.
        """
        return self._mempool.add(transaction, sender)

    def make_block(self, time: int) -> BlockResult:
        """Execute what waits, and commit what the ledger accepts as one block of `time`.

        BlockStopped if the time goes back (R2) or too few witnesses agree: then nothing is committed and
        everything waits on.
        """
        height = self.ledger.height + 1
        candidates = self._mempool.first(BLOCK_TRANSACTIONS_MAX)
        due_at = self.ledger.due_at()
        if not candidates and (due_at is None or due_at > time):
            return BlockResult(self.ledger.height, time, committed=False)
        try:
            finalized = self._replica.execute(height, time, [each.envelope for each in candidates])
        except RuleError as error:
            raise BlockStopped(height, error.rule, error.detail) from error
        judged = self._sort(candidates, finalized, time)
        commits = bool(judged.accepted) or (due_at is not None and due_at <= time)
        before = set(self.ledger.awardable())
        if commits:
            self._commit(height, time, judged.accepted, finalized)
        self._mempool.remove(judged.done)
        self._mempool.put_off(judged.later)
        return BlockResult(
            height=self.ledger.height,
            time=time,
            committed=commits,
            transactions=[each.envelope for each in judged.accepted] if commits else [],
            stored=judged.stored,
            refused=judged.refused,
            awardable=[each for each in self.ledger.awardable() if each not in before],
            bundle=self.bundle(finalized.size - len(judged.accepted)) if commits else None,
            waiting=len(self._mempool),
        )

    def bundle(self, from_size: int) -> bytes:
        """The last checkpoint for a light client whose own tree has `from_size` leaves.

        CBOR [sequencer's Sign1, [witnesses' detached Sign1], from_size, [consistency proof]]. ValueError
        before the first block, or if the tree is smaller.
        """
        if not self._checkpoint:
            raise ValueError("no checkpoint yet")
        return self.bundle_of(self.signed(), self.ledger.tree.size, from_size)

    def signed(self) -> tuple[bytes, list[bytes]]:
        """The last checkpoint: sequencer's Sign1, empty before the first block, and witnesses' detached Sign1."""
        return self._checkpoint, self._acceptances

    def bundle_of(self, signed: tuple[bytes, list[bytes]], size: int, from_size: int) -> bytes:
        """`bundle` of a checkpoint that was the last one when the tree had `size` leaves."""
        return codec.encode(
            [*signed, from_size, self.ledger.tree.consistency_proof(from_size, size)]
        )

    def _commit(
        self, height: int, time: int, accepted: Sequence[TransactionRow], finalized: "Finalized"
    ) -> None:
        """Sign, have it co-signed, write it, and only then let anybody see it."""
        payload = self._replica.checkpoint(finalized, height, time)
        checkpoint = envelope.sign1(payload, self._sequencer)
        draft = Draft(height, time, [each.envelope for each in accepted], checkpoint)
        agreed = self._agreeing(draft)
        cosignatures = [Cosignature(each.index, each.kid, each.sign()) for each in agreed]
        block = BlockRow(
            height, time, finalized.app_hash, finalized.root, finalized.size, checkpoint
        )
        self.store.append(block, accepted, cosignatures, finalized.writes)
        self._replica.commit(payload)
        for witness in agreed:
            witness.commit()
        self._checkpoint = checkpoint
        self._acceptances = [each.acceptance for each in cosignatures]

    def _agreeing(self, draft: Draft) -> list[Witness]:
        """Those who would sign; BlockStopped, before anybody has, if they are fewer than the quorum."""
        agreed: list[Witness] = []
        first: RuleError | None = None
        for witness in self.witnesses:
            try:
                witness.examine(draft)
            except RuleError as error:
                refusal = RuleError(
                    error.rule, "witness %s: %s" % (witness.kid.hex(), error.detail)
                )
                first = first or refusal
            else:
                agreed.append(witness)
        if len(agreed) < self._replica.genesis.quorum:
            rule, detail = (first.rule, first.detail) if first else (R7_WITNESSES, "no witness")
            raise BlockStopped(draft.height, rule, detail)
        return agreed

    def _sort(self, candidates: Iterable[Waiting], finalized: "Finalized", time: int) -> _Sorted:
        """Who is recorded, who is told no, and who waits on."""
        judged = _Sorted()
        for waiting, code in zip(candidates, finalized.codes):
            if waiting.tried_at is None:
                waiting.tried_at = time
            if code == 0 or code in EVIDENCE:
                judged.accepted.append(TransactionRow(waiting.id, waiting.envelope, code))
                judged.stored.append(Stored(waiting.id, self._concerned(waiting)))
            elif code == R16_RECORDED:
                judged.stored.append(Stored(waiting.id, self._concerned(waiting)))
            elif code in NOT_YET and time < waiting.tried_at + PATIENCE_S:
                judged.later.append(waiting)
                continue
            else:
                judged.refused.append(Refused(waiting.id, code, waiting.senders))
            judged.done.append(waiting)
        return judged

    def _concerned(self, waiting: Waiting) -> list[bytes]:
        """Who submitted a recorded message and, of a contract, both parties: either may hold it in its outbox.

        A refusal goes to who submitted alone: a bad acceptance under a meter's proposal says nothing about it.
        """
        message = self._parsed.get(waiting.envelope).message
        parties = [message.meter, message.plant] if isinstance(message, Contract) else []
        return waiting.senders + [kid for kid in parties if kid not in waiting.senders]
