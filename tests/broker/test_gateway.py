# SPDX-License-Identifier: Apache-2.0
"""The host at a real mosquitto: what is stored, what is answered, what is turned away, and what no kill loses."""

from collections.abc import Generator
from pathlib import Path

import pytest

from host.desk import Desk, Outgoing
from host.gateway.gateway import Pace
from host.gateway.limits import Limits
from tests.broker.mosquitto import Mosquitto, plain
from tests.broker.office import Member, Office, office, until
from tests.unit.host.town import SLOT, START, VERIFIER, Town, kid_of, signer
from wattpact.ledger.light import LightClient
from wattpact.wire import topics
from wattpact.wire.envelope import sign1
from wattpact.wire.messages import Award, Proof, Prove, message_id

QUICK = Pace(block_s=0)
PLANTS = ("sunny", "windy")


def founding(town: Town) -> None:
    """A home and two plants."""
    town.enrol("home")
    for name in PLANTS:
        town.enrol(name, plant=name, meter=False)
    town.step(START)


@pytest.fixture
def broker(tmp_path: Path) -> Generator[Mosquitto]:
    with plain(tmp_path / "broker") as found:
        yield found


@pytest.fixture
def here(tmp_path: Path, broker: Mosquitto) -> Generator[Office]:
    with office(tmp_path, broker.port, founding, QUICK) as found:
        yield found


def offer(here: Office, name: str, seq: int) -> tuple[bytes, bytes]:
    """(id, envelope)."""
    payload = here.town.offer(name, START + SLOT, seq).payload()
    return message_id(payload), sign1(payload, signer(name))


def offers(here: Office, member: Member, name: str, count: int, first: int = 1) -> list[bytes]:
    """Broadcast; their ids."""
    ids: list[bytes] = []
    for seq in range(first, first + count):
        each, data = offer(here, name, seq)
        member.say("offer", data)
        ids.append(each)
    return ids


def told(member: Member, ids: list[bytes]) -> None:
    """Every id is in some STORED, none in a refusal."""
    missing = set(ids)
    while missing:
        stored = member.stored()
        assert not stored.refused
        missing -= set(stored.ids)


def recorded(here: Office) -> int:
    return here.town.ledger.tree.size


def test_what_a_member_broadcasts_is_stored_and_answered(here: Office) -> None:
    """STORED names it when the block is on the disk, in the inbox of its sender."""
    with here.member("sunny") as sunny:
        (offered,) = offers(here, sunny, "sunny", 1)
        stored = sunny.stored()
    assert stored.ids == [offered]
    assert stored.height == 2
    assert here.town.ledger.height == 2


def test_a_duplicate_is_answered_again(here: Office) -> None:
    """Its sender's outbox did not hear the first answer; nothing is recorded twice."""
    with here.member("sunny") as sunny:
        ids = offers(here, sunny, "sunny", 1)
        told(sunny, ids)
        size = recorded(here)
        assert offers(here, sunny, "sunny", 1) == ids
        told(sunny, ids)
    assert recorded(here) == size


def test_a_contract_is_settled_and_its_award_comes(here: Office) -> None:
    """The whole way of a watt-hour over a broker; the clock is put forward by hand."""
    town = here.town
    sold = town.offer("sunny", START + SLOT, 1)
    with here.member("sunny") as sunny, here.member("home") as home:
        sunny.say("offer", sign1(sold.payload(), signer("sunny")))
        told(sunny, [message_id(sold.payload())])
        contract_id, record = town.contract("home", "sunny", sold, START + SLOT, [100])
        sunny.hand_in(record)
        told(sunny, [contract_id])
        told(home, [contract_id])
        town.clock.time = START + 2 * SLOT
        ended = town.ended("home", contract_id, START + SLOT, [100], register=0)
        home.say("trade_end", ended)
        generated = town.generated("sunny", START + SLOT, [1_000])
        sunny.say("generation", generated)
        home.stored()
        sunny.stored()
        town.clock.time = START + 2 * SLOT + 7_200
        award = home.next()
    assert isinstance(award, Award)
    assert [row[1] for row in award.awards] == [kid_of("home")]


def test_a_question_is_answered_at_once_and_without_a_block(here: Office) -> None:
    """What the member missed is on the chain already."""
    until(lambda: here.gateway.counts["sent"])  # the checkpoint is announced
    size = recorded(here)
    question = Prove(network=here.town.network, size=0, revoked_size=0, issued_at=START)
    payload = question.payload()
    with here.member("home") as home:
        home.hand_in(sign1(payload, signer("home")))
        answer = home.next()
    assert isinstance(answer, Proof)
    assert (answer.prove_id, answer.revoked_size) == (message_id(payload), size)
    client = LightClient(here.town.ledger.genesis, VERIFIER)
    assert client.accept(answer.bundle).size == recorded(here) == size


def test_what_cannot_be_a_transaction_is_counted_and_the_next_is_served(here: Office) -> None:
    """Garbage, too much, another network's, another kind than the topic says, a kind that is none: no signature is
    looked at."""
    town = here.town
    with here.member("sunny") as sunny:
        sunny.hand_in(b"")
        sunny.hand_in(b"x" * 100)
        sunny.hand_in(b"\xd2" * 100_000)
        _id, data = offer(here, "sunny", 1)
        sunny.hand_in(data.replace(town.network, bytes(8)))
        sunny.say("generation", data)
        sunny.client.publish(
            topics.inbox(town.network, kid_of("sequencer"), sunny.kid) + "/x", data
        )
        told(sunny, offers(here, sunny, "sunny", 1, first=2))
    until(lambda: here.gateway.counts["came"] == 6)
    assert here.gateway.counts["malformed"] == 5
    assert recorded(here) == 4


def test_a_flood_of_one_sender_holds_nobody_up(tmp_path: Path, broker: Mosquitto) -> None:
    """What is over the limit is dropped and counted, and another sender is served meanwhile."""
    limits = Limits(messages_per_s=1, messages_burst=20)
    with (
        office(tmp_path, broker.port, founding, QUICK, limits) as here,
        here.member("sunny") as sunny,
        here.member("windy") as windy,
    ):
        topic = topics.inbox(here.town.network, kid_of("sequencer"), sunny.kid)
        flood = [sunny.client.paho.publish(topic, b"\xd2" * 500, qos=1) for _ in range(3_000)]
        told(windy, offers(here, windy, "windy", 3))
        flood[-1].wait_for_publish(60)
        until(lambda: here.gateway.counts["came"] >= 3_003)
        assert here.gateway.counts["over the limit"] == 2_980


def test_an_exception_on_one_message_ends_nothing(tmp_path: Path, broker: Mosquitto) -> None:
    """It is told and counted, that message is done with, and the next one is stored."""

    def change(desk: Desk) -> None:
        receive = desk.receive

        def stumble(data: bytes, sender: bytes) -> list[Outgoing]:
            if sender == kid_of("windy"):
                raise ZeroDivisionError("planted")
            return receive(data, sender)

        desk.receive = stumble

    with (
        office(tmp_path, broker.port, founding, QUICK, change=change) as here,
        here.member("sunny") as sunny,
        here.member("windy") as windy,
    ):
        offers(here, windy, "windy", 1)
        until(lambda: here.gateway.counts["failed on a message"])
        told(sunny, offers(here, sunny, "sunny", 1))
    assert any("ZeroDivisionError" in line for line in here.said)


def test_blocks_are_apart_and_one_holds_what_came_between(
    tmp_path: Path, broker: Mosquitto
) -> None:
    """The first message is answered at once; those of the next `block_s` share a block."""
    with (
        office(tmp_path, broker.port, founding, Pace(block_s=2)) as here,
        here.member("sunny") as sunny,
    ):
        told(sunny, offers(here, sunny, "sunny", 1))
        ids = offers(here, sunny, "sunny", 10, first=2)
        told(sunny, ids)
        assert here.town.ledger.height == 3


def test_what_is_owed_since_a_kill_is_sent_at_the_next_start(
    tmp_path: Path, broker: Mosquitto
) -> None:
    """The block is on the disk and its STORED was not handed over: it is derived from the chain."""
    broker.stop()
    first = Office(tmp_path, broker.port, founding, QUICK)
    first.open(connected=False)
    offered, data = offer(first, "sunny", 1)
    first.gateway.on_tick = lambda: first.gateway.submit(data, kid_of("sunny"))
    until(lambda: first.town.ledger.height == 2)
    first.close()
    broker.start()
    network = first.town.network
    second = Office(tmp_path, broker.port, founding, QUICK)
    member = Member("sunny", network, broker.port)
    with member.client as client:
        client.subscribe(topics.inboxes(network, member.kid))
        second.open()
        stored = member.stored()
        second.close()
    assert (stored.ids, stored.height) == ([offered], 2)


@pytest.mark.parametrize("wiped", [False, True], ids=["kept", "wiped"])
def test_a_broker_that_is_killed_loses_nothing_that_a_sender_repeats(
    tmp_path: Path, broker: Mosquitto, here: Office, wiped: bool
) -> None:
    """The host is back by itself, subscribes again if it must, and every offer is on the chain once."""
    with here.member("sunny") as sunny:
        told(sunny, offers(here, sunny, "sunny", 5))
    broker.kill()
    until(lambda: not here.gateway.up)
    broker.start(data=tmp_path / "empty" if wiped else None)
    until(lambda: here.gateway.up)
    with here.member("sunny") as sunny:
        told(sunny, offers(here, sunny, "sunny", 10))
        sunny.client.subscribe(topics.broadcast(sunny.network, sunny.host, "checkpoint"))
        assert sunny.client.next()[0].endswith("/out/checkpoint")  # retained, again if it must be
    assert recorded(here) == 3 + 10


def test_a_broker_that_was_wiped_is_given_the_checkpoint_again(
    tmp_path: Path, broker: Mosquitto, here: Office
) -> None:
    """It is there for whoever comes late, before the next announcement."""
    checkpoint = topics.broadcast(here.town.network, kid_of("sequencer"), "checkpoint")
    heard: list[tuple[str, bytes]] = []
    for _time in range(2):
        with here.member("home") as home:
            home.client.subscribe(checkpoint)
            heard.append(home.client.next())
        broker.kill()
        until(lambda: not here.gateway.up)
        broker.start(data=tmp_path / "empty")
        until(lambda: here.gateway.up)
    assert heard[0] == heard[1]


def test_a_question_is_answered_without_a_block(here: Office) -> None:
    """A meter that missed a checkpoint asks for its proof."""
    asked = Prove(network=here.town.network, size=0, revoked_size=0, issued_at=START).payload()
    with here.member("home") as home:
        home.hand_in(sign1(asked, signer("home")))
        proof = home.next()
    assert isinstance(proof, Proof)
    assert proof.prove_id == message_id(asked)
    assert here.town.ledger.height == 1


def test_the_host_is_born_and_its_last_will_tells_of_its_death(here: Office) -> None:
    """As a node's: "online BOOT CONNECTION", retained."""
    presence = topics.broadcast(here.town.network, kid_of("sequencer"), "presence")
    with here.member("home") as home:
        home.client.subscribe(presence)
        assert home.client.next() == (presence, b"online 1 1")
        here.gateway.stop()
        assert home.client.next() == (presence, b"offline 1 1")
