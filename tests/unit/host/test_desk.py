# SPDX-License-Identifier: Apache-2.0
"""The counter between nodes and chain: what goes out, to whom, and never before it is stored."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from host.desk import Desk
from host.issuer import Issuer
from wattpact.ledger.light import LightClient
from wattpact.node.effects import Publish, Send
from wattpact.wire.envelope import peek_payload, sign1
from wattpact.wire.messages import Award, Shortfall, Stored, message_id, parse, parse_as

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


def test_a_shortfall_is_announced_once(town: Town, desk: Desk) -> None:
    """The plant sold 100 Wh and gave 40: every member hears it, and hears it again only when it grows."""
    settled(town, desk, 40)
    notices = [
        effect
        for effect in desk.announce()
        if isinstance(effect, Publish) and effect.kind == "shortfall"
    ]
    (notice,) = notices
    shortfall = parse_as(Shortfall, peek_payload(notice.payload))
    assert (shortfall.plant_id, shortfall.low) == (named("sunny"), [(START + SLOT, SLOT)])
    assert [effect for effect in desk.announce() if effect.kind == "shortfall"] == []  # type: ignore[union-attr]  # only broadcasts
