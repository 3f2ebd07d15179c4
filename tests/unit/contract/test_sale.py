# SPDX-License-Identifier: Apache-2.0
"""A plant sells what it offered, once: as many as fit, and what falls through is free again."""

from typing import Any

import pytest

from tests.trade.world import FIRST, SLOT, kid_of, named, panel_of
from tests.unit.contract.deals import contract, offer, record
from wattpact.contract.sale import Sale, Sales
from wattpact.errors import WireError
from wattpact.ledger import life
from wattpact.wire.messages import (
    DECLINE_SOLD,
    DECLINE_STALE,
    DECLINE_TERMS,
    Contract,
    Offer,
    message_id,
)

NOW = FIRST - 800


def selling(offered: Offer) -> Sales:
    """With this offer standing."""
    sales = Sales(SLOT)
    sales.offered(message_id(offered.payload()), offered)
    return sales


def sell(sales: Sales, agreed: Contract) -> bytes:
    """Accepted; its id."""
    contract_id = message_id(agreed.payload())
    sales.sell(contract_id, Sale(agreed, b"record"))
    return contract_id


def proposals(offered: Offer, count: int, wh: int = 20) -> list[Contract]:
    """From so many meters at once, all on the same slots."""
    return [contract(offered, (wh, wh), meter=named("meter %d" % n)) for n in range(count)]


def accepted(sales: Sales, asked: list[Contract]) -> int:
    """How many of them the plant takes."""
    count = 0
    for each in asked:
        if not sales.refusal(each, NOW):
            sell(sales, each)
            count += 1
    return count


def test_fifty_proposals_at_once_all_fit_if_there_is_enough() -> None:
    """Each quotes the offer's remaining Wh, not what the others left."""
    offered = offer(1_000)
    sales = selling(offered)
    assert accepted(sales, proposals(offered, 50)) == 50
    assert sales.sold_wh(panel_of("sunny"), FIRST) == 1_000
    assert sales.remaining_wh() == 2_000


def test_of_too_many_proposals_exactly_as_many_fit_as_fit() -> None:
    """999 Wh hold 49 of 20 Wh; the others are told that it is sold."""
    offered = offer(999)
    sales = selling(offered)
    asked = proposals(offered, 50)
    assert accepted(sales, asked) == 49
    assert sales.refusal(asked[-1], NOW) == DECLINE_SOLD
    assert sales.refusal(contract(offered, (19, 19)), NOW) == 0


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({}, 0),
        ({"start": FIRST + 2 * SLOT}, 0),
        ({"offer_id": b"x" * 32}, DECLINE_STALE),
        ({"accept_by": NOW - 1}, DECLINE_STALE),
        ({"panel_id": b"another!"}, DECLINE_TERMS),
        ({"price": 199_999}, DECLINE_TERMS),
        ({"currency": 840}, DECLINE_TERMS),
        ({"start": FIRST + 1}, DECLINE_TERMS),
        ({"start": FIRST - SLOT, "accept_by": NOW}, DECLINE_TERMS),
        ({"start": FIRST + 3 * SLOT}, DECLINE_TERMS),
        ({"start": 1 << 36}, DECLINE_TERMS),
        ({"total_wh": 401}, DECLINE_TERMS),
        ({"remaining_wh": 3_601}, DECLINE_TERMS),
        ({"wh": [1_001, 0], "total_wh": 1_001, "remaining_wh": 2_999}, DECLINE_SOLD),
    ],
)
def test_a_proposal_is_declined_for_what_is_wrong_with_it(
    changed: dict[str, Any], reason: int
) -> None:
    """Another or no offer and a time that is over are stale; other terms are terms; too much is sold."""
    offered = offer()
    moment = NOW if changed.get("start") != FIRST - SLOT else FIRST - 2 * SLOT
    assert selling(offered).refusal(contract(offered, **changed), moment) == reason


def test_nothing_is_sold_once_the_first_slot_has_begun() -> None:
    """Whatever accept_by says."""
    offered = offer()
    agreed = contract(offered, accept_by=FIRST + SLOT)
    sales = selling(offered)
    assert sales.refusal(agreed, FIRST - 1) == 0
    assert sales.refusal(agreed, FIRST) == DECLINE_STALE


def test_only_the_newest_offer_stands() -> None:
    """A proposal on the one before is stale; what it had sold stays sold."""
    first = offer(300)
    sales = selling(first)
    sell(sales, contract(first))
    second = offer(300, seq=2)
    sales.offered(message_id(second.payload()), second)
    assert sales.refusal(contract(first), NOW) == DECLINE_STALE
    assert sales.refusal(contract(second, (101, 100)), NOW) == DECLINE_SOLD
    assert sales.refusal(contract(second, (100, 100)), NOW) == 0


def test_a_plant_that_offers_nothing_has_nothing_left() -> None:
    """And declines as stale."""
    sales = Sales(SLOT)
    assert sales.remaining_wh() == 0
    assert sales.refusal(contract(offer()), NOW) == DECLINE_STALE


def test_asked_again_the_answer_is_the_same_record() -> None:
    """A proposal that comes twice is one contract."""
    offered = offer()
    sales = selling(offered)
    contract_id = sell(sales, contract(offered))
    assert sales.record(contract_id) == b"record"
    assert sales.record(b"x" * 32) == b""


def test_what_the_chain_refuses_is_free_again_and_only_once() -> None:
    """A refusal that comes twice, or after the record, frees nothing more."""
    offered = offer()
    sales = selling(offered)
    contract_id = sell(sales, contract(offered))
    assert sales.refused(contract_id)
    assert not sales.refused(contract_id)
    assert not sales.refused(b"x" * 32)
    assert sales.sold_wh(panel_of("sunny"), FIRST) == 0
    other = sell(sales, contract(offered, nonce=named("other")))
    assert sales.recorded(other)
    assert not sales.refused(other)
    assert sales.sold_wh(panel_of("sunny"), FIRST) == 200


def test_a_record_that_turns_up_after_a_refusal_or_a_lapse_counts() -> None:
    """The chain has the last word, and says it once."""
    offered = offer()
    sales = selling(offered)
    lapsed = sell(sales, contract(offered))
    refused = sell(sales, contract(offered, nonce=named("other")))
    sales.refused(refused)
    sales.lapse(FIRST - 600)
    assert sales.sold_wh(panel_of("sunny"), FIRST) == 200
    sales.lapse(FIRST - 599)
    assert sales.sold_wh(panel_of("sunny"), FIRST) == 0
    for contract_id in (lapsed, refused):
        assert sales.recorded(contract_id)
        assert sales.recorded(contract_id) is None
    assert sales.sold_wh(panel_of("sunny"), FIRST) == 400


def test_a_recorded_contract_does_not_lapse() -> None:
    """Its accept_by is past, and it is on the chain."""
    offered = offer()
    sales = selling(offered)
    sales.recorded(sell(sales, contract(offered)))
    sales.lapse(FIRST)
    assert sales.sold_wh(panel_of("sunny"), FIRST) == 200


def test_only_its_meter_ends_a_contract_and_only_once_it_is_recorded() -> None:
    """Ends of others' contracts are heard as well, and are none of ours."""
    offered = offer()
    sales = selling(offered)
    contract_id = sell(sales, contract(offered))

    def state() -> int:
        return sales.sales()[0][1].state

    sales.ended(contract_id, kid_of("anna"))
    assert state() == life.ACCEPTED
    sales.recorded(contract_id)
    sales.ended(contract_id, kid_of("ben"))
    sales.ended(b"x" * 32, kid_of("anna"))
    assert state() == life.RECORDED
    sales.ended(contract_id, kid_of("anna"))
    sales.ended(contract_id, kid_of("anna"))
    assert state() == life.ENDED


def test_what_is_over_is_forgotten() -> None:
    """Contracts and slots alike: memory is bounded by what is under way."""
    offered = offer()
    sales = selling(offered)
    contract_id = sell(sales, contract(offered))
    assert sales.forget(FIRST + 2 * SLOT - 1) == []
    assert sales.forget(FIRST + 2 * SLOT) == [contract_id]
    assert sales.sales() == []
    assert sales.sold_wh(panel_of("sunny"), FIRST) == 0


def test_a_sale_comes_back_accepted_or_recorded() -> None:
    """From the store, with the same record."""
    agreed = contract(offer())
    sale = Sale(agreed, record(agreed))
    for state in (life.ACCEPTED, life.RECORDED):
        sale.state = state
        again = Sale.restore(sale.keep())
        assert (again.state, again.record) == (state, sale.record)
        assert again.contract.payload() == agreed.payload()


@pytest.mark.parametrize("kept", [b"", b"\x82\xf5\x40", b"\x82\x01\x40", b"\x80", b"\xff" * 50])
def test_a_sale_that_cannot_be_read_is_none(kept: bytes) -> None:
    """WireError, whatever lies there."""
    with pytest.raises(WireError):
        Sale.restore(kept)
