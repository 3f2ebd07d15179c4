# SPDX-License-Identifier: Apache-2.0
"""The counter between nodes and chain: what goes out, to whom, and never before it is stored."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from host.desk import REPEATS, Desk
from host.issuer import Issuer
from wattpact.ledger.light import LightClient
from wattpact.node.effects import Publish, Send
from wattpact.wire.envelope import is_record, open1, peek_payload, sign1
from wattpact.wire.messages import (
    REVOKES_MAX,
    TRADE_END,
    Award,
    Proof,
    Prove,
    Revoke,
    Shortfall,
    Stored,
    message_id,
    parse,
    parse_as,
    type_of,
)

from .town import SLOT, START, VERIFIER, Town, kid_of, named, signer


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """A home and a plant, registered."""
    town = Town(tmp_path / "chain.db")
    town.enrol("home")
    town.enrol("sunny", plant="sunny", meter=False)
    town.step(START)
    yield town
    town.close()


@pytest.fixture
def desk(town: Town) -> Desk:
    return Desk(town.engine, signer("sequencer"), Issuer(signer("issuer")))


def sent(effects: list[Send | Publish], to: str) -> list[object]:
    """The messages that go to one node, parsed."""
    return [
        parse(peek_payload(effect.payload))
        for effect in effects
        if isinstance(effect, Send) and effect.to == kid_of(to)
    ]


def block(town: Town, desk: Desk, time: int) -> list[Send | Publish]:
    town.clock.time = time
    return desk.make_block(time)[1]


def offered(town: Town, desk: Desk) -> bytes:
    """An offer on the chain and a record of it at the desk, sent by the plant; the contract's id."""
    offer = town.offer("sunny", START + SLOT, 1)
    desk.receive(sign1(offer.payload(), signer("sunny")), kid_of("sunny"))
    block(town, desk, START + 1)
    contract_id, record = town.contract("home", "sunny", offer, START + SLOT, [100])
    desk.receive(record, kid_of("sunny"))
    return contract_id


def test_nothing_is_said_before_the_block(town: Town, desk: Desk) -> None:
    """An offer received is not an offer stored: STORED comes with the block, to the plant alone."""
    offer = town.offer("sunny", START + SLOT, 1)
    desk.receive(sign1(offer.payload(), signer("sunny")), kid_of("sunny"))
    assert town.ledger.height == 1
    effects = block(town, desk, START + 1)
    (stored,) = sent(effects, "sunny")
    assert isinstance(stored, Stored)
    assert stored.ids == [message_id(offer.payload())]
    assert not sent(effects, "home")


def test_both_parties_hear_that_their_contract_is_recorded(town: Town, desk: Desk) -> None:
    """Only the plant submitted it; the meter must know, or it would never end it."""
    contract_id = offered(town, desk)
    effects = block(town, desk, START + 2)
    for party in ("home", "sunny"):
        (stored,) = sent(effects, party)
        assert isinstance(stored, Stored)
        assert stored.ids == [contract_id]


def test_a_refusal_names_its_rule_to_whoever_sent_it(town: Town, desk: Desk) -> None:
    """A record of an offer in the past: R45, to the sender only."""
    contract_id = offered(town, desk)
    effects = block(town, desk, START + SLOT)
    (stored,) = sent(effects, "sunny")
    assert isinstance(stored, Stored)
    assert stored.refused == [(contract_id, 45)]
    assert not sent(effects, "home")


def test_garbage_is_turned_away_and_counted(town: Town, desk: Desk) -> None:
    """Bytes that are no transaction leave no trace but the count."""
    for garbage in (b"", b"\xd2\x84", b"x" * 5000):
        desk.receive(garbage, kid_of("home"))
    assert desk.turned_away == 3
    assert block(town, desk, START + 1) == []


def settled(town: Town, desk: Desk, generated: int) -> int:
    """A contract delivered in full by a panel that gave `generated` Wh; the time of settlement."""
    contract_id = offered(town, desk)
    block(town, desk, START + 2)
    town.end("home", contract_id, START + SLOT, [100], register=0)
    town.generation("sunny", START + SLOT, [generated])
    block(town, desk, START + 2 * SLOT)
    over = START + 2 * SLOT + 7_200
    block(town, desk, over)
    return over


def test_an_award_goes_to_its_meter_once_it_is_recorded(town: Town, desk: Desk) -> None:
    """The block that settles submits the award; the next one records and sends it."""
    over = settled(town, desk, 1_000)
    (award,) = sent(block(town, desk, over + 1), "home")
    assert isinstance(award, Award)
    assert [row[1] for row in award.awards] == [kid_of("home")]
    assert sent(block(town, desk, over + 2), "home") == []


def test_an_award_that_finds_no_room_is_made_again(town: Town, desk: Desk) -> None:
    """Whoever fills the mempool delays an award and stops no block."""
    contract_id = offered(town, desk)
    block(town, desk, START + 2)
    town.end("home", contract_id, START + SLOT, [100], register=0)
    town.generation("sunny", START + SLOT, [1_000])
    block(town, desk, START + 2 * SLOT)
    over = START + 2 * SLOT + 7_200
    unknown = town.offer("sunny", over + SLOT, 2)
    desk.receive(town.contract("home", "sunny", unknown, over + SLOT, [1])[1], kid_of("home"))
    mempool = town.engine._mempool
    mempool._most = len(mempool)  # the record above waits for its offer and leaves no room
    block(town, desk, over)
    assert len(town.ledger.awardable()) == 1
    mempool._most += 1
    block(town, desk, over + 1)
    (award,) = [
        each for each in sent(block(town, desk, over + 2), "home") if isinstance(each, Award)
    ]
    assert award.awards[0][4][0] == contract_id
    assert town.ledger.awardable() == []


def test_members_hear_checkpoints_that_prove_they_follow(town: Town, desk: Desk) -> None:
    """A light client takes one announcement after the other; without news there is none."""
    client = LightClient(town.ledger.genesis, VERIFIER)
    (first,) = desk.announce()
    assert isinstance(first, Publish)
    assert client.accept(first.payload).height == 1
    assert list(desk.announce()) == []
    offered(town, desk)
    block(town, desk, START + 2)
    (second,) = desk.announce()
    assert client.accept(second.payload).height == town.ledger.height


def test_a_revocation_is_broadcast_as_the_registrar_signed_it(town: Town, desk: Desk) -> None:
    """With the block that records it, so that no board trades with a key that the chain refuses."""
    revocation = town.registrar.revoke(kid_of("sunny"), START + 1)
    desk.receive(revocation, kid_of("registrar"))
    effects = block(town, desk, START + 1)
    published = [effect for effect in effects if isinstance(effect, Publish)]
    assert [(effect.kind, effect.payload) for effect in published] == [("revoke", revocation)]


def prove(town: Town, name: str, **changed: object) -> bytes:
    """That node's question."""
    fields: dict[str, object] = {"size": 0, "revoked_size": 0, "issued_at": START, **changed}
    question = Prove(network=town.network, **fields)  # type: ignore[arg-type]  # as the test wants them
    return sign1(question.payload(), signer(name))


def proved(effects: Sequence[Send | Publish], to: str) -> Proof:
    """The one answer among these, and it is that node's."""
    (effect,) = effects
    assert isinstance(effect, Send)
    assert effect.to == kid_of(to)
    return parse_as(Proof, open1(effect.payload, signer("sequencer").public_key, VERIFIER))


def test_a_member_is_proved_what_was_announced_from_where_it_stands(town: Town, desk: Desk) -> None:
    """And so it follows the next announcement, too. An answer needs no block."""
    client = LightClient(town.ledger.genesis, VERIFIER)
    (first,) = desk.announce()
    client.accept(first.payload)
    start = town.ledger.tree.size
    for step in range(3):
        town.enrol("new %d" % step)
        block(town, desk, START + 1 + step)
        (announced,) = desk.announce()
    town.enrol("newest")
    block(town, desk, START + 9)
    answer = proved(desk.receive(prove(town, "home", size=start), kid_of("home")), "home")
    assert client.accept(answer.bundle).size == start + 3
    (announced,) = desk.announce()
    assert client.accept(announced.payload).size == town.ledger.tree.size
    assert block(town, desk, START + 10) == []


def test_a_member_with_a_longer_tree_gets_what_there_is(town: Town, desk: Desk) -> None:
    """Its light client then judges by what was signed; and before the first block there is nothing to prove."""
    answer = proved(desk.receive(prove(town, "home", size=1 << 48), kid_of("home")), "home")
    assert LightClient(town.ledger.genesis, VERIFIER).accept(answer.bundle).height == 1
    assert answer.revoked_size == town.ledger.tree.size


def test_only_a_members_own_question_is_answered(town: Town, desk: Desk) -> None:
    """Strangers, revoked members, questions in another's name or of another network: turned away, and cheaply."""
    town.enrol("gone")
    block(town, desk, START + 1)
    town.revoke("gone")
    block(town, desk, START + 2)
    home = kid_of("home")
    foreign = sign1(
        Prove(network=b"another.", size=0, revoked_size=0, issued_at=START).payload(),
        signer("home"),
    )
    asked = town.engine.verifier = CountingVerifier()
    for data, sender in (
        (prove(town, "stranger"), kid_of("stranger")),
        (prove(town, "gone"), kid_of("gone")),
        (prove(town, "home"), kid_of("sunny")),
        (foreign, home),
    ):
        assert desk.receive(data, sender) == []
    assert asked.count == 0
    spoiled = bytearray(prove(town, "home"))
    spoiled[-1] ^= 1
    assert desk.receive(bytes(spoiled), home) == []
    assert (asked.count, desk.turned_away) == (1, 5)
    assert block(town, desk, START + 3) == []
    assert proved(desk.receive(prove(town, "home"), home), "home")


class CountingVerifier:
    """The real one, which counts what it is asked."""

    def __init__(self) -> None:
        self.count = 0

    def verify(self, items: list[tuple[bytes, bytes, bytes]]) -> list[bool]:
        self.count += len(items)
        return VERIFIER.verify(items)


@pytest.mark.parametrize("restarts", [False, True])
def test_revocations_come_in_order_a_few_at_a_time(town: Town, desk: Desk, restarts: bool) -> None:
    """Until none is left; a host that restarts finds them on the chain."""
    names = ["gone %d" % number for number in range(REVOKES_MAX + 2)]
    for name in names:
        town.enrol(name)
    block(town, desk, START + 1)
    for number, name in enumerate(names):
        town.revoke(name)
        if number % 3 == 0:
            block(town, desk, START + 2 + number)
    block(town, desk, START + 60)
    if restarts:
        desk = Desk(town.engine, signer("sequencer"), Issuer(signer("issuer")))
    told: list[bytes] = []
    sizes = [0]
    for _question in range(3):
        data = prove(town, "home", revoked_size=sizes[-1])
        answer = proved(desk.receive(data, kid_of("home")), "home")
        told += [parse_as(Revoke, peek_payload(each)).kid for each in answer.revokes]
        sizes.append(answer.revoked_size)
    assert sorted(told) == sorted(kid_of(name) for name in names)
    assert sizes[1] < sizes[2] == sizes[3] == town.ledger.tree.size


def test_an_end_that_comes_again_brings_its_award_again(town: Town, desk: Desk) -> None:
    """To the meter that asks, and to nobody else; also by a host that restarted, and of one row."""
    over = settled(town, desk, 1_000)
    (award,) = sent(block(town, desk, over + 1), "home")
    assert isinstance(award, Award)
    end = next(each for each in town.store.envelopes() if _is_end(each))
    desk = Desk(town.engine, signer("sequencer"), Issuer(signer("issuer")))
    desk.receive(end, kid_of("sunny"))
    again = block(town, desk, over + 2)
    assert [type(each) for each in sent(again, "sunny")] == [Stored]
    assert sent(again, "home") == []
    desk.receive(end, kid_of("home"))
    again = block(town, desk, over + 3)
    assert [type(each) for each in sent(again, "home")] == [Award, Stored]
    (repeated, _stored) = sent(again, "home")
    assert isinstance(repeated, Award)
    assert repeated.awards == award.awards


def test_an_end_that_waits_for_its_award_or_gets_none_brings_none(town: Town, desk: Desk) -> None:
    """Before it is settled, before the award is recorded, and if nothing was settled."""
    contract_id = offered(town, desk)
    block(town, desk, START + 2)
    town.end("home", contract_id, START + SLOT, [100], register=0)
    town.generation("sunny", START + SLOT, [0])
    block(town, desk, START + 2 * SLOT)
    end = next(each for each in town.store.envelopes() if _is_end(each))
    for time in (START + 2 * SLOT + 1, START + 2 * SLOT + 7_200, START + 2 * SLOT + 7_300):
        desk.receive(end, kid_of("home"))
        words = [type(each) for each in sent(block(town, desk, time), "home")]
        assert words == [Stored]


def _is_end(transaction: bytes) -> bool:
    return not is_record(transaction) and type_of(peek_payload(transaction)) == TRADE_END


def test_a_broker_without_a_session_of_the_hosts_gets_the_checkpoint_again(
    town: Town, desk: Desk
) -> None:
    """Or whoever comes late would wait an hour for it."""
    assert desk.on_connected(fresh=True) == []
    (announced,) = desk.announce()
    assert desk.on_connected(fresh=False) == []
    (again,) = desk.on_connected(fresh=True)
    assert isinstance(again, Publish)
    assert (again.kind, again.payload) == ("checkpoint", announced.payload)


def test_a_shortfall_is_announced_when_it_grows_and_repeated_once_a_day(
    town: Town, desk: Desk
) -> None:
    """The plant sold 100 Wh and gave 40: every member hears it, and who came late within REPEATS announcements."""
    settled(town, desk, 40)
    notices = [
        effect
        for effect in desk.announce()
        if isinstance(effect, Publish) and effect.kind == "shortfall"
    ]
    (notice,) = notices
    shortfall = parse_as(Shortfall, peek_payload(notice.payload))
    assert (shortfall.plant_id, shortfall.low) == (named("sunny"), [(START + SLOT, SLOT)])
    told = [
        effect
        for _hour in range(2 * REPEATS)
        for effect in desk.announce()
        if isinstance(effect, Publish) and effect.kind == "shortfall"
    ]
    assert len(told) == 2
