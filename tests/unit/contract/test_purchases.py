# SPDX-License-Identifier: Apache-2.0
"""What is under way takes its slots, its coins and its money once, and gives back what was not used."""

from tests.trade.world import FIRST, PRICE, SLOT, genesis, named
from tests.unit.contract.deals import contract, offer, purchase
from wattpact.contract.purchase import Purchase
from wattpact.contract.purchases import Purchases
from wattpact.ledger import life
from wattpact.units import DAY_S
from wattpact.wire.envelope import peek_payload
from wattpact.wire.messages import Genesis, parse_as

GENESIS = parse_as(Genesis, peek_payload(genesis()))
LOT = b"l" * 32


def purchases() -> Purchases:
    """Nothing under way, and 1000 ug in the wallet."""
    made = Purchases(GENESIS)
    made.wallet.add(LOT, 1_000, FIRST + 100 * DAY_S)
    return made


def paid(ug: int = 400) -> Purchase:
    """A proposal of 200 Wh in each of two slots, with coins."""
    return purchase(coins=[(LOT, ug)])


def test_coins_are_locked_and_freed_once_however_often_it_is_said() -> None:
    """Locked twice, released twice: the wallet counts each once."""
    under_way, bought = purchases(), paid()
    under_way.add(bought)
    under_way.lock(bought)
    assert under_way.wallet.free_ug() == 600
    for _twice in range(2):
        under_way.release(bought)
        assert under_way.wallet.free_ug() == 1_000
    bought.advance(life.LAPSE)
    under_way.lock(bought)
    assert under_way.wallet.free_ug() == 1_000
    bought.advance(life.RECORD)
    under_way.lock(bought)
    under_way.remove(bought)
    assert under_way.wallet.free_ug() == 1_000
    assert under_way.all() == []


def test_what_settles_burns_coins_and_costs_money() -> None:
    """Half of it: half of the coins, and the day of delivery has cost that half."""
    under_way, bought = purchases(), paid()
    under_way.add(bought)
    bought.advance(life.RECORD)
    assert under_way.spent_nano(FIRST) == PRICE * 400
    under_way.close(bought, 200)
    under_way.remove(bought)
    assert under_way.wallet.free_ug() == 800
    assert under_way.spent_nano(FIRST) == PRICE * 200
    assert under_way.spent_nano(FIRST + DAY_S) == 0


def test_only_what_binds_counts_as_spent() -> None:
    """A proposal may come to nothing; one that was accepted may cost all of it."""
    under_way, bought = purchases(), purchase()
    under_way.add(bought)
    assert under_way.spent_nano(FIRST) == 0
    bought.advance(life.ACCEPT)
    assert under_way.spent_nano(FIRST) == PRICE * 400
    bought.advance(life.LAPSE)
    assert under_way.spent_nano(FIRST) == 0


def test_slots_are_taken_until_a_contract_is_void() -> None:
    """One contract per slot: a silent plant may still accept."""
    under_way, bought = purchases(), purchase()
    under_way.add(bought)
    bought.advance(life.SILENCE)
    assert under_way.busy(FIRST + SLOT, FIRST + 5 * SLOT)
    assert not under_way.busy(FIRST + 2 * SLOT, FIRST + 5 * SLOT)
    bought.advance(life.LAPSE)
    assert not under_way.busy(FIRST, FIRST + SLOT)


def test_a_purchase_is_found_by_its_contract_and_by_its_end() -> None:
    """The chain names either; what it says of others' is none of ours."""
    under_way, bought = purchases(), purchase()
    under_way.add(bought)
    bought.end_id = b"e" * 32
    assert under_way.named(bought.contract_id) is under_way.named(b"e" * 32) is bought
    assert under_way.get(bought.contract_id) is bought
    assert under_way.get(b"e" * 32) is under_way.named(b"x" * 32) is None
    assert under_way.holds(bought)
    assert under_way.plant_ids() == {bought.plant_id}


def test_the_oldest_contract_comes_first_and_its_register_bounds_the_next() -> None:
    """Whatever the order in which they were proposed (R66)."""
    under_way = purchases()
    later = Purchase(
        contract(offer(), start=FIRST + 2 * SLOT), SLOT, named("plant id"), register_wh=5_000
    )
    first = purchase()
    under_way.add(later)
    under_way.add(first)
    first.on_slot(FIRST + SLOT, 300, 5_300, valid=True)
    assert under_way.all() == [first, later]
    assert under_way.register_before(later) == 5_300
    assert under_way.register_before(first) == 0


def test_after_a_power_cut_the_register_is_no_lower_than_what_was_kept() -> None:
    """And coins are locked when all purchases and the wallet are back."""
    before, after = paid(), purchases()
    before.on_slot(FIRST, 300, 7_300, valid=True)
    after.restore(before.keep())
    assert after.register_wh == 7_300
    assert after.wallet.free_ug() == 1_000
    (bought,) = after.all()
    after.lock(bought)
    assert after.wallet.free_ug() == 600
