# SPDX-License-Identifier: Apache-2.0
"""An MQTT 3.1.1 session: what outlives a connection, and what one connection asks of it. [numbers]: see packets.py.

Sans-io: it is told what came and what time it is, and `out` holds what is to be written, in this order. A message of
QoS 1 stays until its PUBACK comes, over any number of connections, in its place and with its packet id [4.4]. Times are
milliseconds of a clock that may start anywhere and wrap at 2**30, as a board's does.
"""

from ..compat import const
from ..errors import LinkError, WireError
from . import packets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

CONNECT_MS = const(30000)  # a board's TLS handshake takes some seconds of it
REFUSALS = (
    "version",
    "client id",
    "unavailable",
    "name or password",
    "not authorised",
)  # [3.2.2.3]

_BIRTH_ID = const(1)  # sent anew on each connection; its PUBACK is nobody's
_WRAP = const((1 << 30) - 1)


def elapsed_ms(now_ms: int, then_ms: int) -> int:
    """From `then_ms` until now, on a clock that may have wrapped."""
    return (now_ms - then_ms) & _WRAP


class Request:
    """A packet that wants an answer. A PUBLISH is forgotten when it has it; a SUBSCRIBE is asked again, with the same
    id, whenever the broker has no session of ours any more."""

    def __init__(self, packet_id: int, packet: bytes, on_answer: "Callable[[bool], None]") -> None:
        self.packet_id = packet_id
        self.packet = packet
        self.on_answer = on_answer
        self.sent = False
        self.granted = False  # a SUBSCRIBE was

    def is_message(self) -> bool:
        """Whether it is a PUBLISH."""
        return self.packet[0] >> 4 == packets.PUBLISH


class Session:
    """One node's session with the broker, and its presence: "online BOOT CONNECTION", retained, as birth on
    `presence_topic`, and the same with "offline" as the will. A pair that is less than one seen before is old."""

    def __init__(
        self, client_id: str, presence_topic: str, boot_count: int, keepalive_s: int, window: int
    ) -> None:
        """At most `window` messages are on their way at a time."""
        if not client_id or window < 1 or keepalive_s < 1:
            raise ValueError("client_id, window or keepalive_s")
        self.up = False
        self.fresh = True  # the broker had no session of ours when we connected
        self.busy = False  # with a message, so that nothing is read and silence proves nothing
        self.out: "list[bytes]" = []
        self.sent_ms = 0  # when something of `out` was written
        self.keepalive_ms = keepalive_s * 1000
        self._client_id = client_id
        self._topic = presence_topic
        self._boot_count = boot_count
        self._connection_count = 0
        self._window = window
        self._requests: "list[Request]" = []
        self._last_id = _BIRTH_ID
        self._heard_ms = self._asked_ms = 0
        self._asked = False  # a PINGREQ or CONNECT that has no answer yet

    def open(self, now_ms: int) -> None:
        """A connection is about to be made, and begins with CONNECT [3.1]."""
        self.close()
        self._connection_count += 1
        self._asked_ms = now_ms
        self._asked = True
        told = self._presence("offline")
        keepalive_s = self.keepalive_ms // 1000
        self.out.append(packets.encode_connect(self._client_id, keepalive_s, self._topic, told))

    def close(self) -> None:
        """It is gone; what is on its way waits for the next one."""
        self.up = self.busy = False
        self.out.clear()

    def leave(self) -> None:
        """The last words of a node that goes on purpose, which has no use for its will [3.14]."""
        told = self._presence("offline")
        self.out.append(packets.encode_publish(self._topic, told, 0, retain=True))
        self.out.append(packets.DISCONNECT)

    def has_room(self) -> bool:
        """Whether `publish` may be called."""
        return sum([request.is_message() for request in self._requests]) < self._window

    def publish(
        self, topic: str, payload: bytes, retain: bool, on_answer: "Callable[[bool], None]"
    ) -> None:
        """QoS 1; `on_answer` is called once the broker has it [4.3.2]."""
        if not self.has_room():
            raise ValueError("the window is full")
        packet_id = self._new_id()
        packet = packets.encode_publish(topic, payload, packet_id, retain)
        self._add(Request(packet_id, packet, on_answer))

    def subscribe(self, topic_filter: str, on_answer: "Callable[[bool], None]") -> None:
        """From now on and in every session to come; `on_answer` hears each time whether the broker grants it.

        What it does not grant is forgotten.
        """
        packet_id = self._new_id()
        self._add(Request(packet_id, packets.encode_subscribe(packet_id, topic_filter), on_answer))

    def on_packet(self, packet: "packets.Packet", now_ms: int) -> "tuple[str, bytes, int] | None":
        """A message to deal with: topic, payload, packet id, as packets.decode_publish has them.

        WireError or LinkError: hang up.
        """
        kind, body = packet[0] >> 4, packet[1]
        self._heard_ms = now_ms
        if self.up == (kind == packets.CONNACK):
            raise WireError("CONNACK comes first, and once")  # [3.2]
        self._asked = False
        if kind == packets.PUBLISH:
            message = packets.decode_publish(packet)
            self.busy = True
            return message
        value, code = packets.decode_answer(kind, body)
        if kind == packets.CONNACK:
            self._on_connack(value == 1, code)
        elif value:
            self._on_answer(value, kind == packets.PUBACK, code != packets.REFUSED)
        return None

    def on_done(self, packet_id: int, now_ms: int) -> None:
        """The message is dealt with, which the broker may know [4.3.2]; and we listen again."""
        self.busy = False
        self._asked_ms = now_ms
        if packet_id:
            self.out.append(packets.encode_puback(packet_id))

    def due_ms(self, now_ms: int) -> int:
        """When to call `on_time` at the latest, if nothing happens before."""
        if self._asked:
            answer_ms = self.keepalive_ms // 2 if self.up else CONNECT_MS
            return answer_ms - elapsed_ms(now_ms, self._asked_ms)
        quiet_ms = max(elapsed_ms(now_ms, self._heard_ms), elapsed_ms(now_ms, self.sent_ms))
        return self.keepalive_ms // 2 - quiet_ms

    def on_time(self, now_ms: int) -> None:
        """Ask a quiet broker whether it is there [3.12]. LinkError if it does not answer: hang up [3.1.2.10]."""
        if self.due_ms(now_ms) > 0:
            return
        if self._asked and not self.busy:
            raise LinkError("the broker does not answer")
        self._asked = True
        self._asked_ms = now_ms
        self.out.append(packets.PINGREQ)

    def _on_connack(self, present: bool, code: int) -> None:
        if code:
            raise LinkError("the broker refuses us: " + REFUSALS[code - 1])
        self.up = True
        self.fresh = not present
        born = self._presence("online")
        self.out.append(packets.encode_publish(self._topic, born, _BIRTH_ID, retain=True))
        for request in self._requests:
            if request.granted and present:
                continue
            if request.sent and request.is_message():
                first = request.packet[0] | packets.DUP
                request.packet = bytes((first,)) + request.packet[1:]
            self._send(request)

    def _on_answer(self, packet_id: int, to_message: bool, granted: bool) -> None:
        for request in self._requests:
            if request.packet_id == packet_id and request.is_message() == to_message:
                request.granted = granted
                if to_message or not granted:
                    self._requests.remove(request)
                request.on_answer(granted)
                break

    def _add(self, request: Request) -> None:
        self._requests.append(request)
        if self.up:
            self._send(request)

    def _send(self, request: Request) -> None:
        request.sent = True
        request.granted = False
        self.out.append(request.packet)

    def _presence(self, word: str) -> bytes:
        return ("%s %d %d" % (word, self._boot_count, self._connection_count)).encode()

    def _new_id(self) -> int:
        """Two to 65535, and none that stands for another request [2.3.1]."""
        used = [request.packet_id for request in self._requests]
        while True:
            self._last_id = self._last_id % 65535 + 1
            if self._last_id != _BIRTH_ID and self._last_id not in used:
                return self._last_id
