# SPDX-License-Identifier: Apache-2.0
"""One trade from the first offer to coins spent with another plant: C1 to C9, on both boards and on the chain."""

from tests.trade.wire import doubled
from tests.trade.world import FIRST, NEED_WH, PRICE, ROUND, SETTLE, SLOT, World, panel_of, plant_of
from wattpact.ledger import life
from wattpact.wire.messages import Award, Contract, Offer, TradeEnd, message_id

G_PER_KWH = 363
ROUND_WH = 4 * NEED_WH


def test_the_whole_trade_from_the_offer_to_the_certificate() -> None:
    """C1 to C7 and C9: each step is seen on the wire, on the board and on the chain."""
    world = World()
    world.add_plant("sunny")
    anna = world.add_meter("anna", hears=["sunny"])
    world.run_until(FIRST - SLOT)
    assert anna.meter.tally.offers == 1  # C2
    heard = anna.meter.book.entries()[0]
    assert (heard.plant_id, heard.offer.price) == (plant_of("sunny"), PRICE)  # C1
    assert 0 < anna.meter.book.judgement(heard, world.clock).ppm < 1_000_000

    world.run_until(FIRST)
    assert anna.meter.choice is not None
    assert anna.meter.tally.choices == 1  # C4
    deal = world.deals()[0]  # C5
    assert (deal.state, deal.terms.price, deal.terms.wh) == (life.RECORDED, PRICE, [NEED_WH] * 4)
    assert deal.terms.panel_id == panel_of("sunny")
    contract = world.wire.sent("acceptance")[0].message
    assert isinstance(contract, Contract)
    assert contract.remaining_wh == heard.offer.remaining_wh - ROUND_WH

    world.run_until(FIRST + ROUND + 60)
    end = world.wire.sent("tradeend")[0].message  # C6
    assert isinstance(end, TradeEnd)
    assert end.slots == [(FIRST + i * SLOT, NEED_WH, True) for i in range(4)]
    assert end.register_end_wh - end.register_start_wh == ROUND_WH
    assert world.deals()[0].state == life.ENDED

    world.run_until(FIRST + ROUND + SETTLE + 60)
    assert world.deals()[0].state == life.SETTLED
    assert world.ledger.balance(anna.kid) == -PRICE * ROUND_WH
    award = world.wire.sent("award")[0].message  # C7
    assert isinstance(award, Award)
    assert award.awards == [world.ledger.derive_award(message_id(end.payload()))]
    assert anna.meter.buying.awards == 1
    coin_ug = ROUND_WH * G_PER_KWH * 1_000
    assert anna.meter.buying.wallet.free_ug() == coin_ug
    certificate = award.awards[0][4]  # C9: all of the network's reduction is this user's
    assert (certificate[4], certificate[6], certificate[10]) == (ROUND_WH, coin_ug, 1_000_000)
    assert b"k" + message_id(end.payload()) in anna.flash
    assert set(world.wire.words(anna.kid)) == {"prove", "proposal", "tradeend"}
    assert anna.notes == []
    assert not anna.core.member.dropped


def test_coins_of_one_plant_pay_part_of_a_contract_with_another() -> None:
    """C8: the meter prefers another plant from the second trade on, and its coins go there."""
    world = World()
    world.add_plant("sunny")
    windy = world.add_plant("windy", price=PRICE - 50_000)
    windy.plant.selling = False
    world.add_meter("anna", hears=["sunny", "windy"])
    world.run_until(FIRST + 2 * ROUND)
    windy.plant.selling = True
    world.run_until(FIRST + 3 * ROUND + 2 * SLOT + ROUND)
    first, paid = world.deals()[0], world.deals()[-1]
    assert first.terms.plant != paid.terms.plant == windy.kid
    assert [lot for lot, _ug in paid.terms.coins] == [first.progress.end_id]
    world.run_until(paid.terms.start + ROUND + SETTLE + 60)
    settled = world.ledger.contract(paid.id)
    assert settled is not None
    closing = settled.closing
    assert closing is not None
    assert closing.discount_nano > 0
    assert closing.burned_ug == sum(ug for _lot, ug in paid.terms.coins)
    assert world.ledger.totals().spent_ug == closing.burned_ug
    assert sum(account.balance_nano for _kid, account in world.ledger.accounts()) == 0


def test_everything_arriving_twice_changes_nothing() -> None:
    """Delivery is at least once: the same contracts, settlements and coins as on a quiet wire."""
    calm, noisy = World(), World()
    noisy.wire.tampers.append(doubled)
    for world in (calm, noisy):
        world.add_plant("sunny")
        world.add_meter("anna", hears=["sunny"])
        world.run_until(FIRST + ROUND + SETTLE + 180)
    assert noisy.ledger.app_hash == calm.ledger.app_hash
    for name in ("anna", "sunny"):
        assert noisy.boards[name].flash == calm.boards[name].flash
        assert not noisy.boards[name].core.member.dropped
    wallets = [world.boards["anna"].meter.buying.wallet for world in (calm, noisy)]
    assert wallets[0].free_ug() == wallets[1].free_ug() > 0


def test_everything_said_once_more_changes_nothing() -> None:
    """Replays of every letter of a finished trade: no state of any board moves, nothing is recorded."""
    world = World()
    world.add_plant("sunny")
    anna = world.add_meter("anna", hears=["sunny"])
    world.run_until(FIRST + ROUND + SETTLE + 180)
    size, flashes = world.ledger.tree.size, [dict(b.flash) for b in world.boards.values()]
    free_ug = anna.meter.buying.wallet.free_ug()
    purchases = [purchase.keep() for purchase in anna.meter.buying.purchases()]
    world.clock += 1
    world.wire.queue += world.wire.log
    world.wire.deliver()
    world.block()
    assert world.ledger.tree.size == size
    assert [dict(b.flash) for b in world.boards.values()] == flashes
    assert anna.meter.buying.wallet.free_ug() == free_ug
    assert [purchase.keep() for purchase in anna.meter.buying.purchases()] == purchases


def test_an_offer_heard_again_says_nothing_new() -> None:
    """A retained offer comes with every subscription: one plant, one entry, not evidence."""
    world = World()
    world.add_plant("sunny")
    anna = world.add_meter("anna", hears=["sunny"])
    world.run_until(FIRST - SLOT)
    world.wire.retained(anna.kid)
    world.wire.deliver()
    entries = anna.meter.book.entries()
    assert [(e.plant_id, e.equivocated) for e in entries] == [(plant_of("sunny"), False)]
    assert isinstance(entries[0].offer, Offer)
