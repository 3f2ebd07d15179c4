# SPDX-License-Identifier: Apache-2.0
"""What a meter's contract makes of its slots: delivered is the lesser, nothing is invented, nothing is forgotten."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trade.world import FIRST, SLOT
from tests.unit.contract.deals import contract, offer, purchase, record
from wattpact.contract.purchase import Purchase
from wattpact.errors import WireError
from wattpact.ledger import life
from wattpact.wire.messages import END_COMPLETE, END_METER_FAULT, message_id

FACTOR = ("DE", 2024, 0, 363_000, 0, "a source")


def delivered(*imports: int | None, register_wh: int = 5_000) -> Purchase:
    """A contract of 200 Wh in each slot, and what the meter read; None: it was not valid."""
    bought = purchase((200,) * len(imports), register_wh)
    for index, wh in enumerate(imports):
        register_wh += wh or 0
        bought.on_slot(FIRST + index * SLOT, wh or 0, register_wh, wh is not None)
    return bought


def test_a_slot_delivers_what_was_contracted_or_imported_whichever_is_less() -> None:
    """The register's advance is all that was imported."""
    end = delivered(150, 900).end(0)
    assert end.slots == [(FIRST, 150, True), (FIRST + SLOT, 200, True)]
    assert (end.register_start_wh, end.register_end_wh) == (5_000, 6_050)
    assert end.reason == END_COMPLETE


def test_a_slot_without_a_valid_reading_delivers_nothing() -> None:
    """Flagged, with reason 1; the valid one still counts."""
    end = delivered(150, None).end(0)
    assert end.slots == [(FIRST, 150, True), (FIRST + SLOT, 0, False)]
    assert end.reason == END_METER_FAULT
    assert end.register_end_wh - end.register_start_wh == 150


def test_a_reading_that_never_came_is_not_valid() -> None:
    """Only the second slot was read: the range begins before that slot."""
    bought = purchase()
    assert bought.on_slot(FIRST + SLOT, 180, 5_400, valid=True)
    end = bought.end(0)
    assert end.slots == [(FIRST, 0, False), (FIRST + SLOT, 180, True)]
    assert (end.register_start_wh, end.register_end_wh) == (5_220, 5_400)


@pytest.mark.parametrize("before_wh", [4_000, 6_000])
def test_without_any_valid_slot_the_range_is_empty_and_goes_not_back(before_wh: int) -> None:
    """It begins at the newest register known, be it this contract's or the one before's (R66)."""
    end = delivered(None, None).end(before_wh)
    assert end.register_start_wh == end.register_end_wh == max(5_000, before_wh)
    assert [valid for _slot, _wh, valid in end.slots] == [False, False]


def test_slots_read_out_of_order_lie_within_the_range() -> None:
    """The range begins before the earliest of them, so that R65 holds."""
    bought = purchase()
    bought.on_slot(FIRST + SLOT, 100, 5_250, valid=True)
    bought.on_slot(FIRST, 150, 5_150, valid=True)
    end = bought.end(0)
    assert (end.register_start_wh, end.register_end_wh) == (5_000, 5_250)


@pytest.mark.parametrize("slot", [FIRST - SLOT, FIRST + 2 * SLOT, FIRST + 1])
def test_a_slot_of_another_time_is_not_noted(slot: int) -> None:
    """Nor one that is none."""
    bought = purchase()
    assert not bought.on_slot(slot, 100, 5_100, valid=True)
    assert bought.imported == [-1, -1]


def test_only_the_last_slot_ends_the_contract() -> None:
    """Whatever was read before."""
    bought = purchase((200, 200, 200))
    answers = [bought.on_slot(FIRST + i * SLOT, 0, 5_000, valid=True) for i in range(3)]
    assert answers == [False, False, True]


@given(st.lists(st.one_of(st.none(), st.integers(0, 2_000)), min_size=1, max_size=8))
def test_an_end_never_says_more_than_the_register(imports: list[int | None]) -> None:
    """R64 and R65 hold for whatever a meter reads."""
    end = delivered(*imports).end(0)
    wh = [each for _slot, each, _valid in end.slots]
    assert sum(wh) <= end.register_end_wh - end.register_start_wh
    assert all(each <= 200 for each in wh)
    assert all(valid or not each for _slot, each, valid in end.slots)


def test_a_contract_takes_its_slots_until_it_is_void() -> None:
    """Proposed, silent, accepted, recorded: the chain may have it."""
    bought = purchase()
    assert bought.pending()
    assert not bought.binds()
    bought.advance(life.ACCEPT)
    assert bought.binds()
    bought.advance(life.LAPSE)
    assert not bought.pending()
    assert bought.can(life.RECORD)
    with pytest.raises(ValueError, match="accept"):
        bought.advance(life.ACCEPT)


def test_two_contracts_overlap_if_they_share_a_slot() -> None:
    """Half-open: one that begins where this one ends does not."""
    bought = purchase()
    assert bought.span() == (FIRST, FIRST + 2 * SLOT)
    assert bought.overlaps(FIRST + SLOT, FIRST + 9 * SLOT)
    assert not bought.overlaps(FIRST + 2 * SLOT, FIRST + 3 * SLOT)
    assert not bought.overlaps(FIRST - SLOT, FIRST)


def awarded(bought: Purchase, wh: int) -> tuple[bytes, bytes, int, int, tuple[object, ...]]:
    """The row that answers this contract's end."""
    agreed = bought.contract
    ug = wh * 363_000
    certificate = (bought.contract_id, agreed.panel_id, *bought.span(), wh, 0, ug, wh, ug, ug)
    return (bought.end_id, agreed.meter, ug, FIRST + 10**7, (*certificate, 10**6, 10**6, FACTOR))


def ended() -> Purchase:
    """150 and 200 Wh delivered, and signed for."""
    bought = delivered(150, 900)
    bought.end_id = message_id(b"the end")
    return bought


def test_an_award_fits_if_it_says_what_this_meter_signed() -> None:
    """All of it or less: the plant may have had less."""
    bought = ended()
    for wh in (350, 1, 0):
        assert bought.fits(awarded(bought, wh))
    row = awarded(bought, 350)
    assert bought.fits((*row[:2], 0, *row[3:]))  # same owner: no coins


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (0, message_id(b"another contract")),
        (1, b"another!"),
        (2, FIRST - SLOT),
        (3, FIRST + SLOT),
        (4, 351),
        (6, 1),
    ],
)
def test_an_award_of_something_else_does_not_fit(place: int, value: object) -> None:
    """Another contract, panel or time, more than was delivered, a reduction that is not the factor's."""
    bought = ended()
    row = awarded(bought, 350)
    certificate = list(row[4])
    certificate[place] = value
    assert not bought.fits((*row[:4], tuple(certificate)))


def test_an_award_of_other_coins_or_for_somebody_else_does_not_fit() -> None:
    """Neither a coin that is not the reduction, nor another meter's, nor of another end."""
    bought = ended()
    row = awarded(bought, 350)
    assert not bought.fits((row[0], row[1], row[2] - 1, row[3], row[4]))
    assert not bought.fits((row[0], b"another!", *row[2:]))
    assert not bought.fits((message_id(b"another end"), *row[1:]))


def test_what_is_kept_comes_back() -> None:
    """In every state in which it is kept; coins are locked anew by whoever restores it."""
    bought = ended()
    bought.advance(life.ACCEPT)
    bought.record = record(bought.contract)
    again = Purchase.restore(bought.keep(), SLOT)
    assert again.keep() == bought.keep()
    assert (again.contract_id, again.state, again.record) == (
        bought.contract_id,
        life.ACCEPTED,
        bought.record,
    )
    assert (again.imported, again.register_start_wh) == ([150, 900], 5_000)
    assert not again.locked
    fresh = purchase()
    assert Purchase.restore(fresh.keep(), SLOT).register_start_wh == -1


def test_a_largest_contract_comes_back() -> None:
    """Eight lots of coins, eight slots, the largest figures."""
    coins = [(bytes([n]) * 32, (1 << 53) - 1) for n in range(8)]
    agreed = contract(
        offer(10_000_000, 8), (10_000_000,) * 8, coins=coins, accept_by=FIRST - 1, price=10**8
    )
    bought = Purchase(agreed, SLOT, b"plant id", 1 << 50)
    bought.record = record(agreed)
    assert Purchase.restore(bought.keep(), SLOT).keep() == bought.keep()


def test_an_end_that_was_signed_fills_in_what_the_store_had_not_heard_of() -> None:
    """The outbox had it, the purchase did not: what it says counts."""
    bought, forgetful = delivered(150, None), purchase()
    forgetful.ended(message_id(b"the end"), bought.end(0))
    assert forgetful.delivered() == bought.delivered() == [150, 0]
    assert not forgetful.valid()


@pytest.mark.parametrize("cut", [0, 1, 40, -1])
def test_a_contract_that_cannot_be_read_is_none(cut: int) -> None:
    """Torn or altered bytes are a WireError."""
    kept = delivered(150, 900).keep()
    with pytest.raises(WireError):
        Purchase.restore(kept[:cut], SLOT)


def test_a_contract_with_other_slots_than_readings_is_none() -> None:
    """A store that mixes two of them up."""
    bought, other = purchase(), purchase((200, 200, 200))
    bought.imported = other.imported
    with pytest.raises(WireError):
        Purchase.restore(bought.keep(), SLOT)
