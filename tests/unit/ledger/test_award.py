# SPDX-License-Identifier: Apache-2.0
"""Coins and certificates: AWARD (R70 to R73), the arithmetic, lots from issue to expiry."""

from typing import Any

import pytest

from host.genesis import Terms
from tests.unit.ledger.judging import accept, refusal
from tools.vector_cases.ledger_world import (
    DAY,
    FIRST,
    PRICE,
    SETTLE,
    SLOT,
    START,
    WITHHELD,
    World,
    id_of,
    kid_of,
    named,
)
from wattpact.ledger import award
from wattpact.units import PPM, TIME_MAX, reduction_ug

FACTOR = 363_000  # mg/kWh of the genesis' row
TRADED = 1200  # Wh of `World.trade`


def changed(row: tuple[Any, ...], **change: Any) -> tuple[Any, ...]:
    """An AWARD row with other places; `certificate` maps places of the certificate."""
    places = list(row)
    for name, value in change.items():
        if name == "certificate":
            inner = list(places[4])
            for place, figure in value.items():
                inner[place] = figure
            places[4] = tuple(inner)
        else:
            places[("trade_end_id", "meter", "coin_ug", "coin_expires").index(name)] = value
    return tuple(places)


def test_r70_accepts_a_recorded_trade_end(world: World) -> None:
    """Settled, in time, with energy."""
    end = world.trade()
    accept(world, world.award(end))


def test_r70_refuses_an_unknown_trade_end(world: World) -> None:
    """None at all, the contract's own id, an end that was only broadcast."""
    end = world.trade()
    row = world.ledger.derive_award(end)
    contract_id = row[4][0]
    for wrong in (bytes(32), contract_id):
        assert refusal(world, world.award(rows=[changed(row, trade_end_id=wrong)])) == 70


def test_r71_accepts_settled_energy_down_to_one_wh(world: World) -> None:
    """A contested contract's valid slots, too."""
    offer = world.offer()
    contract = world.contract(offer)
    world.record(offer, contract)
    flags = (False, True, True, True)
    ended = world.end(contract, wh=(0, 1, 0, 0), valid=flags, reason=1)
    world.record(world.generation((1000,) * 4), ended, at=FIRST + 4 * SLOT)
    world.settle()
    accept(world, world.award(id_of(ended)))
    assert world.ledger.totals().issued_ug == FACTOR


def test_r71_refuses_what_is_not_settled_settled_at_nothing_or_withheld(world: World) -> None:
    """An end alone earns nothing."""
    row = world.ledger.derive_award(world.trade("bob"))
    first = world.now - world.now % SLOT + 2 * SLOT
    offer = world.offer(start=first)
    contracts = [world.contract(offer, name, wh=(100,)) for name in ("ann", "bob", "roof")]
    world.record(offer, *contracts)
    ended, nothing = world.end(contracts[0]), world.end(contracts[1], "bob", wh=(0,))
    world.record(ended, nothing, world.generation((1000,), start=first), at=first + SLOT)
    assert refusal(world, world.award(rows=[changed(row, trade_end_id=id_of(ended))])) == 71
    world.settle(first, 1)
    accept(world, world.award(id_of(ended)))
    assert refusal(world, world.award(rows=[changed(row, trade_end_id=id_of(nothing))])) == 71
    world.run(at=first + SLOT + WITHHELD)
    late = world.end(contracts[2], "roof")
    world.record(late)
    deal = world.ledger.contract(id_of(contracts[2]))
    assert deal is not None
    assert deal.progress.settled == [100]
    assert refusal(world, world.award(rows=[changed(row, trade_end_id=id_of(late))])) == 71


def test_r72_accepts_one_award_for_each_trade_end(world: World) -> None:
    """Several in one message."""
    ends = [world.trade(first=first) for first in (FIRST, FIRST + DAY)]
    accept(world, world.award(*ends))
    assert len(list(world.ledger.awards())) == 2


def test_r72_refuses_a_second_award_in_any_message(world: World) -> None:
    """The same row twice in one message, the same row later, and other coins for the same end."""
    end = world.trade()
    row = world.ledger.derive_award(end)
    assert refusal(world, world.award(rows=[row, row])) == 72
    world.record(world.award(end))
    more = changed(row, coin_ug=1)
    assert refusal(world, world.award(rows=[more])) == 72
    world.now += 1
    assert refusal(world, world.award(rows=[row, more])) == 72


def test_r73_accepts_exactly_what_the_ledger_derives(world: World) -> None:
    """Whoever derives it, whenever: the figures are those of the settlement."""
    end = world.trade()
    row = world.ledger.derive_award(end)
    world.trade("bob", first=FIRST + DAY)
    assert world.ledger.derive_award(end) == row
    accept(world, world.award(rows=[row]))
    assert world.ledger.derive_award(end) == row


@pytest.mark.parametrize(
    "change",
    [
        {"meter": kid_of("bob")},
        {"coin_ug": TRADED * FACTOR + 1},
        {"coin_ug": 0},
        {"coin_expires": START},
        {"certificate": {0: bytes(32)}},
        {"certificate": {1: named("west")}},
        {"certificate": {2: FIRST - SLOT}},
        {"certificate": {3: FIRST}},
        {"certificate": {4: TRADED + 1}},
        {"certificate": {5: 1}},
        {"certificate": {6: TRADED * FACTOR - 1}},
        {"certificate": {7: TRADED - 1}},
        {"certificate": {8: 1}},
        {"certificate": {9: 1}},
        {"certificate": {10: PPM - 1}},
        {"certificate": {11: PPM}},
        {"certificate": {12: ("DE", 2024, 0, FACTOR, 0, "another source")}},
    ],
    ids=str,
)
def test_r73_refuses_any_other_figure(world: World, change: dict[str, Any]) -> None:
    """Every single place of the row and its certificate."""
    row = world.ledger.derive_award(world.trade())
    assert refusal(world, world.award(rows=[changed(row, **change)])) == 73


def test_a_message_of_several_awards_is_recorded_whole_or_not_at_all(world: World) -> None:
    """The first row is right and the second is not: none is awarded, and the first may come again."""
    one, two = world.trade(), world.trade("bob", first=FIRST + DAY)
    rows = [world.ledger.derive_award(end) for end in (one, two)]
    assert refusal(world, world.award(rows=[rows[0], changed(rows[1], coin_ug=1)])) == 73
    assert world.ledger.awardable() == [one, two]
    accept(world, world.award(rows=[rows[1], rows[0]]))
    assert world.ledger.awardable() == []


def test_a_certificate_tells_the_rate_of_contribution(world: World) -> None:
    """Of the user, over all of the user's meters, to the whole network's reduction so far."""
    world.record(world.register("ann 2"))
    shares: list[tuple[int, int, int]] = []
    for index, meter in enumerate(("ann", "bob", "ann 2")):
        end = world.trade(meter, wh=(100,) * 4, first=FIRST + index * DAY)
        certificate = world.ledger.derive_award(end)[4]
        shares.append(certificate[8:11])
    one = 400 * FACTOR
    assert shares == [
        (one, one, PPM),
        (one, 2 * one, PPM // 2),
        (2 * one, 3 * one, PPM * 2 // 3),
    ]


def test_wh_ranges_of_a_panel_never_overlap(world: World) -> None:
    """Each certificate's Wh have numbers of their own; another panel counts for itself."""
    ranges: list[tuple[int, int]] = []
    for index, meter in enumerate(("ann", "bob", "ann")):
        end = world.trade(meter, wh=(100 + index,), first=FIRST + index * DAY)
        certificate = world.ledger.derive_award(end)[4]
        ranges.append((certificate[5], certificate[5] + certificate[4]))
    assert ranges == [(0, 100), (100, 201), (201, 303)]
    first = FIRST + 9 * DAY
    offer = world.offer(start=first, panel_names=("west",))
    contract = world.contract(offer, wh=(50,))
    world.record(offer, contract)
    ended = world.end(contract)
    world.record(world.generation((50,), "west", start=first), ended, at=first + SLOT)
    world.settle(first, 1)
    assert world.ledger.derive_award(id_of(ended))[4][5] == 0


def test_trade_within_one_household_earns_a_certificate_and_no_coins(world: World) -> None:
    """Or a user could mint coins with a cable."""
    world.record(world.register("sun 2"))
    end = world.trade("sun 2")
    row = world.ledger.derive_award(end)
    assert (row[2], row[4][4]) == (0, TRADED)
    accept(world, world.award(end))
    assert world.ledger.lots(kid_of("sun 2")) == []
    assert world.ledger.totals().issued_ug == 0


def test_a_factor_added_later_changes_nothing_that_is_settled(world: World) -> None:
    """It holds for what is settled from then on."""
    end = world.trade()
    row = world.ledger.derive_award(end)
    world.record(world.factors(("DE", 2025, 0, 100_000, 0, "")))
    assert world.ledger.derive_award(end) == row
    accept(world, world.award(end))
    later = world.trade("bob", first=FIRST + DAY)
    assert world.ledger.derive_award(later)[2] == TRADED * 100_000


TABLE = [
    ("DE", 2024, 0, 3, 0, ""),
    ("DE", 2022, 0, 2, 0, ""),
    ("DE", 2026, 0, 4, 0, ""),
    ("DE", 2025, 1, 9, 1, ""),
    ("FR", 2025, 0, 1, 0, ""),
]


@pytest.mark.parametrize(
    ("year", "of"), [(2030, 2026), (2026, 2026), (2025, 2024), (2022, 2022), (2000, 2022)]
)
def test_the_factor_is_that_of_the_delivery_year_or_the_last_before(year: int, of: int) -> None:
    """The earliest if all are later; other regions and boundaries do not count."""
    assert award.factor_for(TABLE, "DE", year)[:3] == ("DE", of, 0)


def test_the_year_of_delivery_is_that_of_the_first_slot(world: World) -> None:
    """A contract over midnight of New Year belongs to the old year."""
    first = START + 365 * DAY - 10 * 3600 - SLOT  # 2025-12-31 23:45 UTC
    world.record(world.factors(("DE", 2025, 0, 500_000, 0, ""), ("DE", 2026, 0, 600_000, 0, "")))
    assert world.ledger.derive_award(world.trade(wh=(100,) * 4, first=first))[2] == 400 * 500_000
    after = world.ledger.derive_award(world.trade(wh=(100,) * 4, first=first + DAY + SLOT))
    assert after[2] == 400 * 600_000


@pytest.mark.parametrize(
    ("settled", "locked", "amount", "burned", "discount"),
    [
        (0, 1000, 0, 0, 0),
        (1, 1000, 200_000, 0, 0),
        (600, 1001, 120_000_000, 500, 40),
        (1200, 1000, 240_000_000, 1000, 80),
        (1200, 10**9, 240_000_000, 10**9, 72_000_000),
    ],
    ids=["nothing", "rounded down", "half", "all", "capped"],
)
def test_a_bill_is_rounded_down_once(
    settled: int, locked: int, amount: int, burned: int, discount: int
) -> None:
    """1200 Wh at 0.2 a kWh, coins at 80 nano a mg, at most 30 % of the amount."""
    assert award.bill(PRICE, settled, 1200, locked, 80_000, 300_000) == (amount, burned, discount)


def test_a_reduction_is_what_the_grid_would_have_emitted_minus_what_the_panel_did() -> None:
    """Exact: 1 Wh x 1 mg/kWh = 1 ug."""
    assert reduction_ug(12_000, 620_500, 54_500) == 6_792_000_000


def test_the_oldest_coins_burn_first(world: World) -> None:
    """What is not burned goes back to its own lot."""
    coins = [(b"a", 10), (b"b", 20), (b"c", 30)]
    assert award.burn(coins, 0) == coins
    assert award.burn(coins, 15) == [(b"a", 0), (b"b", 15), (b"c", 30)]
    assert award.burn(coins, 60) == [(b"a", 0), (b"b", 0), (b"c", 0)]


def test_shares_are_parts_per_million_and_never_more_than_all() -> None:
    """Nothing of nothing is nothing."""
    assert [award.share_ppm(*of) for of in ((0, 0), (1, 3), (3, 3), (4, 3))] == [
        0,
        333_333,
        PPM,
        PPM,
    ]


def test_coins_expire_at_the_end_of_a_day() -> None:
    """Of the UTC day on which their life ends, midnight belonging to the day that begins."""
    assert award.coin_expiry(START, DAY) == START - START % DAY + 2 * DAY
    assert award.coin_expiry(START - START % DAY, DAY) == START - START % DAY + 2 * DAY


def test_coins_pay_part_of_the_next_trade_out_of_the_funders_pocket(world: World) -> None:
    """The plant gets its full price; what was burned is gone, the rest is free again (C8)."""
    lot = world.earn()
    issued = TRADED * FACTOR
    offer = world.offer(start=FIRST + DAY)
    contract = world.contract(offer, coins=[(lot, issued)])
    world.record(offer, contract)
    assert world.ledger.totals().locked_ug == issued
    assert world.ledger.lots(kid_of("ann"))[0][1].free_ug == 0
    ended = world.end(contract, wh=(300, 300, 0, 0))
    world.record(world.generation((1000,) * 4, start=FIRST + DAY), ended, at=FIRST + DAY + 4 * SLOT)
    before = {name: world.ledger.balance(kid_of(name)) for name in ("ann", "sun", "issuer")}
    world.settle(FIRST + DAY)
    burned = issued // 2
    discount = min(burned * 80_000 // PPM, 600 * PRICE * 3 // 10)
    paid = {name: world.ledger.balance(kid_of(name)) - before[name] for name in before}
    assert paid == {"ann": discount - 600 * PRICE, "sun": 600 * PRICE, "issuer": -discount}
    totals = world.ledger.totals()
    assert (totals.spent_ug, totals.locked_ug) == (burned, 0)
    assert world.ledger.lots(kid_of("ann"))[0][1].free_ug == issued - burned


def test_coins_of_the_longest_life_a_genesis_allows_are_awarded() -> None:
    """Their expiry would lie beyond what a message can say: it is the last time that one can."""
    world = World(Terms(coin_life_s=TIME_MAX)).enrol()
    lot = world.earn()
    assert dict(world.ledger.lots(kid_of("ann")))[lot].expires == TIME_MAX


def test_free_coins_expire_all_at_once_and_locked_ones_when_they_come_back(world: World) -> None:
    """Issued is spent, expired, or in the balance, at every height."""
    lot = world.earn()
    expires = dict(world.ledger.lots(kid_of("ann")))[lot].expires
    first = expires - SLOT
    offer = world.offer(start=first)
    contract = world.contract(offer, wh=(1000,), coins=[(lot, 1000)])
    world.run(at=first - DAY)
    world.record(offer, contract)
    assert world.ledger.due_at() == expires
    world.record(world.generation((1000,), start=first), world.end(contract, wh=(400,)), at=expires)
    totals = world.ledger.totals()
    assert (totals.expired_ug, totals.locked_ug) == (totals.issued_ug - 1000, 1000)
    assert world.ledger.lots(kid_of("ann")) == []
    world.settle(first, 1)
    totals = world.ledger.totals()
    assert (totals.spent_ug, totals.locked_ug) == (400, 0)
    assert totals.issued_ug == totals.spent_ug + totals.expired_ug


def test_an_award_after_its_coins_whole_life_expires_as_it_is_issued(world: World) -> None:
    """The issuer slept; the certificate is as good as ever."""
    end = world.trade()
    world.run(at=world.ledger.derive_award(end)[3])
    accept(world, world.award(end))
    totals = world.ledger.totals()
    assert totals.expired_ug == totals.issued_ug == TRADED * FACTOR
    assert world.ledger.lots(kid_of("ann")) == []
    assert world.ledger.due_at() is None


def test_coins_of_a_network_that_gives_none_for_them_buy_nothing() -> None:
    """A rate of 0 is allowed: coins are burned, and the meter pays in full."""
    world = World(Terms(coin_nano_per_g=0)).enrol()
    lot = world.earn()
    world.trade(first=FIRST + DAY, coins=[(lot, 1000)])
    assert world.ledger.balance(kid_of("ann")) == -2 * TRADED * PRICE
    assert world.ledger.balance(kid_of("issuer")) == 0


def test_what_earns_no_award_cannot_be_derived(world: World) -> None:
    """Asking for it is the caller's mistake."""
    offer = world.offer()
    contract = world.contract(offer)
    world.record(offer, contract)
    ended = world.end(contract)
    world.record(ended, at=FIRST + 4 * SLOT)
    for end_id in (id_of(ended), id_of(contract), bytes(32)):
        with pytest.raises(ValueError, match="no"):
            world.ledger.derive_award(end_id)
    world.run(at=FIRST + 4 * SLOT + SETTLE)
    with pytest.raises(ValueError, match="no award"):
        world.ledger.derive_award(id_of(ended))
