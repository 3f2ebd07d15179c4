# SPDX-License-Identifier: Apache-2.0
"""Blocks: R1 and R2, nothing before commit, replicas that agree, a restart without replay, and the questions."""

import pytest

from tools.vector_cases.ledger_world import (
    DAY,
    FIRST,
    SETTLE,
    SLOT,
    START,
    VERIFIER,
    World,
    genesis,
    id_of,
    kid_of,
    named,
)
from wattpact.errors import RuleError
from wattpact.ledger import life
from wattpact.ledger.machine import Ledger
from wattpact.ledger.merkle import root
from wattpact.ledger.view import Parsed


@pytest.fixture
def ledger() -> Ledger:
    """At height 0."""
    return Ledger(genesis(), VERIFIER)


def test_r1_accepts_the_next_height(ledger: Ledger) -> None:
    """The first block has height 1."""
    for height in (1, 2, 3):
        assert ledger.finalize(height, START, []).height == height
        ledger.commit()
    assert ledger.height == 3


@pytest.mark.parametrize("height", [-1, 0, 2])
def test_r1_refuses_any_other_height(ledger: Ledger, height: int) -> None:
    """Neither a gap nor a repetition."""
    with pytest.raises(RuleError) as refused:
        ledger.finalize(height, START, [])
    assert refused.value.rule == 1


def test_r2_accepts_a_time_that_stands_still(ledger: Ledger) -> None:
    """At the genesis' own, and twice the same."""
    for height in (1, 2):
        ledger.finalize(height, ledger.genesis.created_at, [])
        ledger.commit()
    assert ledger.time == ledger.genesis.created_at


def test_r2_refuses_a_time_that_goes_back(ledger: Ledger) -> None:
    """Before the genesis, or before the last block."""
    for height, earliest in ((1, ledger.genesis.created_at), (2, START)):
        with pytest.raises(RuleError) as refused:
            ledger.finalize(height, earliest - 1, [])
        assert refused.value.rule == 2
        if height == 1:
            ledger.finalize(1, START, [])
            ledger.commit()


def test_nothing_of_a_block_is_visible_before_commit(world: World) -> None:
    """And a second finalize forgets the first."""
    ledger = world.ledger
    before = (ledger.height, ledger.time, ledger.app_hash, ledger.tree.size, list(ledger.rows()))
    offers = [world.offer(price=1), world.offer(price=2)]
    first = ledger.finalize(2, world.now + 1, [offers[1]])
    second = ledger.finalize(2, world.now + 2, [offers[0]])
    assert first.app_hash != second.app_hash
    after = (ledger.height, ledger.time, ledger.app_hash, ledger.tree.size, list(ledger.rows()))
    assert before == after
    assert ledger.check(offers[0], world.now) == 0
    ledger.commit()
    assert (ledger.app_hash, ledger.time) == (second.app_hash, world.now + 2)
    assert (ledger.tree.size, ledger.tree.root()) == (second.size, second.root)
    assert [ledger.check(each, world.now) for each in offers] == [16, 0]


def test_commit_without_a_block_is_the_callers_mistake(ledger: Ledger) -> None:
    """Also a second time."""
    ledger.finalize(1, START, [])
    ledger.commit()
    with pytest.raises(ValueError, match="nothing finalized"):
        ledger.commit()


def test_refused_transactions_leave_no_trace(world: World) -> None:
    """The same block without them has the same app hash, root and size; codes and ids keep their places."""
    good, bad = world.offer(), world.offer("stranger")
    ledger = world.ledger
    without = ledger.finalize(2, world.now, [good])
    done = ledger.finalize(2, world.now, [bad, b"noise", good, good])
    assert done.codes == [12, 10, 0, 16]
    assert done.ids == [id_of(bad), b"", id_of(good), id_of(good)]
    assert (done.app_hash, done.root, done.size) == (without.app_hash, without.root, without.size)
    assert done.writes == without.writes


def test_the_tree_holds_what_was_recorded_and_nothing_else(world: World) -> None:
    """As the sender made it, in order."""
    leaves = list(world.blocks[0][1])
    offer = world.offer()
    contract = world.contract(offer)
    world.run(world.offer("stranger"), offer, contract)
    assert world.ledger.tree.root() == root([*leaves, offer, contract])


def day(world: World) -> None:
    """A trade with coins, one contested, one expired, evidence, a revocation, and something left open."""
    lot = world.earn()
    first = FIRST + DAY
    world.run(at=first - 2 * SLOT)
    low = [(START - DAY, SLOT)]
    offer = world.offer(start=first, low=low)
    world.record(offer)
    assert world.run(world.offer()) == [33]
    contracts = [
        world.contract(offer, "ann", coins=[(lot, 1000)]),
        world.contract(offer, "bob", wh=(100,)),
        world.contract(offer, "roof", wh=(200, 200)),
    ]
    world.record(*contracts)
    contested = world.end(contracts[2], "roof", wh=(0, 200), valid=(False, True), reason=1)
    world.record(world.generation((600,) * 4, start=first), contested, at=first + 4 * SLOT)
    world.record(world.end(contracts[0]), world.factors(("FR", 2020, 0, 1, 0, "")))
    world.settle(first)
    world.record(*[world.award(end) for end in world.ledger.awardable()[:1]])
    world.run(at=first + SLOT + DAY)
    tomorrow = world.now - world.now % SLOT + 2 * SLOT
    standing = world.offer(start=tomorrow, low=low)
    world.record(standing, world.contract(standing, "roof"), world.revoke("bob"))


def test_replicas_fed_with_the_same_blocks_agree_and_may_share_what_was_parsed(
    world: World,
) -> None:
    """Block by block: codes, ids, app hash, root, rows."""
    day(world)
    parsed = Parsed()
    replicas = [Ledger(world.genesis, VERIFIER, parsed), Ledger(world.genesis, VERIFIER)]
    for expected, stored in world.blocks:
        for replica in replicas:
            done = replica.finalize(expected.height, expected.time, stored)
            replica.commit()
            assert (done.codes, done.ids, done.app_hash, done.root, done.size, done.writes) == (
                expected.codes,
                expected.ids,
                expected.app_hash,
                expected.root,
                expected.size,
                expected.writes,
            )
    for replica in replicas:
        assert list(replica.rows()) == list(world.ledger.rows())


def test_a_ledger_comes_back_from_its_rows_and_goes_on_as_if_nothing_had_been(
    world: World,
) -> None:
    """Without executing anything again: the next blocks give the same hashes."""
    day(world)
    ledger = world.ledger
    stored = [
        each
        for done, block in world.blocks
        for code, each in zip(done.codes, block)
        if code in (0, 32, 33)
    ]
    back = Ledger(world.genesis, VERIFIER)
    back.restore(ledger.rows(), ledger.height, ledger.time, ledger.app_hash, stored)
    assert (back.due_at(), back.awardable()) == (ledger.due_at(), ledger.awardable())
    assert back.tree.root() == ledger.tree.root()
    award = world.award(*ledger.awardable())
    for replica in (ledger, back):
        replica.finalize(ledger.height + 1, world.now + DAY, [award, world.revoke("hill")])
    ledger.commit()
    back.commit()
    assert (back.app_hash, list(back.rows())) == (ledger.app_hash, list(ledger.rows()))


def test_the_writes_of_all_blocks_are_the_state(world: World) -> None:
    """Whoever stores them block by block has what `rows` tells."""
    day(world)
    kept: dict[bytes, bytes] = {}
    for done, _stored in world.blocks:
        for key, value in done.writes:
            if value is None:
                kept.pop(key, None)
            else:
                kept[key] = value
    assert sorted(kept.items()) == list(world.ledger.rows())


def test_check_judges_by_the_later_of_its_time_and_the_last_blocks(world: World) -> None:
    """A clock behind the chain does not make an old contract recordable."""
    offer = world.offer()
    world.record(offer)
    contract = world.contract(offer)
    assert world.ledger.check(contract, START) == 0
    assert world.ledger.check(contract, FIRST) == 45
    world.run(at=FIRST)
    assert world.ledger.check(contract, START) == 45


def test_due_at_tells_the_next_time_at_which_anything_happens_by_itself(world: World) -> None:
    """Blocks before it change nothing; the block at it does; None when nothing is to come."""
    assert world.ledger.due_at() is None
    offer = world.offer()
    world.record(offer, world.contract(offer))
    seen: list[int] = []
    while (due := world.ledger.due_at()) is not None:
        seen.append(due)
        assert world.ledger.finalize(world.ledger.height + 1, due - 1, []).writes == []
        world.run(at=due)
        assert world.blocks[-1][0].writes != []
    over = FIRST + 4 * SLOT
    assert seen == [*range(FIRST + SLOT + SETTLE, over + SETTLE + 1, SLOT), over + DAY]


def test_questions_about_what_is_not_there_have_plain_answers(world: World) -> None:
    """None, nothing, or zero."""
    ledger = world.ledger
    offer = world.offer()
    world.record(offer)
    assert ledger.node(bytes(8)) is ledger.plant(bytes(8)) is ledger.panel(bytes(8)) is None
    assert ledger.contract(bytes(32)) is ledger.contract(id_of(offer)) is None
    assert ledger.contract_of(id_of(offer)) is None
    assert (ledger.lots(bytes(8)), ledger.balance(bytes(8)), ledger.evidence(bytes(8))) == (
        [],
        0,
        [],
    )
    assert ledger.panel_slot(bytes(8), 0).generated == -1
    assert list(ledger.contracts()) == list(ledger.awards()) == list(ledger.accounts()) == []


def test_questions_tell_the_whole_ledger(world: World) -> None:
    """What checkers and the dashboard walk through."""
    day(world)
    ledger = world.ledger
    assert ledger.plants() == sorted(map(named, ("sun", "hill", "roof")))
    states = sorted(deal.state for deal in ledger.contracts())
    assert states == sorted(
        [life.SETTLED, life.SETTLED, life.CONTESTED, life.EXPIRED, life.RECORDED]
    )
    assert len(list(ledger.awards())) == 2
    assert len(ledger.awardable()) == 1
    for panel, slot, book in ledger.panel_slots():
        assert ledger.panel_slot(panel, slot).contracted == book.contracted
        assert book.settled <= max(0, book.generated)
    assert sum(account.balance_nano for _kid, account in ledger.accounts()) == 0
    assert ledger.balance(kid_of("sun")) == ledger.totals().settled_wh * 200_000
    world.run(at=world.now + 2 * SLOT)
    assert life.DELIVERING in [deal.state for deal in ledger.contracts()]
