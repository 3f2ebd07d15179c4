# SPDX-License-Identifier: Apache-2.0
"""The queue in front of the ledger: bounds, order, duplicates, who is told."""

import hashlib

import pytest

from host.errors import MempoolFull
from host.keys import OpensslSigner
from host.mempool import SENDERS_MAX, Mempool, id_of
from wattpact.errors import RuleError
from wattpact.wire.envelope import accept1, join_record, sign1
from wattpact.wire.messages import Revoke, message_id

SIGNER = OpensslSigner(hashlib.sha256(b"sender").digest())


def payload(number: int) -> bytes:
    return Revoke(network=bytes(8), kid=bytes(8), issued_at=number).payload()


def message(number: int) -> bytes:
    return sign1(payload(number), SIGNER)


def kid(number: int) -> bytes:
    return number.to_bytes(8, "big")


def test_transactions_come_out_in_the_order_they_came_in() -> None:
    """First come, first served; looking does not take them away."""
    mempool = Mempool()
    for number in (3, 1, 2):
        mempool.add(message(number), kid(number))
    assert [each.envelope for each in mempool.first(2)] == [message(3), message(1)]
    assert len(mempool) == 3


def test_a_duplicate_collapses_and_both_senders_are_remembered() -> None:
    """A contract is submitted by both parties: one transaction, two to tell."""
    mempool = Mempool()
    assert mempool.add(message(1), kid(1)) == mempool.add(message(1), kid(2))
    mempool.add(message(1), kid(1))
    (waiting,) = mempool.first(10)
    assert waiting.senders == [kid(1), kid(2)]
    for number in range(100):
        mempool.add(message(1), kid(number))
    assert len(waiting.senders) == SENDERS_MAX


def test_the_id_is_the_hash_of_the_payload_for_messages_and_records() -> None:
    """One id whether the message stands alone or with its acceptance."""
    record = join_record(message(1), accept1(payload(1), SIGNER))
    assert id_of(record) == id_of(message(1)) == message_id(payload(1))


@pytest.mark.parametrize(
    "junk", [b"", b"\x00", b"\x82" * 200, b"\xd2\x84" + bytes(100), bytes(9999)]
)
def test_bytes_that_cannot_be_a_transaction_are_refused_with_r10(junk: bytes) -> None:
    """Refused at the door, without a place in the queue."""
    mempool = Mempool()
    with pytest.raises(RuleError) as refusal:
        mempool.add(junk, kid(1))
    assert refusal.value.rule == 10
    assert len(mempool) == 0


def test_a_full_mempool_takes_nothing_new_but_still_collapses_duplicates() -> None:
    """Memory is bounded; a sender of something that waits already is still remembered."""
    mempool = Mempool(most=2)
    mempool.add(message(1), kid(1))
    mempool.add(message(2), kid(1))
    with pytest.raises(MempoolFull):
        mempool.add(message(3), kid(1))
    mempool.add(message(2), kid(2))
    mempool.remove(mempool.first(1))
    mempool.add(message(3), kid(1))


def test_what_is_put_off_goes_behind_all_others() -> None:
    """A transaction that must wait holds nobody up."""
    mempool = Mempool()
    for number in (1, 2, 3):
        mempool.add(message(number), kid(number))
    mempool.put_off(mempool.first(2))
    assert [each.envelope for each in mempool.first(3)] == [message(3), message(1), message(2)]
