# SPDX-License-Identifier: Apache-2.0
"""MQTT 3.1.1 packets as a client writes and reads them; [numbers] are sections of the OASIS standard of October 2014.

Nothing here waits or knows a connection. What a broker sends gives values or WireError, and takes no more memory than
the bound it was given; what we ask for ourselves and MQTT cannot say is a ValueError. QoS 2 is not spoken.
"""

from ..compat import const
from ..errors import WireError

TYPE_CHECKING = False
if TYPE_CHECKING:
    Packet = tuple[
        int, "bytes | bytearray", int
    ]  # first byte, what was kept of the rest, its length

CONNACK = const(2)  # kinds: the upper half of a packet's first byte [2.2.1]
PUBLISH = const(3)
PUBACK = const(4)
SUBACK = const(9)
PINGRESP = const(13)

PINGREQ = b"\xc0\x00"  # [3.12]
DISCONNECT = b"\xe0\x00"  # [3.14]

REFUSED = const(0x80)  # instead of a granted QoS [3.9.3]
DUP = const(0x08)  # [3.3.1.1]
LENGTH_MAX = const(268435455)  # four bytes of seven bits [2.2.3]
CHUNK = const(512)  # the most that is asked of a stream at once


def encode_connect(client_id: str, keepalive_s: int, will_topic: str, will: bytes) -> bytes:
    """CONNECT [3.1] to a session that outlives connections, with a retained will of QoS 1."""
    # Flags [3.1.2.3]: will retained, will of QoS 1, will; no clean session, neither name nor password.
    head = b"\x00\x04MQTT\x04\x2c" + _u16(keepalive_s)
    return _packet(0x10, head, _field(client_id.encode()), _field(_topic(will_topic)), _field(will))


def encode_publish(topic: str, payload: bytes, packet_id: int, retain: bool) -> bytes:
    """PUBLISH [3.3] of QoS 1, or of QoS 0 if `packet_id` is 0."""
    if "+" in topic or "#" in topic:
        raise ValueError("a topic to publish to has no wildcards")  # [3.3.2.1]
    first = 0x31 if retain else 0x30
    if not packet_id:
        return _packet(first, _field(_topic(topic)), payload)
    return _packet(first | 2, _field(_topic(topic)), _u16(packet_id), payload)


def encode_puback(packet_id: int) -> bytes:
    """PUBACK [3.4]."""
    return b"\x40\x02" + _u16(packet_id)


def encode_subscribe(packet_id: int, topic_filter: str) -> bytes:
    """SUBSCRIBE [3.8] to one filter at QoS 1."""
    return _packet(0x82, _u16(packet_id), _field(_topic(topic_filter)), b"\x01")


def decode_publish(packet: "Packet") -> "tuple[str, bytes, int]":
    """Topic, payload and packet id, which is 0 at QoS 0 [3.3].

    The topic is "", which no topic is [4.7.3], if it was no printable ASCII or the packet was longer than what was
    kept of it: nothing of ours, but its sender's fault, not the broker's, who would send it again for ever.
    """
    first, body, length = packet
    qos = first >> 1 & 3
    if qos > 1 or (not qos and first & DUP):
        raise WireError("PUBLISH: flags")
    at = 2 + (_read_u16(body) if len(body) > 1 else 0)
    packet_id = 0
    end = at + 2 if qos else at
    if end > length or at == 2:
        raise WireError("PUBLISH: shorter than its topic")
    if end > len(body):
        raise WireError("PUBLISH: a topic beyond the bound")
    if qos:
        packet_id = _read_u16(body[at:end])
        if not packet_id:
            raise WireError("PUBLISH: id 0")  # [2.3.1]
    topic = bytes(body[2:at])
    for byte in topic:
        if not 0x20 <= byte <= 0x7E:
            topic = b""
            break
    if len(body) < length:
        topic = b""
    return topic.decode(), bytes(memoryview(body)[end:]) if topic else b"", packet_id


def decode_answer(kind: int, body: "bytes | bytearray") -> "tuple[int, int]":
    """CONNACK [3.2]: 1 if the broker has our session, return code. PUBACK [3.4]: packet id, 0. SUBACK of one filter
    [3.9]: packet id, granted QoS or REFUSED. PINGRESP [3.13]: 0, 0."""
    size = len(body)
    if kind == PINGRESP and not size:
        return 0, 0
    if kind == PUBACK and size == 2:
        return _read_u16(body), 0
    if kind == SUBACK and size == 3 and (body[2] <= 2 or body[2] == REFUSED):
        return _read_u16(body), body[2]
    if kind == CONNACK and size == 2 and body[0] <= 1 and body[1] <= (0 if body[0] else 5):
        return body[0], body[1]
    raise WireError("a wrong answer of kind %d" % kind)


class Framer:
    """Cuts what a stream gives into packets. Of one that is longer than `size_max` it keeps the head, if it is a
    PUBLISH, so that it can be acknowledged and done with, and refuses any other before a byte of it is read."""

    def __init__(self, size_max: int) -> None:
        self._size_max = size_max
        self._restart()

    def _restart(self) -> None:
        self._first = -1
        self._length = 0
        self._shift = 0
        self._body: "bytearray | None" = None
        self._at = 0

    def wanted(self) -> int:
        """How many bytes to read at most before `take` is called again."""
        if self._body is None:
            return 2 if self._first < 0 else 1
        return min(self._length - self._at, CHUNK)

    def take(self, chunk: bytes) -> "Packet | None":
        """Between one and `wanted` bytes that came; the packet if it is whole now. WireError: hang up."""
        body = self._body
        if body is None:
            for byte in chunk:
                self._take_header(byte)
            body = self._body
            if body is None or self._length:
                return None
        else:
            kept = min(len(body) - self._at, len(chunk))
            if kept > 0:
                body[self._at : self._at + kept] = chunk[:kept]
            self._at += len(chunk)
            if self._at < self._length:
                return None
        packet = self._first, body, self._length
        self._restart()
        return packet

    def _take_header(self, byte: int) -> None:
        if self._first < 0:
            kind, flags = byte >> 4, byte & 15
            if kind not in (CONNACK, PUBLISH, PUBACK, SUBACK, PINGRESP) or (
                flags and kind != PUBLISH
            ):
                raise WireError("a packet that no broker sends: %02X" % byte)  # [2.2.1] [2.2.2]
            self._first = byte
            return
        self._length |= (byte & 127) << self._shift
        self._shift += 7
        if byte & 128:
            if self._shift == 28:
                raise WireError("a length of more than four bytes")  # [2.2.3]
            return
        if self._length > self._size_max and self._first >> 4 != PUBLISH:
            raise WireError("a packet of %d bytes" % self._length)
        self._body = bytearray(min(self._length, self._size_max))


def _packet(first: int, *parts: bytes) -> bytes:
    """With the length as one to four bytes of seven bits, the low ones first [2.2.3]. One copy of each part."""
    left = sum([len(part) for part in parts])
    if left > LENGTH_MAX:
        raise ValueError("longer than a packet can be")
    head = bytes((first,))
    while left > 127:
        head += bytes((left & 127 | 128,))
        left >>= 7
    return b"".join((head, bytes((left,))) + parts)


def _topic(text: str) -> bytes:
    topic = text.encode()
    if not topic or b"\x00" in topic:
        raise ValueError("a topic has one character at least and no NUL")  # [4.7.3]
    return topic


def _field(content: bytes) -> bytes:
    """Behind its length [1.5.3]."""
    return _u16(len(content)) + content


def _u16(value: int) -> bytes:
    if not 0 <= value < 65536:
        raise ValueError("not of 16 bits")
    return bytes((value >> 8, value & 255))


def _read_u16(body: "bytes | bytearray") -> int:
    return body[0] << 8 | body[1]
