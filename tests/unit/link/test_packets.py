# SPDX-License-Identifier: Apache-2.0
"""Every packet, byte for byte as MQTT 3.1.1 draws it, and every way in which a broker's can be wrong."""

import pytest

from wattpact.errors import WireError
from wattpact.link import packets

# A PUBLISH as in figure 3.11 of the standard: topic a/b, packet id 10.
FIGURE_3_11 = bytes.fromhex("3208 0003 612f62 000a") + b"x"


def framed(raw: bytes, size_max: int = 64) -> "packets.Packet":
    """The one packet that `raw` is."""
    framer = packets.Framer(size_max)
    at = 0
    while True:
        step = min(framer.wanted(), len(raw) - at)
        assert step > 0, "not a whole packet"
        packet = framer.take(raw[at : at + step])
        at += step
        if packet is not None:
            assert at == len(raw)
            return packet


def answer(raw: bytes) -> "tuple[int, int]":
    """What a broker answers with `raw`."""
    first, body, _ = framed(raw)
    return packets.decode_answer(first >> 4, body)


def test_connect_asks_for_a_lasting_session_with_a_will() -> None:
    """Figure 3.6 without name and password: protocol MQTT, level 4, will retained at QoS 1, keepalive, id, will."""
    raw = packets.encode_connect("m1", 60, "a/b", b"bye")
    assert (
        raw.hex(" ")
        == "10 18 00 04 4d 51 54 54 04 2c 00 3c 00 02 6d 31 00 03 61 2f 62 00 03 62 79 65"
    )


def test_publish_has_a_packet_id_at_qos_1_only() -> None:
    """Sections 3.3.1 and 3.3.2: flags of QoS and retain, topic, id, payload to the end."""
    assert packets.encode_publish("a/b", b"x", 10, retain=False) == FIGURE_3_11
    assert packets.encode_publish("a/b", b"x", 0, retain=True).hex() == "3106" + "0003612f62" + "78"


def test_subscribe_asks_for_one_filter_at_qos_1() -> None:
    """Section 3.8: its reserved flags are 0010."""
    assert packets.encode_subscribe(10, "a/+").hex() == "8208" + "000a" + "0003612f2b" + "01"


def test_the_short_ones_are_as_in_the_standard() -> None:
    """Sections 3.4, 3.12 and 3.14."""
    assert packets.encode_puback(0x1234).hex() == "40021234"
    assert packets.PINGREQ.hex() == "c000"
    assert packets.DISCONNECT.hex() == "e000"


@pytest.mark.parametrize(
    ("length", "head"),
    [
        (0, "00"),
        (127, "7f"),
        (128, "8001"),
        (16383, "ff7f"),
        (16384, "808001"),
        (2097151, "ffff7f"),
        (2097152, "80808001"),
    ],
)
def test_a_length_takes_one_to_four_bytes(length: int, head: str) -> None:
    """Table 2.4: the borders of each."""
    raw = packets._packet(0x30, bytes(length))
    assert raw[1 : len(raw) - length].hex() == head
    assert len(framed(raw, size_max=length)[1]) == length


def test_what_mqtt_cannot_say_is_our_mistake() -> None:
    """A ValueError, before anything is sent."""
    for work in (
        lambda: packets.encode_publish("", b"", 0, retain=False),
        lambda: packets.encode_publish("a/+", b"", 0, retain=False),
        lambda: packets.encode_publish("a/#", b"", 0, retain=False),
        lambda: packets.encode_publish("a\0", b"", 0, retain=False),
        lambda: packets.encode_publish("a" * 65536, b"", 0, retain=False),
        lambda: packets.encode_publish("a", b"", 65536, retain=False),
        lambda: packets.encode_subscribe(1, ""),
        lambda: packets.encode_puback(-1),
        lambda: packets.encode_connect("a", 65536, "t", b""),
    ):
        with pytest.raises(ValueError):
            work()
    with pytest.raises(ValueError):
        packets._packet(0x30, bytes(packets.LENGTH_MAX + 1))


def test_what_a_broker_says_is_read() -> None:
    """Sections 3.2, 3.3, 3.4, 3.9 and 3.13."""
    assert answer(bytes.fromhex("20020100")) == (1, 0)
    assert answer(bytes.fromhex("20020005")) == (0, 5)
    assert packets.decode_publish(framed(FIGURE_3_11)) == ("a/b", b"x", 10)
    assert packets.decode_publish(framed(bytes.fromhex("3105 0003 612f62"))) == ("a/b", b"", 0)
    assert packets.decode_publish(framed(bytes.fromhex("3a07 0003 612f62 000a"))) == (
        "a/b",
        b"",
        10,
    )
    assert answer(bytes.fromhex("40021234")) == (0x1234, 0)
    assert answer(bytes.fromhex("9003000a80")) == (10, 0x80)
    assert answer(bytes.fromhex("d000")) == (0, 0)


@pytest.mark.parametrize(
    "raw",
    [
        "00",
        "10",
        "50",
        "60",
        "70",
        "80",
        "a0",
        "b0",
        "c0",
        "e0",
        "f0",
        "21",
        "41",
        "91",
        "d1",
        "4f",
    ],
)
def test_a_packet_that_no_broker_sends_is_refused_at_its_first_byte(raw: str) -> None:
    """A client's packets, those of QoS 2, reserved ones and reserved flags; and before its length is known."""
    with pytest.raises(WireError, match="no broker"):
        packets.Framer(64).take(bytes.fromhex(raw))


@pytest.mark.parametrize("raw", ["2003010000", "2001ff", "20020200", "20020006", "20020101"])
def test_a_wrong_connack_is_refused(raw: str) -> None:
    """Its size, reserved flags, unknown codes, and a session that is there although it is refused."""
    with pytest.raises(WireError):
        answer(bytes.fromhex(raw))


@pytest.mark.parametrize(
    "raw",
    [
        "3000",  # no topic length
        "300100",
        "30020000",  # an empty topic
        "30020001",  # shorter than its topic
        "3204 0001 61 00",  # shorter than its packet id
        "3205 0001 61 0000",  # packet id 0
        "3405 0001 61 0001",  # QoS 2
        "3605 0001 61 0001",  # QoS 3
        "3803 0001 61",  # a duplicate of QoS 0
    ],
)
def test_a_wrong_publish_is_refused(raw: str) -> None:
    """Sections 2.3.1, 3.3.1 and 4.7.3."""
    with pytest.raises(WireError, match="PUBLISH"):
        packets.decode_publish(framed(bytes.fromhex(raw)))


def test_a_wrong_acknowledgement_is_refused() -> None:
    """Sizes, and a SUBACK with a code that does not exist."""
    for body in (b"", b"\0", b"\0\1\2"):
        with pytest.raises(WireError):
            packets.decode_answer(packets.PUBACK, body)
    for body in (b"", b"\0\1", b"\0\1\3", b"\0\1\x81", b"\0\1\0\0"):
        with pytest.raises(WireError):
            packets.decode_answer(packets.SUBACK, body)


def test_a_topic_that_is_not_ascii_is_no_topic_but_has_its_id() -> None:
    """So that it can be acknowledged and does not come again for ever."""
    for topic in (b"a/\xc3\xbc", b"\xff", b"a\x1f", b"a\x7f", b"a\0"):
        raw = packets._packet(0x32, bytes((0, len(topic))) + topic + b"\0\7secret")
        assert packets.decode_publish(framed(raw)) == ("", b"", 7)


def test_a_publish_over_the_bound_is_dropped_but_has_its_id() -> None:
    """Only the bound is kept of it, however long it is."""
    raw = packets.encode_publish("a/b", bytes(100_000), 7, retain=False)
    packet = framed(raw, size_max=64)
    assert len(packet[1]) == 64
    assert packets.decode_publish(packet) == ("", b"", 7)
    exact = packets.encode_publish("a/b", bytes(57), 7, retain=False)
    assert packets.decode_publish(framed(exact, size_max=64)) == ("a/b", bytes(57), 7)


def test_any_other_packet_over_the_bound_is_refused_before_it_is_read() -> None:
    """At its length, with nothing of it kept."""
    framer = packets.Framer(64)
    assert framer.take(b"\x90\xc1") is None
    with pytest.raises(WireError, match="8257 bytes"):
        framer.take(b"\x40")


def test_a_length_of_five_bytes_is_refused() -> None:
    """Section 2.2.3: the fourth byte is the last."""
    framer = packets.Framer(64)
    assert framer.take(b"\x30\x80") is None
    assert framer.take(b"\x80") is None
    assert framer.take(b"\x80") is None
    with pytest.raises(WireError, match="four bytes"):
        framer.take(b"\x80")


def test_memory_follows_the_bound_and_not_the_length_that_is_told() -> None:
    """268 MB are announced: 64 bytes are kept for them, and no more is asked for at once than a chunk."""
    framer = packets.Framer(64)
    for byte in (b"\x30\xff", b"\xff", b"\xff", b"\x7f"):
        assert framer.take(byte) is None
    assert framer.wanted() == packets.CHUNK
    assert framer._body is not None
    assert len(framer._body) == 64
