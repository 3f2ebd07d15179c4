# SPDX-License-Identifier: Apache-2.0
"""Every trade end that earned an award gets one, once, also across a restart."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from host.engine import BlockResult, Refused
from host.issuer import ROWS, Issuer
from tests.unit.host.town import SLOT, START, Town, kid_of, signer
from wattpact.wire.envelope import peek_payload
from wattpact.wire.messages import Award, message_id, parse_as

HOMES = 11
OVER = START + 2 * SLOT


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """Eleven homes bought from one plant, and everything is settled."""
    town = Town(tmp_path / "chain.db")
    names = ["home %d" % number for number in range(HOMES)]
    for name in names:
        town.enrol(name)
    town.enrol("sunny", plant="sunny", meter=False)
    town.step(START)
    offer = town.offer("sunny", START + SLOT, seq=1, wh=2_000)
    town.send("sunny", offer)
    town.step(START + 1)
    contracts = [town.trade(name, "sunny", offer, START + SLOT, [100]) for name in names]
    town.step(START + 2)
    town.generation("sunny", START + SLOT, [2_000])
    for name, contract_id in zip(names, contracts):
        town.end(name, contract_id, START + SLOT, [100], register=0)
    town.step(OVER)
    town.clock.time = OVER + 7_200
    town.engine.make_block(OVER + 7_200)
    yield town
    town.close()


def rows(award: bytes) -> list[bytes]:
    assert len(award) <= 4096
    return [row[0] for row in parse_as(Award, peek_payload(award)).awards]


def test_a_block_says_which_trade_ends_wait_since_then(town: Town) -> None:
    """And only those."""
    assert len(town.ledger.awardable()) == HOMES
    assert not town.step(OVER + 7_201).awardable


def test_awards_are_batched_in_the_order_of_settlement(town: Town) -> None:
    """As many rows in an envelope as it may have, the rest in the next; each fits."""
    batches = [rows(award) for award in Issuer(signer("issuer")).awards(town.ledger)]
    assert [end for batch in batches for end in batch] == town.ledger.awardable()
    assert [len(each) for each in batches] == [ROWS] * (HOMES // ROWS) + [HOMES % ROWS]


def test_what_is_under_way_is_not_awarded_twice(town: Town) -> None:
    """Asking again before the block gives nothing."""
    issuer = Issuer(signer("issuer"))
    assert issuer.awards(town.ledger)
    assert issuer.awards(town.ledger) == []


def test_recorded_awards_go_to_the_meters_they_are_for(town: Town) -> None:
    """Each meter is named once."""
    town.step(OVER + 7_201)
    told = [kid for delivery in town.delivered for kid in delivery.to]
    assert sorted(told) == sorted(kid_of("home %d" % number) for number in range(HOMES))
    assert town.ledger.awardable() == []
    assert town.ledger.totals().issued_ug == HOMES * 100 * 363_000
    assert town.issuer.awards(town.ledger) == []


def test_an_issuer_that_forgot_everything_asks_the_ledger(town: Town) -> None:
    """Restarted between signing and the block: the same awards are derived again."""
    before = Issuer(signer("issuer")).awards(town.ledger)
    assert Issuer(signer("issuer")).awards(town.ledger) == before


def test_a_refused_award_is_derived_anew(town: Town) -> None:
    """What is refused is forgotten: what still waits is awarded in the next block."""
    issuer = Issuer(signer("issuer"))
    first = issuer.awards(town.ledger)[0]
    refused = [Refused(message_id(peek_payload(first)), 73, [issuer.kid])]
    issuer.on_block(BlockResult(5, OVER, committed=False, refused=refused))
    assert issuer.awards(town.ledger) == [first]


def test_of_two_issuers_one_is_told_no(town: Town) -> None:
    """Batches cut otherwise overlap: R72, whole; then nothing is left for the second to award."""
    first = Issuer(signer("issuer")).awards(town.ledger)[0]
    town.engine.submit(first, kid_of("issuer"))
    rows_of_both = [town.ledger.derive_award(end) for end in town.ledger.awardable()[2:5]]
    overlapping = town.send("issuer", Award(network=town.network, awards=rows_of_both))
    town.clock.time = OVER + 7_201
    result = town.engine.make_block(OVER + 7_201)
    assert [(each.id, each.rule) for each in result.refused] == [(overlapping, 72)]
