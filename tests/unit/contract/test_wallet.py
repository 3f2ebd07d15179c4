# SPDX-License-Identifier: Apache-2.0
"""Coins go out oldest first, never twice, never more than the cap can use, and burn as the ledger burns them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.genesis import Terms
from tests.trade.world import genesis
from wattpact.contract.wallet import LOTS_MAX, Wallet
from wattpact.errors import WireError
from wattpact.ledger import award
from wattpact.wire.envelope import peek_payload
from wattpact.wire.messages import COINS_MAX, Genesis, parse_as

NOW = 1_748_858_400
G = 1_000_000  # ug
RATE = 80_000  # nano-currency per gram
CAP = 250_000  # ppm


def lot_id(number: int) -> bytes:
    """The id of a trade end."""
    return number.to_bytes(32, "big")


def wallet(*grams: int, rate: int = RATE) -> Wallet:
    """Lots 1, 2, ... of so many grams, each expiring a second after the one before."""
    terms = Terms(coin_nano_per_g=rate, coin_cap_ppm=CAP)
    made = Wallet(parse_as(Genesis, peek_payload(genesis(terms))))
    for number, ug in enumerate(grams, 1):
        made.add(lot_id(number), ug * G, NOW + 1_000 + number)
    return made


def worth(grams: int) -> int:
    """The amount of a contract of which the cap lets so many grams pay a part, nano-currency."""
    return grams * RATE * 1_000_000 // CAP


def test_the_oldest_coins_are_picked_first() -> None:
    """By expiry, then by id, as R50 wants them; the last lot only in part."""
    purse = wallet()
    for number, expires in ((3, 50), (1, 60), (2, 50)):
        purse.add(lot_id(number), 10 * G, NOW + expires)
    assert purse.pick(worth(24), NOW) == [
        (lot_id(2), 10 * G),
        (lot_id(3), 10 * G),
        (lot_id(1), 4 * G),
    ]


def test_no_more_is_picked_than_the_cap_can_use() -> None:
    """All of it burnt gives just the discount that the ledger allows; a gram less gives less."""
    price, wh = 200_000, 800
    ((lot, ug),) = wallet(10_000).pick(price * wh, NOW)
    assert lot == lot_id(1)
    amount, burned, discount = award.bill(price, wh, wh, ug, RATE, CAP)
    assert (burned, discount) == (ug, amount * CAP // 1_000_000)
    assert award.bill(price, wh, wh, ug - G, RATE, CAP)[2] < discount


def test_a_contract_names_no_more_lots_than_a_message_holds() -> None:
    """The oldest ones."""
    picked = wallet(*[1] * 12).pick(worth(1_000), NOW)
    assert [lot for lot, _ug in picked] == [lot_id(number) for number in range(1, COINS_MAX + 1)]


def test_coins_that_expire_before_the_record_is_made_are_left() -> None:
    """R51 judges at block time, which is accept_by at the latest."""
    purse = wallet(10, 10)
    assert purse.pick(worth(20), NOW + 1_001) == [(lot_id(2), 10 * G)]
    assert purse.pick(worth(20), NOW + 1_002) == []


def test_where_coins_are_worth_nothing_none_is_spent() -> None:
    """A rate of 0 in the genesis."""
    assert wallet(10, rate=0).pick(10**15, NOW) == []


def test_locked_coins_are_in_no_other_proposal() -> None:
    """What one proposal holds, the next one does not get, until it is free again."""
    purse = wallet(10, 10)
    first = purse.pick(worth(15), NOW)
    purse.lock(first)
    assert purse.free_ug() == 5 * G
    assert purse.pick(worth(15), NOW) == [(lot_id(2), 5 * G)]
    purse.settle(first, 0, 800)
    assert purse.free_ug() == 20 * G
    assert purse.pick(worth(15), NOW) == first


def test_an_empty_lot_is_gone() -> None:
    """All of it was burnt."""
    purse = wallet(10, 10)
    coins = purse.pick(worth(10), NOW)
    purse.lock(coins)
    purse.settle(coins, 800, 800)
    assert purse.pick(worth(100), NOW) == [(lot_id(2), 10 * G)]


@given(
    st.lists(st.integers(1, 50), min_size=1, max_size=6),
    st.integers(1, 200),
    st.integers(1, 4_000),
    st.integers(0, 4_000),
)
def test_coins_burn_as_the_ledger_burns_them(
    grams: list[int], wanted: int, contracted_wh: int, settled_wh: int
) -> None:
    """Lot by lot what ledger/award.py leaves, for every share settled."""
    settled_wh = min(settled_wh, contracted_wh)
    purse = wallet(*grams)
    coins = purse.pick(worth(wanted), NOW)
    purse.lock(coins)
    purse.settle(coins, settled_wh, contracted_wh)
    locked = sum(ug for _lot, ug in coins)
    burned = award.bill(1, settled_wh, contracted_wh, locked, RATE, CAP)[1]
    left = {lot_id(number): ug * G for number, ug in enumerate(grams, 1)}
    for (lot, ug), (_lot, back) in zip(coins, award.burn(coins, burned), strict=True):
        left[lot] -= ug - back
    assert purse.free_ug() == sum(left.values())
    rest = dict(purse.pick(10**15, NOW))
    assert rest == {lot: ug for lot, ug in left.items() if ug}


def test_expired_lots_are_forgotten_unless_a_contract_holds_them() -> None:
    """What is locked may still burn; the rest of it expires when it comes back."""
    purse = wallet(10, 10)
    coins = purse.pick(worth(5), NOW)
    purse.lock(coins)
    purse.expire(NOW + 2_000)
    assert purse.free_ug() == 5 * G
    purse.settle(coins, 0, 800)
    purse.expire(NOW + 2_000)
    assert purse.free_ug() == 0


def test_an_award_heard_twice_is_one_lot() -> None:
    """And an award of nothing is none; both are remembered as taken."""
    purse = wallet(10)
    purse.add(lot_id(1), 10 * G, NOW + 5_000)
    purse.add(lot_id(2), 0, NOW + 5_000)
    assert purse.free_ug() == 10 * G
    assert purse.taken == lot_id(2)


def test_a_board_keeps_a_bounded_number_of_lots() -> None:
    """More are on the chain; all that are kept fit the store."""
    purse = wallet(*[10_000_000] * (LOTS_MAX + 5))
    assert purse.free_ug() == LOTS_MAX * 10_000_000 * G
    again = wallet()
    again.restore(purse.keep())
    assert again.keep() == purse.keep()


def test_lots_that_the_chain_refuses_are_left_alone() -> None:
    """Otherwise the same coins would spoil every further contract."""
    purse = wallet(10, 20)
    purse.distrust([(lot_id(1), G)])
    assert purse.pick(worth(100), NOW) == [(lot_id(2), 20 * G)]


def test_what_a_day_cost_counts_for_that_day_only() -> None:
    """A later day begins at nothing; what comes late for an earlier one is history."""
    purse = wallet()
    purse.spend(20_000, 5)
    purse.spend(20_000, 7)
    assert (purse.spent_nano(20_000), purse.spent_nano(20_001)) == (12, 0)
    purse.spend(20_001, 3)
    purse.spend(19_999, 100)
    assert (purse.spent_nano(20_000), purse.spent_nano(20_001)) == (0, 3)


def test_what_is_kept_comes_back_with_nothing_locked() -> None:
    """Locks follow from the contracts under way, which are kept by themselves."""
    purse = wallet(10, 20)
    purse.spend(20_000, 5)
    purse.lock(purse.pick(worth(15), NOW))
    again = wallet()
    again.restore(purse.keep())
    assert (again.free_ug(), again.spent_nano(20_000), again.taken) == (30 * G, 5, lot_id(2))
    assert again.pick(worth(100), NOW) == [(lot_id(1), 10 * G), (lot_id(2), 20 * G)]


@pytest.mark.parametrize(
    "kept", [b"", b"\x80", b"\x84\x40\x00\x00\x81\x00", b"\x84\x40\x20\x00\x80"]
)
def test_a_wallet_that_cannot_be_read_is_no_wallet(kept: bytes) -> None:
    """A WireError, and the wallet stays as it was."""
    purse = wallet(10)
    with pytest.raises(WireError):
        purse.restore(kept)
    assert purse.free_ug() == 10 * G
