# SPDX-License-Identifier: Apache-2.0
"""The buyer hears, asks, judges and chooses; and knows when not to trade."""

from collections.abc import Sequence

import pytest

from tests.trade import says
from tests.trade.board import Board
from tests.trade.wire import Letter, lost
from tests.trade.world import FIRST, PRICE, ROUND, SLOT, World, kid_of, plant_of
from wattpact.ledger import life
from wattpact.market.preferences import Preferences
from wattpact.market.reliability import SOURCE_NEIGHBOURS
from wattpact.metering.reading import Reading
from wattpact.wire.messages import Shortfall, Tell

DECIDED = FIRST - 600


def chosen(board: Board) -> list[bytes]:
    """Plant ids of the newest choice, best first."""
    choice = board.meter.choice
    assert choice is not None
    return [option.plant_id for option in choice.ranking]


def deaf_town() -> tuple[World, Board, Board]:
    """Two plants, anna who hears them, and a deaf neighbour of hers."""
    world = World()
    world.add_plant("cheap")
    world.add_plant("dear", price=PRICE + 10_000)
    anna = world.add_meter("anna", hears=["cheap", "dear"])
    return world, anna, world.add_meter("deaf", neighbours=["anna"])


def retold(world: World, scores: dict[bytes, int]) -> None:
    """Alter nothing in a neighbour's answer but the scores of these plants."""

    def tamper(letter: Letter) -> Sequence[Letter]:
        tell = letter.message if letter.word == "tell" else None
        if not isinstance(tell, Tell):
            return [letter]
        rows = [
            (offer, register, scores.get(_plant_of(register), ppm))
            for offer, register, ppm in tell.plants
        ]
        tell = Tell(network=tell.network, ask_id=tell.ask_id, plants=rows, issued_at=tell.issued_at)
        return [Letter("in", letter.sender, letter.to, says.parcel(world, "anna", tell))]

    world.wire.tampers.append(tamper)


def _plant_of(register: bytes) -> bytes:
    from wattpact.wire.envelope import peek_payload
    from wattpact.wire.messages import Register, parse_as

    return parse_as(Register, peek_payload(register)).plant_id


# -- C3: neighbours


def test_a_meter_that_hears_no_plant_trades_from_a_neighbours_answer() -> None:
    """It asks, is told the plants' own signed offers, chooses, and the plant accepts: a whole trade."""
    world, anna, deaf = deaf_town()
    world.run_until(DECIDED)
    assert [letter.to for letter in world.wire.sent("ask")] == [anna.kid]
    assert deaf.meter.tally.offers == 0
    assert deaf.meter.tally.tells == 1
    assert chosen(deaf) == [plant_of("cheap"), plant_of("dear")]
    world.run_until(FIRST + ROUND + 7_300)
    deals = [deal for deal in world.deals() if deal.terms.meter == deaf.kid]
    assert deals[0].state == life.SETTLED
    assert deaf.meter.buying.awards == 1
    assert not deaf.core.member.dropped


def test_a_meter_that_hears_plants_does_not_ask() -> None:
    """Nor does one that has nobody to ask, whose user paused, or that has raised the alarm."""
    world, anna, deaf = deaf_town()
    world.add_meter("lonely")
    paused = Preferences(paused=True)
    world.add_meter("paused", neighbours=["anna"], preferences=paused)
    world.run_until(DECIDED)
    assert {letter.sender for letter in world.wire.sent("ask")} == {deaf.kid}
    assert anna.meter.tally.tells == 0


def test_a_neighbours_told_score_alone_changes_a_deaf_meters_choice() -> None:
    """Every byte that a plant signed is the same; what the neighbour thinks of one decides."""
    world, anna, deaf = deaf_town()
    retold(world, {plant_of("cheap"): 100_000})
    world.run_until(DECIDED)
    assert chosen(anna) == [plant_of("cheap"), plant_of("dear")]
    assert chosen(deaf) == [plant_of("dear")]
    heard = deaf.meter.book.get(plant_of("cheap"))
    assert heard is not None
    assert deaf.meter.book.judgement(heard, world.clock).source == SOURCE_NEIGHBOURS


def test_no_neighbour_can_praise_a_plant_above_what_its_own_record_says() -> None:
    """The lower of both counts."""
    world, anna, deaf = deaf_town()
    retold(world, {plant_of("dear"): 1_000_000})
    world.run_until(DECIDED)
    assert chosen(deaf) == chosen(anna)


def test_an_answer_that_nobody_asked_for_or_that_comes_twice_is_dropped() -> None:
    """Only the answer to the open question, from whoever was asked, once."""
    world, anna, deaf = deaf_town()
    world.run_until(DECIDED)
    letter = world.wire.sent("tell")[0]
    scores = dict(deaf.meter.book.entries()[0].scores)
    deaf.receive(letter)
    assert deaf.core.member.dropped == 1
    anna.receive(Letter("in", letter.sender, anna.kid, letter.payload))
    assert anna.core.member.dropped == 1
    tell = letter.message
    assert isinstance(tell, Tell)
    own = Tell(network=tell.network, ask_id=tell.ask_id, plants=[], issued_at=tell.issued_at)
    deaf.receive(Letter("in", anna.kid, deaf.kid, says.parcel(world, "cheap", own)))
    assert deaf.core.member.dropped == 2
    assert deaf.meter.book.entries()[0].scores == scores


def test_one_plant_that_cannot_be_believed_does_not_spoil_the_others() -> None:
    """A neighbour that has not heard of a revocation yet, or lies about one plant, still tells of the rest."""
    world, _anna, deaf = deaf_town()
    revoke = says.revocation(world, kid_of("cheap"))
    deaf.receive(Letter("revoke", kid_of("registrar"), deaf.kid, revoke))
    world.run_until(DECIDED)
    assert chosen(deaf) == [plant_of("dear")]
    assert deaf.core.member.dropped == 1


def test_answers_without_a_plant_fill_no_memory() -> None:
    """A neighbour that knows nothing, asked round after round."""
    world = World()
    world.add_meter("anna")
    deaf = world.add_meter("deaf", neighbours=["anna"])
    world.run_until(FIRST + 5 * ROUND)
    assert len(world.wire.sent("tell")) == 6
    assert len(deaf.meter._fresh_tells) == 1


# -- C4: the user chooses


def test_preferences_change_the_plant() -> None:
    """The same offers, four users."""
    world = World()
    for name, price in (("cheap", PRICE), ("middle", PRICE + 5_000), ("dear", PRICE + 10_000)):
        world.add_plant(name, price=price)
    wishes = {
        "thrifty": Preferences(),
        "loyal": Preferences(favoured=[plant_of("dear")]),
        "angry": Preferences(blocked=[plant_of("cheap")]),
        "picky": Preferences(allowed=[plant_of("dear"), plant_of("middle")]),
    }
    boards = [
        world.add_meter(name, hears=["cheap", "middle", "dear"], preferences=wish)
        for name, wish in wishes.items()
    ]
    world.run_until(DECIDED)
    names = {plant_of(name): name for name in ("cheap", "middle", "dear")}
    assert [names[chosen(board)[0]] for board in boards] == ["cheap", "dear", "middle", "middle"]
    got = {deal.terms.meter: deal.terms.plant for deal in world.deals()}
    assert [got[board.kid] for board in boards] == [
        kid_of(name) for name in ("cheap", "dear", "middle", "middle")
    ]


def test_a_revoked_plant_is_not_chosen() -> None:
    """Its offer was good when it was heard."""
    world, anna, _deaf = deaf_town()
    world.run_until(FIRST - 1_000)
    revoke = says.revocation(world, kid_of("cheap"))
    anna.receive(Letter("revoke", kid_of("registrar"), anna.kid, revoke))
    world.run_until(DECIDED)
    assert chosen(anna) == [plant_of("dear")]


def test_chain_facts_by_the_host_count_and_by_nobody_else() -> None:
    """A plant that sold what it did not have is judged by it, whatever it says of itself."""
    world, anna, _deaf = deaf_town()
    world.run_until(FIRST - 1_000)
    low = [(FIRST - 20 * ROUND, 10 * ROUND)]
    facts = Shortfall(network=world.network, plant_id=plant_of("cheap"), height=9, low=low)
    heard = anna.meter.book.get(plant_of("cheap"))
    assert heard is not None
    before = anna.meter.book.judgement(heard, world.clock).ppm
    anna.receive(Letter("shortfall", kid_of("dear"), anna.kid, says.signed("dear", facts)))
    assert anna.core.member.dropped == 1
    assert anna.meter.book.judgement(heard, world.clock).ppm == before
    anna.receive(Letter("shortfall", world.desk.kid, anna.kid, says.signed("sequencer", facts)))
    assert anna.meter.book.judgement(heard, world.clock).ppm < before


def test_the_need_is_learned_from_readings() -> None:
    """What the home drew yesterday is what the contract of today asks for."""
    world, anna, _deaf = deaf_town()
    for index in range(4):
        yesterday = FIRST - 86_400 + index * SLOT
        anna.hand(Reading(yesterday, 300 + index, 0, 2_000 + 310 * index, 0))
    world.run_until(DECIDED)
    (deal,) = [deal for deal in world.deals() if deal.terms.meter == anna.kid]
    assert deal.terms.wh == [300, 301, 302, 303]


# -- when not to trade


def test_a_full_outbox_stops_new_trades_and_nothing_else() -> None:
    """It says so, goes on metering, and ends what is under way; when the host is back, so is trade."""
    world = World()
    world.add_plant("sunny")
    anna = world.add_meter("anna", hears=["sunny"], outbox_max=1)
    world.run_until(DECIDED)
    world.recording = False
    world.wire.tampers.append(lost("stored"))
    world.run_until(FIRST + 3 * ROUND)
    assert set(anna.told("not-trading")) == {"outbox full: the chain has not answered"}
    assert len(world.wire.sent("proposal")) == 2
    assert anna.meter.buying.purchases()[-1].valid()
    world.recording = True
    world.wire.tampers.clear()
    world.run_until(FIRST + 6 * ROUND)
    assert len(world.wire.sent("proposal")) > 2
    assert world.deals()[0].state == life.SETTLED


def test_a_rewritten_history_ends_all_new_trade_and_ends_what_is_open() -> None:
    """Two signed checkpoints of one height: the alarm outlives a power cut, and the open contract is still ended."""
    world, anna, _deaf = deaf_town()
    world.announce()
    world.run_until(FIRST + 60)
    rewritten = World()
    rewritten.clock = world.clock
    last = anna.meter.light.last
    while last and rewritten.ledger.height < last.height:
        rewritten.register("somebody %d" % rewritten.ledger.height)
    for letter in _announced(rewritten, anna):
        anna.receive(letter)
    assert "two checkpoints" in anna.meter.alarm
    assert anna.told("alarm")
    anna.restart()
    world.wire.deliver()
    assert anna.meter.alarm
    proposals = len([each for each in world.wire.sent("proposal") if each.sender == anna.kid])
    world.run_until(FIRST + 2 * ROUND)
    assert [each.sender for each in world.wire.sent("proposal")].count(anna.kid) == proposals == 1
    assert world.deals()[0].state == life.ENDED
    assert anna.told("not-trading")[0] == anna.meter.alarm


def _announced(world: World, board: Board) -> list[Letter]:
    """What the host of that world broadcasts now, as that board would get it."""
    world.wire.listen(board.kid, "checkpoint", world.desk.kid)
    world.announce()
    return [each for each in world.wire.log if each.word == "checkpoint" and each.to == board.kid]


def test_a_checkpoint_that_continues_the_kept_one_is_kept() -> None:
    """Also after a power cut: tomorrow's is held against yesterday's."""
    world, anna, _deaf = deaf_town()
    world.announce()
    first = anna.meter.light.last
    assert first is not None
    anna.restart()
    world.wire.deliver()
    assert anna.meter.light.last is not None
    assert anna.meter.light.last.height == first.height
    world.run_until(DECIDED)
    world.announce()
    assert anna.meter.light.last.height > first.height
    assert anna.meter.alarm == ""
    assert anna.flash[b"l"] == anna.meter.light.kept


def test_after_a_power_cut_no_trade_begins_before_a_valid_reading() -> None:
    """The register that the next contract must not fall behind is not known before."""
    world, anna, _deaf = deaf_town()
    world.run_until(FIRST + ROUND - SLOT - 100)
    anna.restart()
    anna.unread.update(range(FIRST, FIRST + ROUND, SLOT))
    world.run_until(FIRST + ROUND)
    assert [each.sender for each in world.wire.sent("proposal")].count(anna.kid) == 1
    assert anna.told("not-trading") == ["the meter gives no valid reading"]
    world.run_until(FIRST + 2 * ROUND)
    assert [each.sender for each in world.wire.sent("proposal")].count(anna.kid) == 2


def test_a_new_board_trades_before_its_first_reading() -> None:
    """It has no range to fall behind."""
    world, anna, _deaf = deaf_town()
    world.run_until(FIRST - SLOT - 1)
    anna.flash.clear()
    anna.restart()
    anna.unread.add(FIRST - 2 * SLOT)
    world.run_until(DECIDED)
    assert len([deal for deal in world.deals() if deal.terms.meter == anna.kid]) == 1


@pytest.mark.parametrize("restarts_at", [-1_000, -899, -837, -836, -835, -800, -600])
def test_no_round_is_decided_twice_or_missed_whenever_the_power_fails(restarts_at: int) -> None:
    """Before, in and after the second in which this meter decides."""
    world, anna, _deaf = deaf_town()
    world.run_until(FIRST + restarts_at)
    anna.restart()
    anna.read(FIRST - 2 * SLOT)
    world.run_until(FIRST)
    contracts = {each.payload for each in world.wire.sent("proposal") if each.sender == anna.kid}
    assert len(contracts) == 1
    assert len([deal for deal in world.deals() if deal.terms.meter == anna.kid]) == 1


def test_a_round_decided_before_a_power_cut_is_not_decided_again_with_other_coins() -> None:
    """In the very second of the decision: the coins of the first proposal are locked, and no second one is made."""
    world, anna, _deaf = deaf_town()
    wallet = anna.meter.buying.wallet
    wallet.add(b"l" * 32, 10**8, FIRST + ROUND)
    anna.flash[b"w"] = wallet.keep()
    while not [each for each in world.wire.sent("proposal") if each.sender == anna.kid]:
        world.run_until(world.clock + 1)
    anna.restart()
    anna.read(FIRST - 2 * SLOT)
    world.run_until(world.clock)
    contracts = {
        each.message.payload() for each in world.wire.sent("proposal") if each.sender == anna.kid
    }
    assert len(contracts) == 1


def test_a_board_that_slept_through_a_round_leaves_it() -> None:
    """Woken late it still decides for a round that has not begun, and never for one that has."""
    world, anna, _deaf = deaf_town()
    world.run_until(FIRST - 1_000)
    for start, wakes_at in ((FIRST, FIRST - 100), (FIRST + ROUND, FIRST + ROUND)):
        del world.boards["anna"]
        world.run_until(wakes_at)
        world.boards["anna"] = anna
        world.run_until(start + 60)
    starts = [deal.terms.start for deal in world.deals() if deal.terms.meter == anna.kid]
    assert starts == [FIRST]
