# SPDX-License-Identifier: Apache-2.0
"""What a board checks and keeps: one checkpoint, whatever the chain's length.

It believes a quorum of the genesis' witnesses that the state is right, and nobody that history stayed the same:
every newer checkpoint must prove that its tree begins with the kept one's. What it takes in is bounded.
"""

from ..compat import const
from ..crypto.hashes import kid as kid_of
from ..errors import RuleError, WireError
from ..wire import envelope
from ..wire.codec import decode
from ..wire.messages import Checkpoint, message_id, parse_as
from .merkle import verify_consistency, verify_inclusion

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..interfaces import Verifier
    from ..wire.messages import Genesis

BUNDLE_MAX = const(
    8192
)  # a checkpoint, 16 signatures of 84 B and a proof, or a receipt's transaction


class RewrittenHistory(RuleError):
    """Signed statements that contradict each other (R4): evidence, whoever carried them. The kept one stays."""

    def __init__(self, detail: str) -> None:
        super().__init__(4, detail)


class Unproved(RuleError):
    """A signed checkpoint to which no proof leads from the kept one (R4): not taken over, and nobody's guilt shown.

    One before it was missed, or the proof, which is not signed, was spoiled on its way. The host can prove it again.
    """

    def __init__(self, detail: str) -> None:
        super().__init__(4, detail)


class StaleCheckpoint(RuleError):
    """A checkpoint from before the kept one (R1): harmless, and no news."""

    def __init__(self, height: int) -> None:
        super().__init__(1, "height %d is past" % height)


class LightClient:
    """Follows one network's checkpoints. `last` is the newest it accepted, None before the first."""

    def __init__(self, genesis: "Genesis", verifier: "Verifier", kept: bytes = b"") -> None:
        """`kept` is what `kept` was before a restart. WireError if it is no checkpoint."""
        self.genesis = genesis
        self.kept = kept
        """Payload of `last`: what a board must store to notice tomorrow what was signed today."""
        self.last: "Checkpoint | None" = parse_as(Checkpoint, kept) if kept else None
        self._network = genesis.network_id()
        self._verifier = verifier

    def accept(self, bundle: bytes) -> Checkpoint:
        """Take over the checkpoint of CBOR [Sign1, [detached Sign1, ...], from_size, [consistency proof]].

        `from_size` is the kept tree's size; nothing is asked of the very first. WireError if it is no such bundle,
        RuleError 6 or 7 if the signatures are not there, StaleCheckpoint, RewrittenHistory, Unproved: then nothing
        changes.
        """
        sign1, acceptances, from_size, proof = _fields(bundle, (bytes, list, int, list))
        payload, checkpoint = self._signed(sign1, acceptances)
        last = self.last
        if last is not None and payload != self.kept:
            if checkpoint.height < last.height:
                raise StaleCheckpoint(checkpoint.height)
            if checkpoint.height == last.height:
                raise RewrittenHistory("two checkpoints of height %d" % last.height)
            if checkpoint.height == last.height + 1 and checkpoint.previous != message_id(
                self.kept
            ):
                raise RewrittenHistory("follows another checkpoint")
            if checkpoint.size < last.size or checkpoint.time < last.time:
                raise RewrittenHistory("size or time went back")
            if from_size != last.size:
                raise Unproved("the proof does not start at the kept size")
            if not verify_consistency(
                last.size, checkpoint.size, proof, last.root, checkpoint.root
            ):
                raise Unproved("no proof that the tree only grew")
        self.last, self.kept = checkpoint, payload
        return checkpoint

    def check_receipt(self, receipt: bytes) -> bytes:
        """The recorded transaction that CBOR [Sign1, [detached Sign1, ...], index, [inclusion proof], leaf] proves.

        Leaves the kept checkpoint as it is. Errors as of `accept`; Unproved also if the proof does not lead to
        the signed root.
        """
        sign1, acceptances, index, proof, leaf = _fields(receipt, (bytes, list, int, list, bytes))
        payload, checkpoint = self._signed(sign1, acceptances)
        if self.last and checkpoint.height == self.last.height and payload != self.kept:
            raise RewrittenHistory("two checkpoints of height %d" % checkpoint.height)
        if not verify_inclusion(leaf, index, checkpoint.size, proof, checkpoint.root):
            raise Unproved("no proof that the tree holds this transaction")
        return leaf

    def _signed(self, sign1: bytes, acceptances: "list[bytes]") -> "tuple[bytes, Checkpoint]":
        """Payload and content of a checkpoint that the sequencer and enough witnesses signed: RuleError 6 or 7."""
        try:
            payload = envelope.open1(sign1, self.genesis.sequencer, self._verifier)
            checkpoint = parse_as(Checkpoint, payload)
            if checkpoint.network != self._network:
                raise WireError("another network's checkpoint")
        except WireError as error:
            raise RuleError(6, str(error))
        keys = {kid_of(key): key for key in self.genesis.witnesses}
        try:
            for acceptance in acceptances:
                key = keys.pop(envelope.peek_kid(acceptance), None)
                if key is None:
                    raise WireError("no witness's, or there twice")
                envelope.open_acceptance(acceptance, payload, key, self._verifier)
            if len(acceptances) < self.genesis.quorum:
                raise WireError("%d of %d" % (len(acceptances), self.genesis.quorum))
        except WireError as error:
            raise RuleError(7, "witnesses: " + str(error))
        return payload, checkpoint


def _fields(bundle: bytes, kinds: "tuple[type, ...]") -> "list[Any]":
    """The values of a CBOR array of these types; lists hold byte strings. Else WireError."""
    fields: "list[Any]" = decode(bundle, BUNDLE_MAX)
    if type(fields) is not list or [type(field) for field in fields] != list(kinds):
        raise WireError("not a bundle")
    for kind, field in zip(kinds, fields):
        if kind is list and [type(item) for item in field] != [bytes] * len(field):
            raise WireError("not a bundle")
    return fields
