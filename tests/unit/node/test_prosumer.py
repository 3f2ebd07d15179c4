# SPDX-License-Identifier: Apache-2.0
"""One board in both roles: buys from others, sells its roof, one key, one outbox, and never trades with itself."""

import pytest

from tests.trade import says
from tests.trade.board import Board
from tests.trade.wire import Letter
from tests.trade.world import (
    FIRST,
    NEED_WH,
    PRICE,
    ROUND,
    SETTLE,
    YIELD_WH,
    World,
    described,
    kid_of,
    panel_of,
    plant_of,
)
from wattpact.ledger import life
from wattpact.market.preferences import Preferences
from wattpact.node.prosumer import ProsumerNode
from wattpact.wire.messages import Offer

AWARDED = FIRST + ROUND + SETTLE + 60


def street() -> tuple[World, Board, Board]:
    """A roof that buys from a plant and sells to a neighbour."""
    world = World()
    world.add_plant("sunny")
    roof = world.add_prosumer("roof", hears=["sunny"], price=PRICE - 20_000)
    return world, roof, world.add_meter("anna", hears=["sunny", "roof"])


def test_a_roof_buys_and_sells_in_the_same_round() -> None:
    """Its import is the buyer's, its export the seller's; both settle, and both roles have heard of their STORED."""
    world, roof, anna = street()
    world.run_until(FIRST)
    deals = {deal.terms.meter: deal for deal in world.deals()}
    assert deals[roof.kid].terms.plant == kid_of("sunny")
    assert deals[anna.kid].terms.plant == roof.kid
    assert [p.state for p in roof.meter.buying.purchases()] == [life.RECORDED]
    assert [sale.state for _id, sale in roof.plant.sales.sales()] == [life.RECORDED]
    assert roof.core.member.outbox.wake_at() == 0
    world.run_until(AWARDED)
    assert [deal.state for deal in world.deals()[:2]] == [life.SETTLED] * 2
    assert roof.meter.buying.awards == anna.meter.buying.awards == 1
    book = world.ledger.panel_slot(panel_of("roof"), FIRST)
    assert (book.generated, book.settled) == (YIELD_WH, NEED_WH)
    assert world.ledger.balance(roof.kid) == 4 * NEED_WH * (PRICE - 20_000 - PRICE)
    assert not roof.core.member.dropped
    assert roof.notes == []


def test_a_roof_never_buys_from_itself() -> None:
    """Not from its own broadcast, nor from a neighbour who tells of it, and however cheap it is."""
    world = World()
    roof = world.add_prosumer("roof", price=1_000)
    world.hear(roof, ["roof"])
    anna = world.add_meter("anna", hears=["roof"])
    world.hear(roof, ["anna"])

    def build() -> ProsumerNode:
        member = world.member("roof")
        meter = world.meter_node(member, Preferences(), NEED_WH)
        return ProsumerNode(meter, world.plant_node(member, 1_000, YIELD_WH))

    roof._build = build
    roof.restart()
    world.run_until(FIRST + ROUND)
    assert [letter.sender for letter in world.wire.sent("tell")] == [anna.kid] * 2
    assert roof.meter.book.entries() == []
    assert {deal.terms.meter for deal in world.deals()} == {anna.kid}
    assert not roof.core.member.dropped


def test_a_proposal_of_its_own_key_is_dropped() -> None:
    """Nobody trades with the same key (R48), whoever wrote the proposal."""
    world, roof, _anna = street()
    world.run_until(FIRST - 600)
    proposal = next(each for each in world.wire.sent("proposal") if each.to == roof.kid)
    fields = {
        name: getattr(proposal.message, name) for _key, name, _kind in proposal.message.FIELDS
    }
    own = type(proposal.message)(network=world.network, **{**fields, "meter": roof.kid})
    roof.receive(Letter("in", roof.kid, roof.kid, says.parcel(world, "roof", own)))
    assert roof.core.member.dropped == 1


def test_a_roof_that_is_closed_still_buys() -> None:
    """The roles share a key and an outbox, not a mind."""
    world, roof, _anna = street()
    roof.plant.selling = False
    world.run_until(FIRST)
    assert [
        letter.message for letter in world.wire.sent("offer") if letter.sender == roof.kid
    ] == []
    assert roof.kid in {deal.terms.meter for deal in world.deals()}


def test_a_roof_whose_meter_is_dead_neither_buys_nor_reports() -> None:
    """One meter counts both directions: without it nothing is known of either."""
    world, roof, anna = street()
    roof.imports = lambda slot: NEED_WH if slot < FIRST else None
    world.run_until(AWARDED)
    assert world.ledger.panel_slot(panel_of("roof"), FIRST).generated == 0
    bought = next(deal for deal in world.deals() if deal.terms.meter == roof.kid)
    assert bought.state == life.CONTESTED
    assert anna.meter.buying.awards == 0
    assert "the meter gives no valid reading" in roof.told("not-trading")


def test_a_power_cut_brings_both_roles_back() -> None:
    """Sales and purchases, numbers and reports, from one store."""
    world, roof, _anna = street()
    world.run_until(FIRST + 1_000)
    roof.restart()
    world.wire.deliver()
    assert [p.state for p in roof.meter.buying.purchases()] == [life.RECORDED]
    assert [sale.state for _id, sale in roof.plant.sales.sales()] == [life.RECORDED]
    world.run_until(AWARDED)
    assert [deal.state for deal in world.deals()[:2]] == [life.SETTLED] * 2
    told = {
        each.payload: each.message for each in world.wire.sent("offer") if each.sender == roof.kid
    }
    numbers = [offer.seq for offer in told.values() if isinstance(offer, Offer)]
    assert numbers == sorted(set(numbers))
    assert world.ledger.evidence(plant_of("roof")) == []


def test_checkpoints_and_revocations_reach_the_roof() -> None:
    """Whatever concerns the board rather than one role."""
    world, roof, _anna = street()
    world.announce()
    assert roof.flash[b"l"] == roof.meter.light.kept != b""
    revoke = says.revocation(world, kid_of("sunny"))
    roof.receive(Letter("revoke", kid_of("registrar"), roof.kid, revoke))
    world.run_until(FIRST)
    assert roof.kid not in {deal.terms.meter for deal in world.deals()}


def test_a_prosumer_is_one_member_with_one_panel() -> None:
    """Two members, or a field of panels behind one meter, are a mistake of ours."""
    world = World()
    for name, panels in (("roof", 1), ("farm", 2)):
        world.register(name, described(name, panels))
    members = [world.member("roof"), world.member("roof"), world.member("farm")]
    meters = [world.meter_node(each, Preferences(), NEED_WH) for each in members]
    plants = [world.plant_node(each, PRICE, YIELD_WH) for each in members]
    ProsumerNode(meters[0], plants[0])
    for meter, plant in ((meters[0], plants[1]), (meters[2], plants[2])):
        with pytest.raises(ValueError, match="one member with one panel"):
            ProsumerNode(meter, plant)
