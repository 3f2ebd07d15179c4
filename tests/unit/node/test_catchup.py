# SPDX-License-Identifier: Apache-2.0
"""Whoever missed something asks the host: checkpoints, revocations, awards; and a wiped broker is told everything."""

from collections.abc import Sequence
from itertools import pairwise

import pytest

from host.desk import Desk
from host.issuer import Issuer
from tests.trade import says
from tests.trade.board import Board
from tests.trade.wire import Letter, lost
from tests.trade.world import FIRST, ROUND, SETTLE, SLOT, World, kid_of, signer
from wattpact.ledger import life
from wattpact.node.buying import AWARD_S
from wattpact.node.effects import Keep, Listen, Publish, Send
from wattpact.node.meter import UNPROVED_MAX
from wattpact.node.outbox import RETRY_S, SPREAD_S
from wattpact.units import DAY_S
from wattpact.wire import codec
from wattpact.wire.messages import REVOKES_MAX, Proof, Prove, message_id

OVER = FIRST + ROUND + SLOT
DUE = FIRST + ROUND + SETTLE


def town() -> tuple[World, Board, Board]:
    """A plant and a meter, when the first round is contracted and both have asked what they missed."""
    world = World()
    sunny = world.add_plant("sunny")
    world.announce()
    anna = world.add_meter("anna", hears=["sunny"])
    world.run_until(FIRST - 600)
    return world, anna, sunny


def proves(world: World, board: Board) -> list[Prove]:
    """What this board has asked, in order."""
    sent = [each.message for each in world.wire.sent("prove") if each.sender == board.kid]
    return [each for each in sent if isinstance(each, Prove)]


def revoke(world: World, name: str) -> None:
    """On the chain."""
    data = world.registrar.revoke(kid_of(name), world.clock)
    world.desk.receive(data, kid_of("registrar"))
    world.block()


def proof(world: World, board: Board, **changed: object) -> Proof:
    """An answer to this board's newest question."""
    prove = next(e for e in reversed(world.wire.sent("prove")) if e.sender == board.kid)

    fields: dict[str, object] = {
        "prove_id": message_id(prove.message.payload()),
        "bundle": b"",
        "revokes": [],
        "revoked_size": 0,
        **changed,
    }
    return Proof(network=world.network, **fields)  # type: ignore[arg-type]  # as the test wants them


# -- checkpoints


def test_a_node_that_starts_asks_once_what_it_missed() -> None:
    """Meter and plant alike, at a second of their own."""
    world, anna, sunny = town()
    world.run_until(FIRST - 1)
    for board, size in ((anna, 1), (sunny, 0)):  # the retained checkpoint's, and a plant keeps none
        (prove,) = proves(world, board)
        assert (prove.size, prove.revoked_size) == (size, 0)
        assert prove.issued_at <= world.clock - 600 + SPREAD_S
    assert anna.meter.light.last is not None
    assert not anna.core.member.dropped + sunny.core.member.dropped


def test_a_meter_that_missed_an_announcement_follows_again() -> None:
    """The next one's proof does not begin where it stands: it asks, and the host proves it from there."""
    world, anna, _sunny = town()
    kept = anna.meter.light.last
    assert kept is not None
    world.wire.tampers.append(lost("checkpoint", 1))
    for after in (60, ROUND + 60):
        world.run_until(FIRST + after)
        world.announce()
    announced = world.ledger.height
    assert anna.meter.light.last is kept
    assert anna.told("checkpoint") == ["R4 the proof does not start at the kept size"]
    world.run_until(world.clock + SPREAD_S)
    assert proves(world, anna)[-1].size == kept.size
    assert _height(anna) == announced
    asked = len(proves(world, anna))
    for after in (2 * ROUND + 60, 3 * ROUND + 60):
        world.run_until(FIRST + after)
        world.announce()
        assert _height(anna) == world.ledger.height
    assert len(proves(world, anna)) == asked
    assert anna.meter.alarm == ""
    assert anna.core.member.dropped == 0


def _height(board: Board) -> int:
    """Of the checkpoint that it keeps."""
    assert board.meter.light.last is not None
    return board.meter.light.last.height


def test_a_host_that_restarts_begins_its_proofs_anew_and_everybody_follows() -> None:
    """It does not remember what it announced last: whoever is surprised asks, once."""
    world, anna, _sunny = town()
    world.run_until(FIRST + 60)
    asked = len(proves(world, anna))
    world.desk = Desk(world.desk.engine, signer("sequencer"), Issuer(signer("issuer")))
    for after in (60, ROUND + 60, 2 * ROUND + 60):
        world.run_until(FIRST + after)
        world.announce()
        announced = world.ledger.height
        world.run_until(world.clock + SPREAD_S)
        assert _height(anna) == announced
    assert len(proves(world, anna)) == asked + 1


def test_a_question_is_asked_again_ever_more_rarely_until_it_is_answered() -> None:
    """The host is away: one question after another, and one at a time."""
    world = World()
    world.add_plant("sunny")
    world.wire.tampers.append(lost("proof"))
    anna = world.add_meter("anna")
    world.run_until(FIRST + 6 * ROUND)
    times = [each.issued_at for each in proves(world, anna)]
    gaps = [after - before for before, after in pairwise(times)]
    assert gaps[:6] == [RETRY_S << step for step in range(5)] + [3_600]
    assert set(gaps[5:]) == {3_600}
    world.wire.tampers.clear()
    world.run_until(FIRST + 8 * ROUND)
    asked = len(proves(world, anna))
    world.run_until(FIRST + DAY_S)
    assert len(proves(world, anna)) == asked


def test_a_host_that_cannot_prove_it_stops_the_trade_and_is_not_asked_without_end() -> None:
    """Every announcement is answered by one question; after a day of them the proof counts as withheld."""
    world, anna, _sunny = town()

    def spoil(letter: Letter) -> Sequence[Letter]:
        if letter.word == "checkpoint" and letter.to == anna.kid:
            fields = codec.decode(letter.payload)
            return [Letter(letter.kind, letter.sender, letter.to, codec.encode([*fields[:3], []]))]
        return [] if letter.word == "proof" else [letter]

    world.wire.tampers.append(spoil)
    before = len(proves(world, anna))
    for hour in range(UNPROVED_MAX):
        assert anna.meter.alarm == ""
        world.run_until(FIRST + (hour + 1) * ROUND + 60)
        world.announce()
    assert "%d times" % UNPROVED_MAX in anna.meter.alarm
    assert len(proves(world, anna)) - before <= UNPROVED_MAX + 6


def test_nobodys_answer_but_the_hosts_to_the_open_question_counts() -> None:
    """A member that made one up, an answer to another question, and a second, different answer."""
    world, anna, _sunny = town()
    kept = anna.flash.get(b"l")
    other = proof(world, anna, prove_id=b"x" * 32, revoked_size=1 << 40)
    forged = proof(world, anna, revoked_size=1 << 40)
    assert kept
    for data in (says.signed("sequencer", other), says.signed("sunny", forged)):
        dropped = anna.core.member.dropped
        anna.receive(Letter("in", world.desk.kid, anna.kid, data))
        assert anna.core.member.dropped == dropped + 1
    anna.receive(Letter("in", world.desk.kid, anna.kid, says.signed("sequencer", forged)))
    assert codec.decode(anna.flash[b"r"]) <= world.ledger.tree.size
    assert anna.flash[b"l"] == kept


def test_a_host_that_comes_back_may_answer_every_question_that_waited_for_it() -> None:
    """The first answer counts, the others are nothing new; nor is one that a killed broker brings once more."""
    world = World()
    world.add_plant("sunny")
    held: list[Letter] = []

    def hold(letter: Letter) -> Sequence[Letter]:
        if letter.word != "proof":
            return [letter]
        held.append(letter)
        return []

    world.wire.tampers.append(hold)
    anna = world.add_meter("anna")
    world.run_until(FIRST)
    world.wire.tampers.clear()
    answers = [letter for letter in held if letter.to == anna.kid]
    assert len(answers) > 1
    for letter in answers:
        anna.receive(letter)
    assert anna.core.member.catch_up.wake_at == 0
    anna.happen(lambda core: core.on_connected(world.clock, fresh=True))
    world.run_until(FIRST + RETRY_S + SPREAD_S + 60)
    assert len(proves(world, anna)) == len(answers) + 1
    anna.receive(answers[0])
    assert anna.core.member.dropped == 0


def test_an_answer_gives_a_meter_nothing_that_a_broadcast_would_not() -> None:
    """A fork in the host's own answer is a fork."""
    world, anna, _sunny = town()
    anna.restart()
    world.wire.tampers.append(lost("proof"))
    world.run_until(world.clock + SPREAD_S)
    rewritten = World()
    rewritten.clock = world.clock
    last = anna.meter.light.last
    assert last is not None
    while rewritten.ledger.height < last.height:
        rewritten.register("somebody %d" % rewritten.ledger.height)
    bundle = rewritten.desk.engine.bundle(0)
    answer = says.signed("sequencer", proof(world, anna, bundle=bundle))
    anna.receive(Letter("in", world.desk.kid, anna.kid, answer))
    assert "two checkpoints" in anna.meter.alarm


# -- revocations


def test_a_node_that_was_off_hears_of_a_revocation() -> None:
    """Broadcast while nobody listened; asked for after the start, by plants as well."""
    world, anna, sunny = town()
    world.register("gone")
    world.wire.tampers.append(lost("revoke"))
    revoke(world, "gone")
    assert not anna.core.member.revoked(kid_of("gone"))
    for board in (anna, sunny):
        board.restart()
    world.run_until(world.clock + SPREAD_S)
    for board in (anna, sunny):
        assert board.core.member.revoked(kid_of("gone"))
        assert b"v" + kid_of("gone") in board.flash
        assert proves(world, board)[-1].revoked_size > 0
        assert board.core.member.dropped == 0


def test_many_revocations_come_in_several_answers_and_none_is_left_out() -> None:
    """Each answer is bounded; the board asks on until one comes without any, and after a restart from there."""
    world, anna, _sunny = town()
    names = ["gone %d" % number for number in range(2 * REVOKES_MAX + 3)]
    for name in names:
        world.register(name)
    world.wire.tampers.append(lost("revoke"))
    for name in names:
        revoke(world, name)
    anna.restart()
    before = len(proves(world, anna))
    world.run_until(world.clock + 4 * (SPREAD_S + RETRY_S))
    assert all(anna.core.member.revoked(kid_of(name)) for name in names)
    assert len(proves(world, anna)) - before == 4
    sent = [each.message for each in world.wire.sent("proof") if each.to == anna.kid]
    assert max(len(each.revokes) for each in sent if isinstance(each, Proof)) == REVOKES_MAX
    anna.restart()
    world.run_until(world.clock + SPREAD_S)
    assert proves(world, anna)[-1].revoked_size >= proves(world, anna)[-2].revoked_size > 0


def test_the_host_cannot_make_up_a_revocation() -> None:
    """It is the registrar's word that counts; then nothing of the answer does."""
    world, anna, _sunny = town()
    anna.restart()
    world.wire.tampers.append(lost("proof"))
    world.run_until(world.clock + SPREAD_S)
    before = dict(anna.flash)
    made_up = says.revocation(world, kid_of("sunny"), by="sequencer")
    for revokes in ([made_up], [b"junk"], [says.signed("registrar", proof(world, anna))]):
        answer = says.signed("sequencer", proof(world, anna, revokes=revokes, revoked_size=1 << 40))
        anna.receive(Letter("in", world.desk.kid, anna.kid, answer))
    assert anna.flash == before
    assert anna.core.member.dropped == 3
    assert not anna.core.member.revoked(kid_of("sunny"))


# -- awards


@pytest.mark.parametrize("restarts", [False, True])
def test_a_lost_award_is_asked_for_by_the_same_end_and_sent_again(restarts: bool) -> None:
    """Some time after it was due; also by a meter that lost power, and by a host that did."""

    world, anna, sunny = town()
    sunny.plant.selling = False
    world.wire.tampers.append(lost("award", 1))
    world.run_until(DUE + 120)
    (first,) = {each.payload for each in world.wire.sent("tradeend") if each.to == world.desk.kid}
    assert anna.meter.buying.awards == 0
    if restarts:
        anna.restart()
        world.desk = Desk(world.desk.engine, signer("sequencer"), Issuer(signer("issuer")))
    world.run_until(DUE + AWARD_S + 60)
    asked = [each for each in world.wire.sent("tradeend") if each.to == world.desk.kid]
    assert asked[-1].kind == "in"
    assert asked[-1].payload == first
    assert anna.meter.buying.awards == 1
    assert anna.meter.buying.purchases() == []
    assert anna.meter.buying.wallet.free_ug() == world.ledger.totals().issued_ug > 0
    assert anna.core.member.dropped == 0


def test_an_award_that_comes_twice_changes_nothing() -> None:
    """Both were under way: the one recorded and the one repeated."""
    world, anna, sunny = town()
    sunny.plant.selling = False
    world.run_until(DUE + 120)
    end = next(each for each in world.wire.sent("tradeend") if each.to == world.desk.kid)
    flash, free_ug = dict(anna.flash), anna.meter.buying.wallet.free_ug()
    before = len(world.wire.sent("award"))
    world.desk.receive(end.payload, anna.kid)
    world.block()
    assert len(world.wire.sent("award")) == before + 1
    world.run_until(world.clock + 60)
    assert anna.flash == flash
    assert (anna.meter.buying.awards, anna.meter.buying.wallet.free_ug()) == (1, free_ug)
    assert anna.core.member.dropped == 0


def test_an_award_that_never_comes_is_asked_for_a_few_times_and_given_up() -> None:
    """Ever more rarely, until the time at which the meter gives up anyway."""
    world, anna, sunny = town()
    sunny.plant.selling = False
    world.wire.tampers.append(lost("award"))
    world.run_until(DUE + 2 * DAY_S)
    asked = [e for e in world.wire.sent("tradeend") if (e.kind, e.to) == ("in", world.desk.kid)]
    assert 5 <= len(asked) <= 8
    assert len({each.payload for each in asked}) == 1
    assert anna.meter.buying.purchases() == []
    assert len(anna.told("no-award")) == 1


def test_an_end_without_a_wh_is_not_asked_about() -> None:
    """There is no award to come."""
    world, anna, sunny = town()
    sunny.plant.selling = False
    anna.imports = lambda _slot: None
    world.run_until(DUE + DAY_S)
    assert [deal.state for deal in world.deals()] == [life.CONTESTED]
    assert [e for e in world.wire.sent("tradeend") if e.kind == "in"] == []


def test_an_end_still_in_the_outbox_is_the_outboxs() -> None:
    """The host has not answered it: it is sent again as before, and not twice."""
    world, anna, sunny = town()
    sunny.plant.selling = False
    world.run_until(FIRST + ROUND - 60)
    world.wire.tampers.append(lost("stored", to=anna.kid))
    world.wire.tampers.append(lost("award"))
    world.run_until(DUE + 4 * AWARD_S)
    assert [e for e in world.wire.sent("tradeend") if e.kind == "in"] == []


def test_the_end_that_was_kept_and_not_sent_is_the_one_asked_about() -> None:
    """What the outbox remembers is what the purchase does, registers included."""
    world, anna, sunny = town()
    sunny.plant.selling = False
    world.run_until(FIRST + ROUND - 60)
    anna.comes_again = False
    anna.cut_after = anna.performed + 1
    world.wire.tampers.append(lost("award", 1))
    world.run_until(DUE + AWARD_S + 120)
    assert anna.cuts == 1
    assert anna.meter.buying.awards == 1


# -- a broker that was wiped


def test_a_broker_that_lost_its_session_is_told_everything_again() -> None:
    """Registration, listening, the standing offer, and at once whatever waits in the outbox."""
    world, anna, sunny = town()
    sunny.happen(lambda core: core.on_connected(world.clock, fresh=False))
    assert anna.core.on_connected(world.clock, fresh=False) == []
    effects = sunny.core.on_connected(world.clock, fresh=True)
    offer = world.wire.sent("offer")[-1].payload
    assert [(e.kind, e.payload) for e in effects if isinstance(e, Publish)] == [
        ("register", world.registers["sunny"]),
        ("offer", offer),
    ]
    assert [(e.kind, e.sender) for e in effects if isinstance(e, Listen)] == [
        ("revoke", world.desk.kid),
        ("trade_end", anna.kid),
    ]
    assert not [each for each in effects if isinstance(each, (Send, Keep))]
    listens = anna.core.on_connected(world.clock, fresh=True)
    assert ("offer", sunny.kid) in [(e.kind, e.sender) for e in listens if isinstance(e, Listen)]


def test_an_offer_whose_round_has_begun_is_not_shown_again() -> None:
    """Nobody can buy it any more."""
    world, _anna, sunny = town()
    world.run_until(FIRST + 60)
    effects = sunny.core.on_connected(world.clock, fresh=True)
    assert [each.kind for each in effects if isinstance(each, Publish)] == ["register"]


def test_what_waits_in_the_outbox_goes_out_at_once_when_the_broker_was_wiped() -> None:
    """It may have lost messages that it had for the host, and the next try may be an hour away."""
    world, anna, sunny = town()
    world.wire.tampers.append(lost("stored"))
    world.run_until(FIRST + ROUND + SLOT)
    ends = len(world.wire.sent("tradeend"))
    for board in (anna, sunny):
        board.happen(lambda core: core.on_connected(world.clock, fresh=True))
        assert board.core.wake_at <= world.clock
    world.run_until(world.clock)
    assert len(world.wire.sent("tradeend")) > ends


def test_a_roof_tells_a_wiped_broker_of_both_roles() -> None:
    """Once each, with one registration."""
    world = World()
    roof = world.add_prosumer("roof")
    anna = world.add_meter("anna", hears=["roof"])
    world.hear(roof, ["anna"])
    world.run_until(FIRST - 600)
    effects = roof.core.on_connected(world.clock, fresh=True)
    assert [each.kind for each in effects if isinstance(each, Publish)] == ["register", "offer"]
    assert [(e.kind, e.sender) for e in effects if isinstance(e, Listen)] == [
        ("revoke", world.desk.kid),
        ("trade_end", anna.kid),
        ("register", b""),
        ("checkpoint", world.desk.kid),
        ("shortfall", world.desk.kid),
    ]
    assert len(proves(world, roof)) == 1


def test_trade_goes_on_after_the_broker_was_wiped() -> None:
    """Nothing is retained and nobody listens until the nodes, and they alone, have said it again."""
    world, anna, sunny = town()
    world.run_until(FIRST + ROUND - 1_000)
    world.wire.wipe()
    world.wire.listen(anna.kid, "register", sunny.kid)  # as the access network has it
    for board in (anna, sunny):
        board.happen(lambda core: core.on_connected(world.clock, fresh=True))
    world.run_until(FIRST + ROUND)
    assert [deal.terms.start for deal in world.deals()] == [FIRST, FIRST + ROUND]
    assert anna.core.member.dropped == 0
