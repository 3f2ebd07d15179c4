# SPDX-License-Identifier: Apache-2.0
"""The meter's side exits: whoever is silent, says no or loses a letter, every contract on the chain is ended."""

from collections.abc import Sequence

import pytest

from host.genesis import Terms
from tests.trade import says
from tests.trade.board import Board
from tests.trade.wire import Letter, lost
from tests.trade.world import FIRST, NEED_WH, PRICE, ROUND, SETTLE, SLOT, World, panel_of
from wattpact.ledger import life
from wattpact.market.preferences import Preferences
from wattpact.node.buying import RECORD_S
from wattpact.units import DAY_S
from wattpact.wire.messages import END_METER_FAULT, Contract, TradeEnd, message_id

ROUND_WH = 4 * NEED_WH
COIN_UG = 10**9
OVER = FIRST + ROUND + SLOT
AWARDED = FIRST + ROUND + SETTLE + 60


def town(*plants: str, terms: Terms | None = None) -> tuple[World, Board]:
    """These plants, cheapest first, and a meter that hears them all."""
    world = World(terms)
    for number, name in enumerate(plants):
        world.add_plant(name, price=PRICE + 1_000 * number)
    return world, world.add_meter("anna", hears=plants)


def ends(world: World) -> list[TradeEnd]:
    """Trade ends that reached the host, in order."""
    sent = [each for each in world.wire.sent("tradeend") if each.to == world.desk.kid]
    found = [each.message for each in sent]
    return [end for end in found if isinstance(end, TradeEnd)]


def proposed_to(world: World) -> list[str]:
    """Names of the plants that were asked, in order."""
    names = {board.kid: name for name, board in world.boards.items()}
    return [names[letter.to] for letter in world.wire.sent("proposal")]


def give_coins(world: World, board: Board, ug: int = COIN_UG) -> bytes:
    """Coins that the board believes it has, and the chain knows nothing of."""
    board.meter.buying.wallet.add(b"a lot of coins, so it believes..", ug, FIRST + 100 * DAY_S)
    return b"a lot of coins, so it believes.."


def stop_after_the_first_round(world: World) -> None:
    """Later rounds are another test's."""
    for board in world.boards.values():
        if board.name != "anna":
            board.plant.selling = False


def run_first_round(world: World, until: int = AWARDED) -> None:
    """One round is traded, and time goes on until it is awarded."""
    world.run_until(FIRST - 1_000)
    asked = FIRST - 60
    world.run_until(asked)
    stop_after_the_first_round(world)
    world.run_until(until)


# -- proposals: no, silence, and answers that come late or never


def test_a_plant_that_declines_is_followed_by_the_next() -> None:
    """The dearer one gets the contract, in the same second."""
    world, anna = town("cheap", "dear")
    world.run_until(FIRST - 1_000)
    world.boards["cheap"].plant.selling = False
    run_first_round(world)
    assert proposed_to(world) == ["cheap", "dear"]
    assert [deal.terms.plant for deal in world.deals()] == [world.boards["dear"].kid]
    assert len(anna.told("declined")) == 1
    assert anna.meter.buying.awards == 1


def test_a_plant_that_is_silent_is_followed_by_the_next() -> None:
    """After answer_s; the silent one's proposal lapses, and nothing of it is left."""
    world, anna = town("deaf", "dear")
    world.wire.tampers.append(lost("proposal", 1))
    run_first_round(world)
    assert proposed_to(world) == ["deaf", "dear"]
    assert [deal.terms.plant for deal in world.deals()] == [world.boards["dear"].kid]
    assert len(anna.told("silent")) == 1
    assert anna.meter.buying.purchases() == []
    assert [key for key in anna.flash if key[:1] == b"c"] == []


def test_three_plants_are_asked_and_no_more() -> None:
    """Then the round is the grid's, and the user is told."""
    world, anna = town("one", "two", "three", "four")
    world.run_until(FIRST - 1_000)
    stop_after_the_first_round(world)
    world.run_until(OVER)
    assert proposed_to(world) == ["one", "two", "three"]
    assert anna.told("no-contract") == ["no plant accepted"]
    assert world.deals() == []
    assert anna.meter.buying.purchases() == []


def test_a_silent_plants_late_acceptance_counts_if_nobody_else_has_accepted() -> None:
    """The second plant says no while the first one's yes is under way: no third plant is asked."""
    world, anna = town("slow", "closed", "third")
    world.run_until(FIRST - 1_000)
    world.boards["closed"].plant.selling = False
    held: list[Letter] = []
    slow = world.boards["slow"].kid

    def hold(letter: Letter) -> Sequence[Letter]:
        if letter.word == "acceptance" and letter.sender == slow and letter.to == anna.kid:
            held.append(letter)
            return []
        if letter.word == "decline" and held:
            return [held.pop(), letter]
        return [letter]

    world.wire.tampers.append(hold)
    run_first_round(world)
    assert proposed_to(world) == ["slow", "closed"]
    assert [deal.terms.plant for deal in world.deals()] == [slow]
    assert anna.told("no-contract") == []
    assert anna.meter.buying.awards == 1


def test_of_two_plants_that_accepted_the_chain_takes_one() -> None:
    """The silent one had accepted: one contract per meter and slot (R46), and the other's energy is free again."""
    world, anna = town("slow", "dear")
    world.wire.tampers.append(lost("acceptance", 1, to=anna.kid))
    world.recording = False
    world.run_until(FIRST - 700)
    assert [p.state for p in anna.meter.buying.purchases()].count(life.ACCEPTED) == 1
    world.recording = True
    run_first_round(world)
    deals = world.deals()
    assert len(deals) == 1
    assert deals[0].state == life.SETTLED
    loser = world.boards["dear" if deals[0].terms.plant == world.boards["slow"].kid else "slow"]
    assert loser.plant.sales.sold_wh(panel_of(loser.name), FIRST) == 0
    assert anna.meter.buying.purchases() == []


def test_a_lost_acceptance_is_told_by_the_chain() -> None:
    """C5 needs no answer to the meter: STORED says that the contract binds, and it is ended and awarded."""
    world, anna = town("sunny")
    world.wire.tampers.append(lost("acceptance", to=anna.kid))
    run_first_round(world)
    assert [deal.state for deal in world.deals()] == [life.SETTLED]
    assert anna.meter.buying.awards == 1


def test_a_contract_of_which_the_meter_heard_nothing_at_all_is_ended_as_well() -> None:
    """Acceptance and STORED both lost: the end is sent all the same, so that it is never withheld (R49)."""
    world, anna = town("sunny")
    world.wire.tampers += [lost("acceptance", to=anna.kid), lost("stored", 2, to=anna.kid)]
    run_first_round(world, FIRST + ROUND + SLOT)
    assert [deal.state for deal in world.deals()] == [life.ENDED]
    assert sum(wh for _slot, wh, _valid in ends(world)[0].slots) == ROUND_WH
    world.run_until(AWARDED)
    assert anna.meter.buying.awards == 1
    assert anna.meter.buying.wallet.free_ug() == world.ledger.totals().issued_ug


def test_the_end_of_a_contract_that_never_was_is_refused_and_forgotten() -> None:
    """The plant never answered and the chain has nothing: R60 frees the outbox and the store."""
    world, anna = town("deaf")
    world.wire.tampers.append(lost("proposal"))
    run_first_round(world, OVER + 2 * SLOT)
    assert anna.told("refused") == ["refused by rule R60"]
    assert anna.meter.buying.purchases() == []
    assert anna.core.member.outbox.wake_at() == 0
    assert [key for key in anna.flash if key[:1] in b"co"] == []


def test_when_accept_by_has_passed_without_an_answer_the_coins_are_free() -> None:
    """A proposal nobody answered is void once the chain could not take it any more."""
    world, anna = town("deaf")
    world.wire.tampers.append(lost("proposal"))
    world.run_until(FIRST - 1_000)
    give_coins(world, anna)
    world.run_until(FIRST - 700)
    proposal = world.wire.sent("proposal")[0].message
    assert isinstance(proposal, Contract)
    locked = sum(ug for _lot, ug in proposal.coins)
    assert anna.meter.buying.wallet.free_ug() == COIN_UG - locked < COIN_UG
    clock_s = world.ledger.genesis.timeouts[3]
    world.run_until(proposal.accept_by + clock_s)
    assert anna.meter.buying.wallet.free_ug() == COIN_UG - locked
    world.run_until(proposal.accept_by + clock_s + 1)
    assert anna.meter.buying.wallet.free_ug() == COIN_UG


# -- the chain's answers


def test_a_record_that_the_plant_never_submits_is_submitted_by_the_meter() -> None:
    """RECORD_S after the acceptance."""
    world, anna = town("sunny")
    world.wire.tampers.append(lost("acceptance", 1, to=world.desk.kid))
    world.run_until(FIRST - 1_000)
    while not world.wire.sent("acceptance"):
        world.run_until(world.clock + 1)
    accepted_at = world.clock
    world.run_until(accepted_at + RECORD_S - 1)
    assert world.deals() == []
    world.run_until(accepted_at + RECORD_S + 30)
    senders = [each.sender for each in world.wire.sent("acceptance") if each.to == world.desk.kid]
    assert senders[1:] == [anna.kid]
    assert len(world.deals()) == 1


def test_a_contract_whose_record_nobody_confirms_is_ended_all_the_same() -> None:
    """STORED never reaches the meter: silence is no refusal."""
    world, anna = town("sunny")
    world.wire.tampers.append(lost("stored", to=anna.kid))
    run_first_round(world)
    assert [deal.state for deal in world.deals()] == [life.SETTLED]
    assert anna.meter.buying.awards == 1


def test_a_record_sent_again_counts_as_recorded() -> None:
    """The first STORED is lost; the chain answers R16 to the repetition, and that is as good."""
    world, anna = town("sunny")
    world.wire.tampers.append(lost("stored", 1, to=anna.kid))
    run_first_round(world, FIRST)
    assert len(world.deals()) == 1
    assert [p.state for p in anna.meter.buying.purchases()] == [life.RECORDED]
    assert anna.told("refused") == []
    assert anna.core.member.outbox.wake_at() == 0


def test_a_record_that_the_chain_refuses_frees_coins_and_energy() -> None:
    """Coins that are not there (R50): the contract is void on both boards, and the next one goes without them."""
    world, anna = town("sunny")
    world.run_until(FIRST - 1_000)
    give_coins(world, anna)
    world.run_until(FIRST)
    assert anna.told("refused") == ["refused by rule R50"]
    assert world.deals() == []
    assert world.boards["sunny"].plant.sales.sold_wh(panel_of("sunny"), FIRST) == 0
    assert anna.meter.buying.under_way.spent_nano(FIRST) == 0
    world.run_until(FIRST + ROUND)
    assert [(deal.terms.start, deal.terms.coins) for deal in world.deals()] == [(FIRST + ROUND, [])]


def test_what_is_refused_for_another_reason_leaves_the_coins_alone() -> None:
    """The debt limit (R52) says nothing about coins."""
    world, anna = town("sunny", terms=Terms(debt_limit_nano=0))
    world.run_until(FIRST)
    assert anna.told("refused") == ["refused by rule R52"]
    assert world.deals() == []
    assert anna.meter.buying.under_way.busy(FIRST, FIRST + 1) is False


def test_a_contract_recorded_too_late_is_void() -> None:
    """The host was away until after accept_by: R45, and nothing is left of it."""
    world, anna = town("sunny")
    world.run_until(FIRST - 1_000)
    world.block()
    world.recording = False
    world.run_until(FIRST - 30)
    assert [p.state for p in anna.meter.buying.purchases()] == [life.ACCEPTED]
    world.recording = True
    run_first_round(world, OVER + SLOT)
    assert set(anna.told("refused")) == {"refused by rule R45"}
    assert world.deals() == []
    assert anna.meter.buying.purchases() == []
    assert ends(world) == []


def test_a_refusal_of_a_forged_record_does_not_make_a_withheld_end() -> None:
    """Whoever spoils a second envelope of a contract makes it void for a while; the chain's yes revives it."""
    world, anna = town("sunny")
    world.recording = False
    world.run_until(FIRST - 700)
    (bought,) = anna.meter.buying.purchases()
    for _twice in range(2):
        anna.receive(_in(world, anna, says.stored(world, refused=[(bought.contract_id, 40)])))
    assert bought.state == life.VOID
    world.recording = True
    run_first_round(world)
    assert [deal.state for deal in world.deals()] == [life.SETTLED]
    assert anna.meter.buying.awards == 1


def test_a_refusal_after_the_record_changes_nothing() -> None:
    """The chain has it."""
    world, anna = town("sunny")
    run_first_round(world, FIRST)
    (bought,) = anna.meter.buying.purchases()
    anna.receive(_in(world, anna, says.stored(world, refused=[(bought.contract_id, 40)])))
    assert bought.state == life.RECORDED
    assert bought.locked


def test_coins_locked_again_by_a_late_record_are_freed_once() -> None:
    """Void, recorded after all, refused, void: however often, the wallet ends where it began."""
    world, anna = town("deaf")
    world.wire.tampers.append(lost("proposal"))
    world.run_until(FIRST - 1_000)
    give_coins(world, anna)
    world.run_until(FIRST - 300)
    (bought,) = anna.meter.buying.purchases()
    assert bought.state == life.VOID
    wallet = anna.meter.buying.wallet
    refused = says.stored(world, refused=[(bought.contract_id, 45)])
    anna.receive(_in(world, anna, refused))
    assert wallet.free_ug() == COIN_UG
    for _twice in range(2):
        anna.receive(_in(world, anna, says.stored(world, ids=[bought.contract_id])))
        assert wallet.free_ug() < COIN_UG
    assert bought.state == life.RECORDED


def _in(world: World, board: Board, data: bytes) -> Letter:
    return Letter("in", world.desk.kid, board.kid, data)


def test_a_plants_no_after_its_yes_is_nothing() -> None:
    """A contract that binds cannot be declined, and one declined is not accepted by the board, but by the chain."""
    world, anna = town("sunny", "dear")
    world.boards["dear"].plant.selling = False
    world.run_until(FIRST - 1_000)
    world.boards["sunny"].plant.selling = False
    world.run_until(FIRST - 700)
    bought = anna.meter.buying.purchases()[0]
    assert bought.state == life.DECLINED
    sunny = world.boards["sunny"]
    sunny.plant.selling = True
    sunny.receive(world.wire.sent("proposal")[0])
    world.wire.deliver()
    assert bought.state == life.DECLINED
    world.run_until(FIRST - 600)
    assert bought.state == life.RECORDED
    sunny.plant.selling = False
    sunny.receive(world.wire.sent("decline")[0])
    anna.receive(world.wire.sent("decline")[0])
    assert bought.state == life.RECORDED
    world.run_until(OVER)
    assert [deal.state for deal in world.deals()] == [life.ENDED]


def test_a_record_is_submitted_before_its_time_is_over() -> None:
    """An acceptance that comes late leaves less than RECORD_S: the meter does not wait so long."""
    world, anna = town("sunny")
    held: list[Letter] = []

    def hold(letter: Letter) -> Sequence[Letter]:
        if letter.word == "acceptance" and letter.sender != anna.kid:
            held.append(letter)
            return []
        return [letter]

    world.wire.tampers.append(hold)
    world.run_until(FIRST - 800)
    (proposal,) = [each.message for each in world.wire.sent("proposal")]
    assert isinstance(proposal, Contract)
    world.run_until(proposal.accept_by - 45)
    anna.receive(next(each for each in held if each.to == anna.kid))
    world.run_until(FIRST)
    assert len(world.deals()) == 1


def test_an_acceptance_after_everything_is_over_asks_the_chain() -> None:
    """It may have been recorded in time with every answer lost: the record itself brings the truth (R16)."""
    world, anna = town("sunny")
    world.wire.tampers += [lost("acceptance", to=anna.kid), lost("stored", 1, to=anna.kid)]
    world.run_until(FIRST)
    (bought,) = anna.meter.buying.purchases()
    assert bought.state == life.VOID
    acceptance = next(each for each in world.wire.sent("acceptance") if each.to == anna.kid)
    anna.receive(acceptance)
    world.run_until(FIRST + 60)
    assert bought.state == life.RECORDED
    assert bought.locked or not bought.contract.coins


def test_no_plant_is_asked_once_the_round_has_begun() -> None:
    """A meter that woke late: the first plant is silent, and then it is too late for the second."""
    world, anna = town("deaf", "dear")
    world.wire.tampers.append(lost("proposal", 1))
    world.run_until(FIRST - 1_000)
    del world.boards["anna"]
    world.run_until(FIRST - 5)
    world.boards["anna"] = anna
    world.run_until(FIRST + 60)
    assert proposed_to(world) == ["deaf"]
    assert anna.told("no-contract") == ["no plant accepted"]


# -- power cuts that the property test of them cannot tell from luck


def test_after_a_power_cut_a_silent_plant_is_not_asked_again_if_another_accepted() -> None:
    """One contract per slot is enough."""
    world, anna = town("deaf", "dear")
    world.wire.tampers.append(lost("proposal", 1))
    world.run_until(FIRST - 780)
    assert proposed_to(world) == ["deaf", "dear"]
    anna.restart()
    world.run_until(FIRST)
    assert proposed_to(world) == ["deaf", "dear"]
    assert len(world.deals()) == 1


def test_after_a_power_cut_a_plant_that_was_asked_is_asked_again() -> None:
    """The proposal was kept and not sent, or its answer is lost: the same contract, once."""
    world, anna = town("sunny")
    world.wire.tampers.append(lost("proposal", 1))
    world.run_until(FIRST - 830)
    anna.restart()
    world.run_until(FIRST)
    assert proposed_to(world) == ["sunny", "sunny"]
    assert len(world.deals()) == 1
    assert anna.told("silent") == []


def test_after_a_power_cut_the_meter_submits_what_it_has() -> None:
    """It does not know how long it has had the record."""
    world, anna = town("sunny")
    world.wire.tampers.append(lost("acceptance", 1, to=world.desk.kid))
    world.run_until(FIRST - 830)
    anna.restart()
    world.run_until(FIRST - 810)
    assert len(world.deals()) == 1


def test_an_end_that_was_kept_and_not_sent_is_the_only_end() -> None:
    """The outbox had it, the purchase had not: the award for it is taken."""
    world, anna = town("sunny")
    run_first_round(world, FIRST + ROUND - 60)
    anna.comes_again = False
    anna.cut_after = anna.performed + 1
    world.run_until(AWARDED)
    assert anna.cuts == 1
    assert len({end.payload() for end in ends(world)}) == 1
    assert [deal.state for deal in world.deals()] == [life.SETTLED]
    assert anna.meter.buying.awards == 1
    assert anna.told("refused") == []


def test_coins_burn_although_nothing_but_the_award_was_heard() -> None:
    """Acceptance and every STORED lost: what the chain burnt and freed is what the wallet has."""
    world, anna = town("sunny")
    anna.imports = lambda slot: NEED_WH if slot < FIRST + 3 * ROUND else NEED_WH // 2
    world.run_until(FIRST + 3 * ROUND + SLOT)
    world.wire.tampers += [lost("acceptance", to=anna.kid), lost("stored", to=anna.kid)]
    world.run_until(FIRST + 4 * ROUND)
    stop_after_the_first_round(world)
    world.run_until(FIRST + 6 * ROUND + SETTLE)
    paid = [deal for deal in world.deals() if deal.terms.coins]
    assert [deal.state for deal in paid] == [life.SETTLED]
    assert anna.meter.buying.awards == len(world.deals())
    free = sum(lot.free_ug for _id, lot in world.ledger.lots(anna.kid))
    assert anna.meter.buying.wallet.free_ug() == free


def test_coins_that_expired_leave_the_wallet() -> None:
    """Otherwise a board's lots would be full of them one day."""
    world, anna = town("sunny")
    anna.meter.buying.wallet.add(b"l" * 32, COIN_UG, FIRST - 1_000)
    world.run_until(FIRST)
    assert anna.meter.buying.wallet.free_ug() == 0


# -- delivery


@pytest.mark.parametrize("missing", [0, 1, 3])
def test_a_slot_without_a_reading_is_ended_as_not_valid_after_the_grace(missing: int) -> None:
    """The other slots settle, that one never does; nothing is invented."""
    world, anna = town("sunny")
    anna.unread.add(FIRST + missing * SLOT)
    run_first_round(world, FIRST + ROUND + 599)
    if missing == 3:
        assert ends(world) == []
    world.run_until(FIRST + ROUND + 600)
    (end,) = ends(world)
    assert [wh for _slot, wh, _valid in end.slots] == [0 if i == missing else 200 for i in range(4)]
    assert [valid for _slot, _wh, valid in end.slots] == [i != missing for i in range(4)]
    assert end.reason == END_METER_FAULT
    assert len(anna.told("meter")) == 1
    world.run_until(AWARDED)
    assert [deal.state for deal in world.deals()] == [life.CONTESTED]


def test_a_reading_that_comes_after_the_end_changes_nothing() -> None:
    """The end is signed; what the board believes of its contract stays what it signed."""
    world, anna = town("sunny")
    late = FIRST + 3 * SLOT
    anna.unread.add(late)
    run_first_round(world, FIRST + ROUND + 700)
    before = anna.meter.buying.purchases()[0].keep()
    anna.unread.clear()
    anna.read(late)
    assert anna.meter.buying.purchases()[0].keep() == before
    world.run_until(AWARDED)
    assert anna.meter.buying.awards == 1


def test_a_dead_meter_ends_its_contract_with_nothing_and_trades_no_more() -> None:
    """Reason 1, an empty range that fits between its neighbours, and no new proposal until a valid reading."""
    world, anna = town("sunny")
    world.run_until(FIRST + ROUND - 600)
    anna.imports = lambda _slot: None
    world.run_until(FIRST + 3 * ROUND)
    dead = ends(world)[1]
    assert [(wh, valid) for _slot, wh, valid in dead.slots] == [(0, False)] * 4
    assert dead.reason == END_METER_FAULT
    assert dead.register_start_wh == dead.register_end_wh == ends(world)[0].register_end_wh
    assert len(world.wire.sent("proposal")) == 2
    assert "the meter gives no valid reading" in anna.told("not-trading")
    assert [deal.state for deal in world.deals()] == [life.CONTESTED, life.ENDED]
    assert anna.told("refused") == []
    assert not world.ledger.account(anna.kid).withheld
    anna.imports = lambda _slot: NEED_WH
    world.run_until(FIRST + 4 * ROUND)
    assert len(world.wire.sent("proposal")) == 3


def test_the_register_of_a_dead_meter_fits_although_the_contract_before_ended_later() -> None:
    """Proposed before the last slot of the contract before was read: the range begins no earlier than that ends."""
    world, anna = town("sunny")
    run = FIRST + ROUND
    world.run_until(run + 5)
    anna.imports = lambda _slot: None
    world.run_until(run + ROUND + SLOT)
    first, dead = ends(world)
    assert dead.register_start_wh == first.register_end_wh
    assert anna.told("refused") == []


# -- award


def awarded_town() -> tuple[World, Board, tuple[bytes, bytes, int, int, tuple[object, ...]]]:
    """A trade settled whose award never arrived, and the award."""
    world, anna = town("sunny")
    world.wire.tampers.append(lost("award", to=anna.kid))
    run_first_round(world)
    (end,) = ends(world)
    return world, anna, world.ledger.derive_award(message_id(end.payload()))


def test_an_award_by_somebody_else_is_refused() -> None:
    """Only the issuer of the genesis awards, and not even the host may."""
    world, anna, row = awarded_town()
    for name in ("sequencer", "sunny", "registrar"):
        anna.receive(_in(world, anna, says.award(world, row, by=name)))
    assert anna.meter.buying.awards == 0
    assert anna.core.member.dropped == 3
    anna.receive(_in(world, anna, says.award(world, row)))
    assert anna.meter.buying.awards == 1


def test_an_award_that_does_not_fit_is_refused_whole() -> None:
    """A good row beside a bad one is not taken either: nothing of a message that is dropped stays."""
    world, anna, row = awarded_town()
    bad = (*row[:2], row[2] + 1, *row[3:])
    before = dict(anna.flash)
    for rows in ([bad], [row, bad], [bad, row]):
        anna.receive(_in(world, anna, says.award(world, *rows)))
    assert anna.meter.buying.awards == 0
    assert anna.core.member.dropped == 3
    assert anna.flash == before
    assert anna.meter.buying.wallet.free_ug() == 0


def test_an_award_for_others_or_twice_in_one_message_is_taken_once() -> None:
    """Rows of other meters are none of ours; the same row again is the same award."""
    world, anna, row = awarded_town()
    other = (row[0], world.boards["sunny"].kid, *row[2:])
    anna.receive(_in(world, anna, says.award(world, other)))
    assert anna.meter.buying.awards == 0
    for _twice in range(2):
        anna.receive(_in(world, anna, says.award(world, row, row)))
    assert anna.meter.buying.awards == 1
    assert anna.meter.buying.wallet.free_ug() == row[2]
    assert not anna.core.member.dropped


def test_an_award_that_never_comes_frees_the_coins_and_counts_against_the_plant() -> None:
    """After settlement and the time in which an end may be withheld."""
    world, anna, _row = awarded_town()
    heard = anna.meter.book.entries()[0]
    assert heard.deliveries == []
    settle_s, withheld_s, _late_s, _clock_s = world.ledger.genesis.timeouts
    world.run_until(FIRST + ROUND + settle_s + withheld_s)
    assert anna.meter.buying.purchases() == []
    assert anna.told("no-award") == [heard.plant_id.hex()]
    assert heard.deliveries == [(FIRST + ROUND, ROUND_WH, 0)]
    assert [key for key in anna.flash if key[:1] == b"c"] == []


def test_what_a_plant_supplied_is_remembered() -> None:
    """The settled Wh beside the delivered ones: the plant's panel gave half of what it had sold."""
    world, anna = town("sunny")
    world.boards["sunny"].exports = lambda slot: 100 if slot >= FIRST else 1_000
    run_first_round(world)
    assert anna.meter.book.entries()[0].deliveries == [(FIRST + ROUND, ROUND_WH, 400)]


# -- the user's money


def test_a_budget_holds_for_the_day_of_delivery() -> None:
    """What settled counts with what it cost, what is under way with what it may cost at most."""
    world = World()
    world.add_plant("sunny")
    wishes = Preferences(budget_nano_per_day=2 * PRICE * ROUND_WH)
    anna = world.add_meter("anna", hears=["sunny"], preferences=wishes)
    world.run_until(FIRST + 5 * ROUND)
    assert len(world.deals()) == 2
    assert anna.meter.buying.under_way.spent_nano(FIRST + 5 * ROUND) == 2 * PRICE * ROUND_WH
    assert anna.meter.buying.under_way.spent_nano(FIRST + DAY_S) == 0


def test_energy_that_was_not_used_is_left_in_the_budget() -> None:
    """Half of it settled: a third contract fits."""
    world = World()
    world.add_plant("sunny")
    wishes = Preferences(budget_nano_per_day=2 * PRICE * ROUND_WH)
    anna = world.add_meter("anna", hears=["sunny"], preferences=wishes)
    anna.imports = lambda _slot: NEED_WH // 2
    world.run_until(FIRST + 5 * ROUND)
    assert len(world.deals()) == 3
