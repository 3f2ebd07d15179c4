# SPDX-License-Identifier: Apache-2.0
"""Contracts (R40 to R52): one case accepted and one refused for every rule, and many at once."""

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
    World,
    id_of,
    kid_of,
    named,
    slots,
)
from wattpact.ledger import life


def test_r40_accepts_a_record_signed_by_meter_and_plant(world: World, offer: bytes) -> None:
    """It stands as recorded, with its terms."""
    contract = world.contract(offer)
    accept(world, contract)
    deal = world.ledger.contract(id_of(contract))
    assert deal is not None
    assert (deal.state, deal.terms.meter, deal.terms.wh) == (
        life.RECORDED,
        kid_of("ann"),
        [300] * 4,
    )


def test_r40_refuses_a_missing_signature_or_that_of_somebody_else(
    world: World, offer: bytes
) -> None:
    """The plant's is not there, is another's, is broken; the envelope is another meter's."""
    proposal = world.proposal(offer)
    alone = world.send("ann", proposal)
    assert refusal(world, alone) == 40
    assert refusal(world, world.seal(proposal, "ann", "hill")) == 40
    assert refusal(world, world.seal(proposal, "ann", "ann")) == 40
    assert refusal(world, world.seal(proposal, "bob", "sun")) == 40
    sealed = bytearray(world.seal(proposal, "ann", "sun"))
    sealed[-40] ^= 1
    assert refusal(world, bytes(sealed)) == 40


def test_r40_refuses_a_seller_that_is_no_plant_or_revoked(world: World, offer: bytes) -> None:
    """A meter, an unknown key, and the plant itself once its key is revoked."""
    for seller in ("bob", "stranger"):
        proposal = world.proposal(offer, plant=seller)
        assert refusal(world, world.seal(proposal, "ann", seller)) == 40
    contract = world.contract(offer)
    world.record(world.revoke("sun"))
    assert refusal(world, contract) == 40


def test_r41_accepts_any_recorded_offer_of_the_plant(world: World, offer: bytes) -> None:
    """An older one is as good as the last, as long as the energy is there."""
    world.record(world.offer(price=1))
    accept(world, world.contract(offer))


def test_r41_refuses_an_offer_that_is_not_recorded_or_not_the_plants(
    world: World, offer: bytes
) -> None:
    """Only heard; another plant's; no offer at all."""
    assert refusal(world, world.contract(world.offer())) == 41
    assert refusal(world, world.contract(offer, plant="hill")) == 41
    register = id_of(world.blocks[0][1][0])
    assert refusal(world, world.contract(offer, offer_id=register)) == 41


def test_r42_accepts_the_offers_price(world: World, offer: bytes) -> None:
    """To the micro-currency."""
    accept(world, world.contract(offer, price=PRICE, currency=978))


@pytest.mark.parametrize("change", [{"price": PRICE - 1}, {"price": PRICE + 1}, {"currency": 840}])
def test_r42_refuses_another_price_or_currency(
    world: World, offer: bytes, change: dict[str, Any]
) -> None:
    """Both signed it, and yet an offer is an offer: reliability and price are judged by what was broadcast."""
    assert refusal(world, world.contract(offer, total_wh=1, **change)) == 42


def test_r43_accepts_any_run_of_slots_within_the_offer(world: World, offer: bytes) -> None:
    """The first, the last, and one that buys nothing in the middle."""
    last = FIRST + 4 * SLOT
    accept(world, world.contract(offer, start=last))
    accept(world, world.contract(offer, wh=(1, 0, 0, 1)))


@pytest.mark.parametrize(
    "change",
    [
        {"panel_id": named("west")},
        {"start": FIRST - SLOT},
        {"start": FIRST + 1},
        {"start": FIRST + 5 * SLOT},
        {"wh": [300] * 5, "total_wh": 1500, "remaining_wh": 6500},
        {"total_wh": 1201, "remaining_wh": 6799},
    ],
    ids=["panel", "before", "no slot", "beyond", "too many", "sum"],
)
def test_r43_refuses_what_is_not_within_the_offer(
    world: World, offer: bytes, change: dict[str, Any]
) -> None:
    """The genesis allows four slots."""
    assert refusal(world, world.contract(offer, accept_by=0, **change)) == 43


def test_r44_accepts_the_offers_figure_minus_this_contracts(world: World, offer: bytes) -> None:
    """Whatever else was sold meanwhile: what is really left the ledger decides by R47."""
    accept(world, world.contract(offer, "ann", remaining_wh=8000 - 1200))
    accept(world, world.contract(offer, "bob", remaining_wh=8000 - 1200))


def test_r44_refuses_another_figure_or_one_below_nothing(world: World) -> None:
    """The last offer has less remaining than the contract buys."""
    offer = world.offer()
    small = world.offer(remaining_wh=1199)
    world.record(offer, small)
    assert refusal(world, world.contract(offer, remaining_wh=6801, accept_by=0)) == 44
    assert refusal(world, world.contract(offer, remaining_wh=6799, accept_by=0)) == 44
    assert refusal(world, world.contract(small, accept_by=0)) == 44


def test_r45_accepts_the_last_second_of_its_time(world: World, offer: bytes) -> None:
    """`accept_by` itself counts."""
    contract = world.contract(offer, accept_by=FIRST - 100)
    accept(world, contract, at=FIRST - 100)


def test_r45_refuses_a_late_record(world: World, offer: bytes) -> None:
    """A second past `accept_by`; or in time for that, but with the first slot begun."""
    early = world.contract(offer, accept_by=world.now - 1)
    assert refusal(world, early) == 45
    late = world.contract(offer, accept_by=FIRST + DAY)
    assert refusal(world, late, at=FIRST) == 45


def test_r46_accepts_one_contract_in_every_slot(world: World, offer: bytes) -> None:
    """One after the other, also of different panels and plants."""
    world.record(world.offer("hill", panel_names=("ridge",), start=FIRST + 4 * SLOT))
    hill = world.blocks[-1][1][0]
    accept(world, world.contract(offer))
    accept(world, world.contract(hill, plant="hill"))


def test_r46_refuses_a_second_contract_in_a_slot(world: World, offer: bytes) -> None:
    """Overlapping in one slot is enough, also in the same block, and also with another plant."""
    hill = world.offer("hill", panel_names=("ridge",), start=FIRST + 3 * SLOT)
    world.record(hill)
    first, second = world.contract(offer), world.contract(offer, start=FIRST + 3 * SLOT)
    assert world.run(first, second) == [0, 46]
    assert refusal(world, world.contract(hill, plant="hill")) == 46


def test_r47_accepts_contracts_up_to_what_the_panel_offers(world: World, offer: bytes) -> None:
    """To the Wh, slot by slot."""
    assert world.run(
        world.contract(offer, "ann", wh=(600, 0, 1000, 1)),
        world.contract(offer, "bob", wh=(400, 1000, 0, 999)),
    ) == [0, 0]
    assert world.ledger.panel_slot(named("south"), FIRST).contracted == 1000


def test_r47_refuses_to_sell_a_panel_twice(world: World, offer: bytes) -> None:
    """One Wh too much in one slot, also through a later offer of the same panel; another panel is free."""
    world.record(world.contract(offer, "ann", wh=(600, 0, 0, 0)))
    assert refusal(world, world.contract(offer, "bob", wh=(401, 1, 1, 1))) == 47
    again = world.offer(panel_names=("south", "west"))
    world.record(again)
    assert refusal(world, world.contract(again, "bob", wh=(401, 1, 1, 1))) == 47
    accept(world, world.contract(again, "bob", wh=(401, 1, 1, 1), panel_id=named("west")))


def test_a_raised_figure_frees_energy_and_a_lowered_one_binds_only_new_contracts(
    world: World, offer: bytes
) -> None:
    """The Wh of an offer are the slot's in all, what is sold included."""
    world.record(world.contract(offer, "ann", wh=(900, 1, 1, 1)))
    less, more = world.offer(wh=(800,) * 4), world.offer(wh=(1200,) * 4)
    world.record(less, more)
    assert refusal(world, world.contract(less, "bob", wh=(1, 1, 1, 1))) == 47
    accept(world, world.contract(more, "bob", wh=(300, 1, 1, 1)))


def test_r48_accepts_two_keys_of_one_owner(world: World) -> None:
    """Allowed; it earns no coins."""
    world.record(world.register("sun 2"))
    offer = world.offer()
    world.record(offer)
    accept(world, world.contract(offer, "sun 2"))


def test_r48_refuses_a_prosumer_that_buys_from_itself(world: World) -> None:
    """Both signatures are good, and both are its own."""
    offer = world.offer("roof", panel_names=("tiles",))
    world.record(offer)
    assert refusal(world, world.contract(offer, "roof", plant="roof")) == 48


def later(world: World, first: int) -> bytes:
    """A recorded offer of the same kind from `first` on."""
    offer = world.offer(start=first)
    world.record(offer)
    return offer


def withheld(world: World, offer: bytes) -> bytes:
    """A contract of `ann` that has expired."""
    contract = world.contract(offer)
    world.record(contract)
    world.run(at=FIRST + 4 * SLOT + DAY)
    return contract


def test_r49_accepts_a_meter_that_has_ended_what_it_withheld(world: World, offer: bytes) -> None:
    """Late, and yet it may buy again at once."""
    contract = withheld(world, offer)
    ended = world.end(contract)
    world.record(ended)
    again = later(world, world.now - world.now % SLOT + 2 * SLOT)
    accept(world, world.contract(again))


def test_r49_refuses_a_meter_that_withholds_an_end(world: World, offer: bytes) -> None:
    """From expiry on; its neighbour buys as before."""
    withheld(world, offer)
    again = later(world, world.now - world.now % SLOT + 2 * SLOT)
    assert refusal(world, world.contract(again, coins=[(bytes(32), 1)])) == 49
    accept(world, world.contract(again, "bob"))


def day_after(world: World) -> int:
    """A slot's start, a little after now."""
    return world.now - world.now % SLOT + 2 * SLOT


@pytest.fixture
def lots(world: World) -> list[bytes]:
    """Two lots of `ann`, oldest first, and one of `bob`."""
    mine = [world.earn("ann", FIRST)]
    mine.append(world.earn("ann", day_after(world)))
    mine.sort()  # both expire on the same day, and then the id decides
    return [*mine, world.earn("bob", day_after(world))]


def test_r50_accepts_lots_oldest_first(world: World, lots: list[bytes]) -> None:
    """By expiry, then by id; leaving one out is fine."""
    offer = later(world, day_after(world))
    accept(world, world.contract(offer, coins=[(lots[0], 5), (lots[1], 7)]))
    accept(world, world.contract(offer, start=day_after(world) + 4 * SLOT, coins=[(lots[1], 1)]))


def test_r50_refuses_lots_that_are_unknown_anothers_doubled_or_out_of_order(
    world: World, lots: list[bytes]
) -> None:
    """A coin of another meter is no coin of mine."""
    offer = later(world, day_after(world))
    for coins in (
        [(bytes(32), 1)],
        [(lots[2], 1)],
        [(lots[0], 1), (lots[0], 1)],
        [(lots[1], 1), (lots[0], 1)],
        [(lots[0], 1), (lots[2], 1)],
    ):
        assert refusal(world, world.contract(offer, coins=coins)) == 50


def test_r50_refuses_coins_between_two_keys_of_one_owner(world: World, lots: list[bytes]) -> None:
    """Their discount would be the funder's money in the owner's pocket; without coins the trade is fine."""
    panels = ("attic panel",)
    world.record(world.register("ann 2", plant="ann 2", panel_names=panels, meter=False))
    offer = world.offer("ann 2", panel_names=panels, start=day_after(world))
    world.record(offer)
    coins = [(lots[0], 5)]
    assert refusal(world, world.contract(offer, "ann", plant="ann 2", coins=coins)) == 50
    accept(world, world.contract(offer, "ann", plant="ann 2"))


def test_r51_accepts_a_lot_to_its_last_microgram(world: World, lots: list[bytes]) -> None:
    """In two contracts, the second one taking what the first one left."""
    ug = dict(world.ledger.lots(kid_of("ann")))[lots[0]].free_ug
    offer = later(world, day_after(world))
    accept(world, world.contract(offer, wh=(100,), coins=[(lots[0], ug - 1)]))
    start = day_after(world) + SLOT
    accept(world, world.contract(offer, wh=(100,), start=start, coins=[(lots[0], 1)]))
    assert world.ledger.totals().locked_ug == ug


def test_r51_refuses_to_spend_coins_twice(world: World, lots: list[bytes]) -> None:
    """More than the lot has; what another open contract has locked; what was burned."""
    ug = dict(world.ledger.lots(kid_of("ann")))[lots[0]].free_ug
    first = day_after(world)
    offer = later(world, first)
    assert refusal(world, world.contract(offer, coins=[(lots[0], ug + 1)])) == 51
    contract = world.contract(offer, wh=(100,), coins=[(lots[0], ug)])
    world.record(contract)
    again: dict[str, Any] = {"wh": (100,), "start": first + SLOT, "coins": [(lots[0], 1)]}
    assert refusal(world, world.contract(offer, **again)) == 51
    world.record(world.generation((1000,), start=first), world.end(contract), at=first + SLOT)
    world.settle(first, 1)
    third = later(world, day_after(world))
    assert refusal(world, world.contract(third, coins=[(lots[0], 1)])) == 51


def test_r51_refuses_an_expired_lot(world: World, lots: list[bytes]) -> None:
    """Its day is over, whoever has counted it."""
    expires = dict(world.ledger.lots(kid_of("ann")))[lots[0]].expires
    world.run(at=expires)
    offer = later(world, day_after(world))
    assert refusal(world, world.contract(offer, coins=[(lots[0], 1)])) == 51


def poor() -> World:
    """A network in which a meter may owe 0.4 currency units: 2000 Wh at 0.2 a kWh."""
    return World(Terms(debt_limit_nano=2000 * PRICE)).enrol()


def test_r52_accepts_a_debt_up_to_the_limit() -> None:
    """Open contracts count with all that they may cost, settled ones with what they did."""
    world = poor()
    offer = later(world, FIRST)
    accept(world, world.contract(offer, wh=(500, 500)))
    accept(world, world.contract(offer, wh=(500, 500), start=FIRST + 2 * SLOT))


def test_r52_refuses_a_debt_beyond_the_limit() -> None:
    """By a Wh; what expired or was not delivered is free again, what was delivered is owed."""
    world = poor()
    offer = later(world, FIRST)
    contract = world.contract(offer, wh=(500, 500))
    world.record(contract)
    start = FIRST + 2 * SLOT
    assert refusal(world, world.contract(offer, wh=(1000, 1), start=start)) == 52
    world.record(
        world.generation((1000, 1000)), world.end(contract, wh=(500, 0)), at=FIRST + 2 * SLOT
    )
    world.settle(FIRST, 2)
    assert world.ledger.balance(kid_of("ann")) == -500 * PRICE
    again = later(world, day_after(world))
    assert refusal(world, world.contract(again, wh=(1000, 501))) == 52
    accept(world, world.contract(again, wh=(1000, 500)))


def crowd(world: World, count: int) -> list[str]:
    """That many more meters."""
    names = ["crowd%d" % index for index in range(count)]
    world.record(*[world.register(name) for name in names])
    return names


def test_fifty_simultaneous_contracts_on_one_offer_are_all_recorded(world: World) -> None:
    """Nobody knew of the others: each says what the offer has left after itself alone."""
    names = crowd(world, 50)
    offer = later(world, FIRST)
    contracts = [world.contract(offer, name, wh=(20,) * 4) for name in names]
    assert world.run(*contracts) == [0] * 50
    sold = [world.ledger.panel_slot(named("south"), slot).contracted for slot in slots(4)]
    assert sold == [1000] * 4


@pytest.mark.parametrize("wh", [21, 100, 333, 1000])
def test_with_too_little_energy_exactly_as_many_are_recorded_as_fit(world: World, wh: int) -> None:
    """The first ones, in the order of the block."""
    names = crowd(world, 50)
    offer = later(world, FIRST)
    contracts = [world.contract(offer, name, wh=(wh,)) for name in names]
    fit = 1000 // wh
    assert world.run(*contracts) == [0] * fit + [47] * (50 - fit)


def test_a_contract_alone_costs_no_more_to_settle_than_its_own_rows(world: World) -> None:
    """Recording and settling touch a bounded number of rows, however long the chain is."""
    counts: list[int] = []
    for _ in range(4):
        first = day_after(world)
        offer = later(world, first)
        contract = world.contract(offer, wh=(100,))
        world.record(contract)
        counts.append(len(world.blocks[-1][0].writes))
        world.record(world.generation((100,), start=first), world.end(contract), at=first + SLOT)
        world.run(at=first + SLOT + SETTLE)
        counts.append(len(world.blocks[-1][0].writes))
    assert set(counts[0::2]) == {counts[0]}
    assert set(counts[1::2]) == {counts[1]}


def test_the_meters_proposal_alone_is_no_contract(world: World, offer: bytes) -> None:
    """However often it is sent, and then the record still counts."""
    proposal = world.proposal(offer)
    assert refusal(world, world.send("ann", proposal)) == 40
    accept(world, world.seal(proposal, "ann", "sun"))
