# SPDX-License-Identifier: Apache-2.0
"""Whatever a broker sends, in whatever pieces: a value, WireError or LinkError, within the bound."""

from hypothesis import given
from hypothesis import strategies as st

from wattpact.errors import LinkError, WireError
from wattpact.link import packets
from wattpact.link.session import Session

SIZE_MAX = 64
TOPICS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=40)
PLAIN_TOPICS = TOPICS.filter(lambda topic: "+" not in topic and "#" not in topic)
FIRST = st.sampled_from(b"\x20\x30\x31\x32\x33\x3a\x3b\x38\x34\x40\x90\xd0")


def packets_of(raw: bytes, steps: "list[int]", size_max: int) -> "list[packets.Packet]":
    """What a framer cuts from `raw` that comes in pieces of `steps` bytes, over and over."""
    framer = packets.Framer(size_max)
    found: list[packets.Packet] = []
    at = turn = 0
    while at < len(raw):
        step = min(framer.wanted(), steps[turn % len(steps)])
        assert step >= 1
        packet = framer.take(raw[at : at + step])
        at += step
        turn += 1
        if packet is not None:
            found.append(packet)
        assert framer._body is None or len(framer._body) <= size_max
    return found


@given(PLAIN_TOPICS, st.binary(max_size=300), st.integers(0, 65535), st.booleans())
def test_a_publish_comes_back_as_it_was_written(
    topic: str, payload: bytes, packet_id: int, retain: bool
) -> None:
    """Cut at every byte, at once, and anything between."""
    raw = packets.encode_publish(topic, payload, packet_id, retain)
    for steps in ([1], [2], [3], [1000]):
        (packet,) = packets_of(raw, steps, 400)
        assert packet[0] & 1 == retain
        assert packets.decode_publish(packet) == (topic, payload, packet_id)


@given(st.integers(1, 65535))
def test_a_puback_comes_back_as_it_was_written(packet_id: int) -> None:
    """All ids."""
    (packet,) = packets_of(packets.encode_puback(packet_id), [1], SIZE_MAX)
    assert packets.decode_answer(packets.PUBACK, packet[1]) == (packet_id, 0)


@given(
    st.lists(st.tuples(PLAIN_TOPICS, st.binary(max_size=30)), max_size=5),
    st.lists(st.integers(1, 9), min_size=1, max_size=5),
)
def test_packets_behind_each_other_are_cut_apart(
    messages: "list[tuple[str, bytes]]", steps: "list[int]"
) -> None:
    """However their bytes arrive, none is lost and none is made up."""
    raw = b"".join(packets.encode_publish(topic, body, 1, False) for topic, body in messages)
    found = [packets.decode_publish(packet) for packet in packets_of(raw, steps, 400)]
    assert found == [(topic, body, 1) for topic, body in messages]


@st.composite
def broken(draw: st.DrawFn) -> bytes:
    """Packets that are well framed but hold anything, or a good one with a byte changed."""
    if draw(st.booleans()):
        body = draw(st.binary(max_size=100))
        return bytes((draw(FIRST), len(body))) + body
    raw = bytearray(
        packets.encode_publish(draw(PLAIN_TOPICS), b"abc", draw(st.integers(0, 3)), False)
    )
    raw[draw(st.integers(0, len(raw) - 1))] = draw(st.integers(0, 255))
    return bytes(raw)


def fed(raw: bytes) -> "list[str]":
    """What a session says to `raw` after it is connected, and how that ended."""
    session = Session("m", "p", 1, 60, 2)
    session.open(0)
    session.on_packet((0x20, b"\0\0", 2), 0)
    session.publish("t", b"x", False, lambda landed: None)
    session.subscribe("f", lambda granted: None)
    told: list[str] = []
    try:
        for packet in packets_of(raw, [7], SIZE_MAX):
            message = session.on_packet(packet, 1)
            if message is not None:
                assert len(message[1]) <= SIZE_MAX
                session.on_done(message[2], 1)
            told.append(str(message))
    except (WireError, LinkError) as error:
        told.append(str(error))
    return told


@given(st.binary(max_size=200))
def test_noise_is_refused_by_our_own_errors_alone(raw: bytes) -> None:
    """No IndexError, no UnicodeError, no endless reading."""
    fed(raw)


@given(st.lists(broken(), min_size=1, max_size=4))
def test_packets_with_wrong_contents_are_refused_by_our_own_errors_alone(
    parts: "list[bytes]",
) -> None:
    """Also if good ones stand before them."""
    fed(b"".join(parts))
