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

_WRAP = const((1 << 30) - 1)


def elapsed_ms(now_ms: int, then_ms: int) -> int:
    """From `then_ms` until now, on a clock that may have wrapped."""
    return (now_ms - then_ms) & _WRAP


class Flight:
    """A message of QoS 1 that the broker has not acknowledged yet."""

    def __init__(self, packet_id: int, packet: bytes, on_landed: "Callable[[], None]") -> None:
        self.packet_id = packet_id
        self.packet = packet
        self.on_landed = on_landed
        self.sent = False


class Subscription:
    """A topic filter that we want, at QoS 1."""

    def __init__(self, topic_filter: str, on_answer: "Callable[[bool], None]") -> None:
        self.topic_filter = topic_filter
        self.on_answer = on_answer
        self.packet_id = 0  # of the SUBSCRIBE that is on its way
        self.granted = False


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
        self.busy = False  # with a message, so that nothing is read and silence proves nothing
        self.out: "list[bytes]" = []
        self.keepalive_ms = keepalive_s * 1000
        self._client_id = client_id
        self._topic = presence_topic
        self._boot_count = boot_count
        self._connection_count = 0
        self._window = window
        self._flights: "list[Flight]" = []
        self._subscriptions: "list[Subscription]" = []
        self._last_id = 0
        self._birth_id = 0
        self._heard_ms = self._sent_ms = self._asked_ms = 0
        self._asked = False  # a PINGREQ or CONNECT that has no answer yet

    # -- a connection

    def open(self, now_ms: int) -> None:
        """A connection is about to be made."""
        self.close()
        self._connection_count += 1
        self._asked_ms = now_ms
        self._asked = True

    def connect(self) -> None:
        """It was made: CONNECT goes out [3.1]."""
        told = self._presence("offline")
        keepalive_s = self.keepalive_ms // 1000
        self.out.append(packets.encode_connect(self._client_id, keepalive_s, self._topic, told))

    def close(self) -> None:
        """It is gone; what is on its way waits for the next one."""
        self.up = self.busy = False
        self.out.clear()
        for subscription in self._subscriptions:
            subscription.packet_id = 0

    def leave(self) -> None:
        """The last words of a node that goes on purpose, which has no use for its will [3.14]."""
        told = self._presence("offline")
        self.out.append(packets.encode_publish(self._topic, told, 0, retain=True))
        self.out.append(packets.DISCONNECT)

    # -- what we want

    def has_room(self) -> bool:
        """Whether `publish` may be called."""
        return len(self._flights) < self._window

    def publish(
        self, topic: str, payload: bytes, retain: bool, on_landed: "Callable[[], None]"
    ) -> None:
        """QoS 1; `on_landed` is called once the broker has it [4.3.2]."""
        if not self.has_room():
            raise ValueError("the window is full")
        packet_id = self._new_id()
        packet = packets.encode_publish(topic, payload, packet_id, retain)
        flight = Flight(packet_id, packet, on_landed)
        self._flights.append(flight)
        if self.up:
            self._send(flight)

    def subscribe(self, topic_filter: str, on_answer: "Callable[[bool], None]") -> None:
        """From now on and in every session to come; `on_answer` hears each time whether the broker grants it.

        What it does not grant is forgotten.
        """
        subscription = Subscription(topic_filter, on_answer)
        packets.encode_subscribe(1, topic_filter)  # a ValueError now rather than on each connection
        self._subscriptions.append(subscription)
        if self.up:
            self._ask(subscription)

    # -- what comes

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
        if kind == packets.CONNACK:
            self._on_connack(*packets.decode_connack(body))
        elif kind == packets.PUBACK:
            self._on_puback(packets.decode_puback(body))
        elif kind == packets.SUBACK:
            self._on_suback(*packets.decode_suback(body))
        elif body:
            raise WireError("PINGRESP")
        return None

    def on_done(self, packet_id: int, now_ms: int) -> None:
        """The message is dealt with, which the broker may know [4.3.2]; and we listen again."""
        self.busy = False
        self._asked_ms = now_ms
        if packet_id:
            self.out.append(packets.encode_puback(packet_id))

    def on_written(self, now_ms: int) -> None:
        """Something of `out` was written."""
        self._sent_ms = now_ms

    # -- time

    def due_ms(self, now_ms: int) -> int:
        """When to call `on_time` at the latest, if nothing happens before."""
        if self._asked:
            answer_ms = self.keepalive_ms // 2 if self.up else CONNECT_MS
            return answer_ms - elapsed_ms(now_ms, self._asked_ms)
        quiet_ms = max(elapsed_ms(now_ms, self._heard_ms), elapsed_ms(now_ms, self._sent_ms))
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
        for subscription in self._subscriptions:
            subscription.granted = subscription.granted and present
            if not subscription.granted:
                self._ask(subscription)
        self._birth_id = self._new_id()
        born = self._presence("online")
        self.out.append(packets.encode_publish(self._topic, born, self._birth_id, retain=True))
        for flight in self._flights:
            if flight.sent:
                flight.packet = bytes((flight.packet[0] | packets.DUP,)) + flight.packet[1:]
            self._send(flight)

    def _on_puback(self, packet_id: int) -> None:
        if packet_id == self._birth_id:
            self._birth_id = 0
        for flight in self._flights:
            if flight.packet_id == packet_id:
                self._flights.remove(flight)
                flight.on_landed()
                break

    def _on_suback(self, packet_id: int, answer: int) -> None:
        for subscription in self._subscriptions:
            if subscription.packet_id == packet_id:
                subscription.packet_id = 0
                subscription.granted = answer != packets.REFUSED
                if not subscription.granted:
                    self._subscriptions.remove(subscription)
                subscription.on_answer(subscription.granted)
                break

    def _send(self, flight: Flight) -> None:
        flight.sent = True
        self.out.append(flight.packet)

    def _ask(self, subscription: Subscription) -> None:
        subscription.packet_id = self._new_id()
        packet = packets.encode_subscribe(subscription.packet_id, subscription.topic_filter)
        self.out.append(packet)

    def _presence(self, word: str) -> bytes:
        return ("%s %d %d" % (word, self._boot_count, self._connection_count)).encode()

    def _new_id(self) -> int:
        """One to 65535, of nothing that is on its way [2.3.1]."""
        used = [self._birth_id]
        used += [flight.packet_id for flight in self._flights]
        used += [subscription.packet_id for subscription in self._subscriptions]
        while True:
            self._last_id = self._last_id % 65535 + 1
            if self._last_id not in used:
                return self._last_id
