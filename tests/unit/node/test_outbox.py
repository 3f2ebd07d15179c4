# SPDX-License-Identifier: Apache-2.0
"""What the chain must get stays until it answers: kept first, sent again ever more slowly, never thrown away."""

import pytest

from wattpact.errors import WireError
from wattpact.node.effects import Drop, Keep, Publish, Send
from wattpact.node.outbox import RETRY_S, RETRY_S_MAX, Outbox
from wattpact.wire.messages import ENVELOPE_MAX

NOW = 1_748_858_400
HOST = b"the host"


def message(number: int) -> bytes:
    """A message id."""
    return number.to_bytes(32, "big")


def test_a_message_is_kept_before_it_is_sent() -> None:
    """Under its id, to the inbox or as a broadcast."""
    outbox = Outbox(4)
    keep, send = outbox.send(message(1), HOST, b"a record", NOW)
    assert isinstance(keep, Keep)
    assert keep.key == b"o" + message(1)
    assert isinstance(send, Send)
    assert (send.to, send.payload) == (HOST, b"a record")
    keep, publish = outbox.publish(message(2), "offer", b"an offer", NOW)
    assert isinstance(keep, Keep)
    assert isinstance(publish, Publish)
    assert (publish.kind, publish.payload) == ("offer", b"an offer")


def test_it_is_sent_again_until_the_host_has_it() -> None:
    """First after RETRY_S, then after twice as long, up to an hour, and nothing after STORED."""
    outbox = Outbox(4)
    outbox.publish(message(1), "offer", b"an offer", NOW)
    at, waits = NOW, [RETRY_S, 240, 480, 960, 1_920, RETRY_S_MAX, RETRY_S_MAX]
    for wait_s in waits:
        assert outbox.wake_at() == at + wait_s
        assert outbox.due(at + wait_s - 1) == []
        at += wait_s
        (effect,) = outbox.due(at)
        assert isinstance(effect, Publish)
    (drop,) = outbox.settle(message(1))
    assert isinstance(drop, Drop)
    assert drop.key == b"o" + message(1)
    assert outbox.wake_at() == 0
    assert outbox.due(at + DAY) == []


DAY = 86_400


def test_what_is_not_there_cannot_be_settled() -> None:
    """STORED names other nodes' messages too, and comes twice."""
    outbox = Outbox(4)
    outbox.publish(message(1), "offer", b"an offer", NOW)
    assert outbox.settle(message(2)) == []
    assert len(outbox.settle(message(1))) == 1
    assert outbox.settle(message(1)) == []


def test_the_same_message_twice_is_one_entry() -> None:
    """A report made again after a power cut has the same id."""
    outbox = Outbox(2)
    for _twice in range(2):
        outbox.publish(message(1), "generation", b"a report", NOW)
    assert not outbox.full()
    assert len(outbox.due(NOW + RETRY_S)) == 1


def test_a_full_outbox_says_so_and_still_takes_what_must_be_said() -> None:
    """An end that is not sent would be withheld: full means that nothing new may begin."""
    outbox = Outbox(2)
    for number in (1, 2):
        assert not outbox.full()
        outbox.publish(message(number), "offer", b"an offer", NOW)
    assert outbox.full()
    outbox.publish(message(3), "trade_end", b"an end", NOW)
    assert len(outbox.due(NOW + RETRY_S)) == 3
    outbox.settle(message(1))
    assert outbox.full()
    outbox.settle(message(3))
    assert not outbox.full()


@pytest.mark.parametrize("size", [0, 5, ENVELOPE_MAX])
def test_after_a_power_cut_everything_is_sent_at_once(size: int) -> None:
    """Whatever its size; the store has what was kept."""
    before, after = Outbox(4), Outbox(4)
    kept = [
        before.send(message(1), HOST, b"x" * size, NOW)[0],
        before.publish(message(2), "trade_end", b"y" * size, NOW)[0],
    ]
    for keep in kept:
        assert isinstance(keep, Keep)
        after.restore(keep.key[1:], keep.value, NOW + 7)
    assert after.wake_at() == NOW + 7
    send, publish = after.due(NOW + 7)
    assert isinstance(send, Send)
    assert isinstance(publish, Publish)
    assert (send.to, send.payload, publish.payload) == (HOST, b"x" * size, b"y" * size)
    assert after.published("trade_end") == [(message(2), b"y" * size)]
    assert after.holds(message(1))


@pytest.mark.parametrize("kept", [b"", b"\x80", b"\x83\x41\x00\x60\x40", b"\x83\x40\x60"])
def test_an_entry_that_cannot_be_read_is_none(kept: bytes) -> None:
    """WireError, and the outbox is as it was."""
    outbox = Outbox(4)
    with pytest.raises(WireError):
        outbox.restore(message(1), kept, NOW)
    assert outbox.wake_at() == 0
