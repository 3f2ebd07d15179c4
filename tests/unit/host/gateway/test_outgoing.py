# SPDX-License-Identifier: Apache-2.0
"""What is on its way out: how far it got, and what happens when there is no room."""

from host.gateway.outgoing import Outgoing
from wattpact.node.effects import Publish, Send

NETWORK, HOST, METER = bytes(8), b"\x01" * 8, b"\x02" * 8
LETTER = Send(METER, b"stored")


def outgoing(letters_max: int = 10) -> Outgoing:
    return Outgoing(NETWORK, HOST, handed=4, letters_max=letters_max)


def publish(out: Outgoing, packet_id: int) -> None:
    assert out.next(window=100)
    out.sent(packet_id)


def test_a_height_is_handed_over_when_its_last_letter_arrived() -> None:
    """And not before those below it, in whatever order the broker answers."""
    out = outgoing()
    out.add_block(5, [LETTER, LETTER])
    out.add_block(6, [LETTER])
    for packet_id in (1, 2, 3):
        publish(out, packet_id)
    assert out.handed == 4
    out.landed(3)
    out.landed(1)
    assert out.handed == 4
    out.landed(2)
    assert out.handed == 6
    assert out.is_empty()


def test_a_block_that_owes_nothing_is_handed_over_at_once() -> None:
    """Else the height would stand still."""
    out = outgoing()
    out.add_block(5, [])
    assert out.handed == 5


def test_without_room_a_block_is_left_to_be_derived_later() -> None:
    """Nothing of it is queued, nor of one that follows; other letters are dropped and counted."""
    out = outgoing(letters_max=2)
    out.add_block(5, [LETTER, LETTER])
    assert not out.has_room()
    out.add_block(6, [LETTER])
    out.add([LETTER])
    assert (out.queued, out.dropped) == (5, 1)
    publish(out, 1)
    out.add_block(7, [LETTER])
    assert out.queued == 5
    out.add_block(6, [LETTER])
    assert out.queued == 6


def test_no_more_are_under_way_than_the_broker_takes() -> None:
    """The next one goes when one has arrived."""
    out = outgoing()
    out.add([LETTER, LETTER])
    publish(out, 1)
    assert out.next(window=1) is None
    assert out.landed(1)
    assert out.next(window=1)
    assert out.landed(1) is None


def test_checkpoints_are_kept_by_the_broker_and_revocations_are_not() -> None:
    """Of revocations it would keep one as if there were no other."""
    out = outgoing()
    out.add([Publish("checkpoint", b"c"), Publish("revoke", b"r"), LETTER])
    kept = [(each.topic.rsplit("/", 2)[1:], each.retain) for each in out._waiting]
    assert kept == [
        (["out", "checkpoint"], True),
        (["out", "revoke"], False),
        (["in", HOST.hex()], False),
    ]
