# SPDX-License-Identifier: Apache-2.0
"""A witness signs what it executed and nothing else."""

from collections.abc import Sequence

import pytest

from host.registry import Member, Registrar
from host.replica import Replica
from host.store import Cosignature
from host.witness import Draft, Witness
from tests.unit.host.town import GENESIS, START, VERIFIER, HandClock, kid_of, named, signer
from wattpact.errors import RuleError
from wattpact.wire.envelope import open_acceptance, peek_payload, sign1
from wattpact.wire.messages import Checkpoint, parse_as

NETWORK = Replica(GENESIS, VERIFIER).ledger.network
REGISTRAR = Registrar(NETWORK, signer("registrar"))


def registered(*names: str) -> list[bytes]:
    return [
        REGISTRAR.register(Member(signer(name).public_key, named(name), 1), START) for name in names
    ]


def witness(time: int = START, name: str = "witness 1") -> Witness:
    return Witness(GENESIS, signer(name), VERIFIER, HandClock(time))


def draft(
    transactions: Sequence[bytes], height: int = 1, time: int = START, who: str = "sequencer"
) -> Draft:
    """What an honest sequencer at height 0 would show."""
    replica = Replica(GENESIS, VERIFIER)
    finalized = replica.execute(1, time, transactions)
    payload = replica.checkpoint(finalized, height, time)
    return Draft(height, time, transactions, sign1(payload, signer(who)))


def refused(judge: Witness, shown: Draft) -> int:
    with pytest.raises(RuleError) as refusal:
        judge.examine(shown)
    with pytest.raises(ValueError, match="nothing examined"):
        judge.sign()
    return refusal.value.rule


def test_a_block_that_comes_out_the_same_is_signed_and_committed() -> None:
    """The acceptance is over the sequencer's own payload."""
    judge, shown = witness(), draft(registered("anna"))
    judge.examine(shown)
    acceptance = judge.sign()
    payload = peek_payload(shown.checkpoint)
    open_acceptance(acceptance, payload, signer("witness 1").public_key, VERIFIER)
    assert judge.replica.ledger.height == 0
    judge.commit()
    assert judge.replica.ledger.app_hash == parse_as(Checkpoint, payload).app_hash


def test_the_clock_may_be_a_minute_off_and_no_more() -> None:
    """R3, both ways; the bound is the genesis'."""
    for off in (-60, 60):
        witness(START + off).examine(draft(registered("anna")))
    for off in (-61, 61):
        assert refused(witness(START + off), draft(registered("anna"))) == 3


def test_another_height_is_not_signed() -> None:
    """R1."""
    assert refused(witness(), draft(registered("anna"), height=2)) == 1


def test_a_time_before_the_genesis_is_not_signed() -> None:
    """R2."""
    early = draft(registered("anna"), time=START - 3600)
    assert (
        refused(witness(START - 3601), Draft(1, START - 3601, early.transactions, early.checkpoint))
        == 2
    )


def test_another_transaction_than_the_checkpoint_is_about_is_not_signed() -> None:
    """R4: the tree is another."""
    shown = draft(registered("anna"))
    other = Draft(1, START, registered("ben"), shown.checkpoint)
    assert refused(witness(), other) == 4


def test_another_app_hash_is_not_signed() -> None:
    """R5: same transactions, another state."""
    replica = Replica(GENESIS, VERIFIER)
    transactions = registered("anna")
    finalized = replica.execute(1, START, transactions)
    finalized.app_hash = bytes(32)
    lie = sign1(replica.checkpoint(finalized, 1, START), signer("sequencer"))
    assert refused(witness(), Draft(1, START, transactions, lie)) == 5


def test_only_the_sequencers_checkpoint_is_signed() -> None:
    """R6: another key, or another predecessor."""
    assert refused(witness(), draft(registered("anna"), who="witness 2")) == 6
    replica = Replica(GENESIS, VERIFIER)
    finalized = replica.execute(1, START, [])
    replica.previous = b"x" * 32
    orphan = sign1(replica.checkpoint(finalized, 1, START), signer("sequencer"))
    assert refused(witness(), Draft(1, START, [], orphan)) == 6


def test_a_block_with_a_refused_transaction_is_not_signed() -> None:
    """By the transaction's own rule: R16, the same one twice."""
    twice = registered("anna", "anna")
    assert refused(witness(), draft(twice)) == 16


def test_a_witness_never_signs_two_blocks_of_one_height() -> None:
    """Else two histories could each find a quorum; the same block it signs again."""
    judge, shown = witness(), draft(registered("anna"))
    judge.examine(shown)
    first = judge.sign()
    assert refused(judge, draft(registered("ben"))) == 6
    judge.examine(shown)
    assert judge.sign() == first


def test_nothing_is_committed_that_was_not_signed() -> None:
    """Examining alone binds nobody."""
    judge = witness()
    judge.examine(draft(registered("anna")))
    with pytest.raises(ValueError, match="nothing signed"):
        judge.commit()


def test_a_key_that_the_genesis_does_not_name_is_no_witness() -> None:
    """Our own mistake."""
    with pytest.raises(ValueError, match="no such witness"):
        witness(name="anna")


def test_cosignatures_need_a_quorum_of_different_witnesses_and_nobody_else() -> None:
    """R7, each way to miss it."""
    shown = draft(registered("anna"))
    payload = peek_payload(shown.checkpoint)
    signed: list[Cosignature] = []
    for name in ("witness 1", "witness 2"):
        judge = witness(name=name)
        judge.examine(shown)
        signed.append(Cosignature(judge.index, judge.kid, judge.sign()))
    replica = Replica(GENESIS, VERIFIER)
    replica.check_cosignatures(payload, signed)
    first, second = signed
    for wrong in (
        [first],
        [first, first],
        [first, second, second],
        [first, Cosignature(1, first.witness, first.acceptance)],
        [first, Cosignature(1, second.witness, first.acceptance)],
        [first, second, Cosignature(2, kid_of("anna"), first.acceptance)],
        [first, Cosignature(1, second.witness, second.acceptance[:-1] + b"\x00")],
    ):
        with pytest.raises(RuleError) as refusal:
            replica.check_cosignatures(payload, wrong)
        assert refusal.value.rule == 7
