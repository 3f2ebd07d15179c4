# SPDX-License-Identifier: Apache-2.0
"""Nodes without a chain hear what became of their messages, and of plants that fell short."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from host.engine import BlockResult, Refused
from host.engine import Stored as Recorded
from host.notices import IDS, proof_notice, shortfall_notices, stored_notices
from tests.unit.host.town import SLOT, START, VERIFIER, Town, named, signer
from wattpact.wire.envelope import open1
from wattpact.wire.messages import REVOKES_MAX, Proof, Prove, Shortfall, Stored, parse_as

HOST = signer("sequencer")
NETWORK = b"network."


def opened(envelope: bytes) -> bytes:
    return open1(envelope, HOST.public_key, VERIFIER)


def ids(count: int, start: int = 0) -> list[bytes]:
    return [number.to_bytes(32, "big") for number in range(start, start + count)]


def kid(number: int) -> bytes:
    return number.to_bytes(8, "big")


def result(stored: list[Recorded], refused: list[Refused]) -> BlockResult:
    return BlockResult(7, START, committed=True, stored=stored, refused=refused)


def test_one_signature_tells_all_senders_of_a_block() -> None:
    """What is stored stands in one envelope that goes to everybody concerned, once."""
    first, second = ids(2)
    told = result([Recorded(first, [kid(2)]), Recorded(second, [kid(1), kid(2)])], [])
    (delivery,) = stored_notices(HOST, NETWORK, told)
    assert delivery.to == [kid(1), kid(2)]
    notice = parse_as(Stored, opened(delivery.envelope))
    assert (sorted(notice.ids), notice.refused, notice.height) == ([first, second], [], 7)


def test_a_refused_forgery_is_not_told_to_whom_it_copies() -> None:
    """It has the true message's id; whoever sent the true one would forget it."""
    true, other = ids(2)
    told = result(
        [Recorded(true, [kid(1)]), Recorded(other, [kid(1)])],
        [Refused(true, 14, [kid(9)]), Refused(other, 14, [kid(9)]), Refused(true, 14, [kid(8)])],
    )
    heard = {
        tuple(delivery.to): parse_as(Stored, opened(delivery.envelope))
        for delivery in stored_notices(HOST, NETWORK, told)
    }
    assert {to: (sorted(each.ids), sorted(each.refused)) for to, each in heard.items()} == {
        (kid(1),): ([true, other], []),
        (kid(8),): ([], [(true, 14)]),
        (kid(9),): ([], [(true, 14), (other, 14)]),
    }


def test_many_ids_are_told_in_batches_that_fit_and_keep_a_senders_together() -> None:
    """Ten senders of twenty messages each, refused ones among them: nobody gets many envelopes."""
    stored = [Recorded(each, [kid(index % 10)]) for index, each in enumerate(ids(150))]
    refused = [Refused(each, 999, [kid(index % 10)]) for index, each in enumerate(ids(50, 500))]
    deliveries = stored_notices(HOST, NETWORK, result(stored, refused))
    seen: list[bytes] = []
    for delivery in deliveries:
        assert len(delivery.envelope) <= 4096
        notice = parse_as(Stored, opened(delivery.envelope))
        assert len(notice.ids) + len(notice.refused) <= IDS
        seen += notice.ids + [each for each, _rule in notice.refused]
    assert sorted(seen) == sorted(ids(150) + ids(50, 500))
    for number in range(10):
        assert len([each for each in deliveries if kid(number) in each.to]) <= 20 // IDS + 2


def test_a_block_that_concerns_nobody_is_not_told() -> None:
    """No signature for nothing."""
    assert stored_notices(HOST, NETWORK, result([], [])) == []


@pytest.fixture
def short(tmp_path: Path) -> Iterator[Town]:
    """Sunny sold 400 Wh in a slot and generated 350."""
    town = Town(tmp_path / "chain.db")
    town.enrol("anna")
    for plant in ("sunny", "steady"):
        town.enrol(plant, plant=plant, meter=False)
    town.step(START)
    for plant in ("sunny", "steady"):
        town.send(plant, town.offer(plant, START + SLOT, seq=1))
    town.step(START + 1)
    offer = town.offer("sunny", START + SLOT, seq=1)
    offer.issued_at = START
    contract_id = town.trade("anna", "sunny", offer, START + SLOT, [400])
    town.step(START + 2)
    town.generation("sunny", START + SLOT, [350])
    town.end("anna", contract_id, START + SLOT, [400], register=0)
    town.step(START + 2 * SLOT)
    town.step(START + 2 * SLOT + 7_200)
    yield town
    town.close()


def test_a_plant_that_fell_short_is_named_and_no_other(short: Town) -> None:
    """The slot in which it generated less than it had sold."""
    ((plant_id, envelope),) = shortfall_notices(HOST, short.ledger)
    notice = parse_as(Shortfall, opened(envelope))
    assert plant_id == notice.plant_id == named("sunny")
    assert (notice.low, notice.height) == ([(START + SLOT, SLOT)], short.ledger.height)


def test_a_proof_holds_as_many_revocations_as_fit() -> None:
    """Beside the largest bundle fewer than usual; the rest begin where its `revoked_size` says."""
    revocations = [(3 * number + 1, bytes([number]) * 120) for number in range(20)]
    sizes: list[int] = []
    told: list[bytes] = []
    for bundle in (b"", b"b" * 3_500, b"b" * 3_900, b""):
        since = sizes[-1] if sizes else 2
        prove = Prove(network=NETWORK, size=9, revoked_size=since, issued_at=START)
        notice = proof_notice(HOST, NETWORK, prove, b"p" * 32, bundle, revocations, 99)
        assert len(notice) <= 4096
        proof = parse_as(Proof, opened(notice))
        assert (proof.prove_id, proof.bundle) == (b"p" * 32, bundle)
        told += proof.revokes
        sizes.append(proof.revoked_size)
    assert told == [data for _place, data in revocations[1 : len(told) + 1]]
    assert len(told) > 2 * REVOKES_MAX
    assert sizes == sorted(sizes)
