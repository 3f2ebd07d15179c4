# SPDX-License-Identifier: Apache-2.0
"""One connection to the broker that is made again and again: MQTT 5 by paho, whose thread only fills the intake.

MQTT 5, because the client's Receive Maximum then takes the place of the broker's own small window: a host that
acknowledges after a block would get 20 messages a block otherwise. An exception that left a callback would end paho's
thread for good, so none does.
"""

import random
import socket
import ssl
import threading
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from wattpact.wire.envelope import ENVELOPE_MAX

from ..errors import GatewayError
from .intake import Came, Deaf, Down, Intake, Landed, Up

KEEPALIVE_S = 30
SESSION_S = 30 * 86_400
"""How long the broker keeps messages for a host that is away; as long as its own configuration says."""
RECEIVE_MAX = 2_000
WINDOW = 100
RETRY_S, RETRY_S_MAX = 1, 16
LEAVE_S = 3


class Address(NamedTuple):
    """Where a broker listens."""

    name: str
    number: int
    secure: bool

    @classmethod
    def parse(cls, url: str) -> "Address":
        """mqtt://name[:1883] or mqtts://name[:8883]; else GatewayError."""
        try:
            parts = urlsplit(url)
            number = parts.port
        except ValueError:
            raise GatewayError("%r: is no address of a broker" % url) from None
        if (
            parts.scheme not in ("mqtt", "mqtts")
            or not parts.hostname
            or parts.path not in ("", "/")
        ):
            raise GatewayError(
                "%r: a broker's address is mqtt://name:1883 or mqtts://name:8883" % url
            )
        secure = parts.scheme == "mqtts"
        return cls(parts.hostname, number or (8883 if secure else 1883), secure)


def tls_context(authority: str, certificate: str, key: str) -> ssl.SSLContext:
    """Trusts `authority` alone and shows `certificate`; names of PEM files. GatewayError if they are not."""
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cafile=authority)
        context.load_cert_chain(certificate, key)
    except (OSError, ValueError) as error:
        raise GatewayError("%s, %s, %s: %s" % (authority, certificate, key, error)) from error
    return context


class BrokerLine:
    """The host `kid` at a broker; from `start` to `leave` it is connected whenever that is possible."""

    def __init__(
        self,
        address: Address,
        tls: ssl.SSLContext | None,
        kid: bytes,
        presence: str,
        boot_count: int,
        filters: Sequence[str],
        intake: Intake,
    ) -> None:
        """`presence` is the topic of birth and last will, "online BOOT CONNECTION" as every node has them."""
        if address.secure != (tls is not None):
            raise GatewayError("mqtts:// needs TLS files, and mqtt:// takes none")
        self._address = address
        self._presence = presence
        self._boot_count = boot_count
        self._filters = filters
        self._intake = intake
        self._connection = 0
        self._up = False
        self._leaving = threading.Event()
        self._client = client = paho.Client(
            CallbackAPIVersion.VERSION2, kid.hex(), protocol=paho.MQTTv5, manual_ack=True
        )
        client.suppress_exceptions = True
        client.max_inflight_messages_set(0)  # `window` bounds them
        client.reconnect_delay_set(RETRY_S, RETRY_S_MAX)
        if tls is not None:
            client.tls_set_context(tls)  # pyright: ignore[reportUnknownMemberType] paho's own
        client.on_pre_connect = self._on_pre_connect
        client.on_socket_open = _send_at_once
        client.on_connect = self._on_connect
        client.on_connect_fail = lambda c, u: self._intake.tell(Down("nobody answers"))
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = lambda c, u, mid, code, p: self._intake.tell(Landed(mid, code.value))
        client.on_subscribe = self._on_subscribe

    def start(self) -> None:
        """Connect, and go on trying."""
        asked = Properties(PacketTypes.CONNECT)
        asked.SessionExpiryInterval = SESSION_S
        asked.ReceiveMaximum = RECEIVE_MAX
        self._client.connect_async(
            self._address.name,
            self._address.number,
            KEEPALIVE_S,
            clean_start=False,
            properties=asked,
        )
        self._client.loop_start()

    def watch(self) -> bool:
        """True if paho's thread had ended and was started again: it should not, and is not trusted not to."""
        return self._client.loop_start() is MQTTErrorCode.MQTT_ERR_SUCCESS

    def acknowledge(self, came: Came) -> None:
        """PUBACK, if it is still the connection that brought the message; else it will come again."""
        if came.packet_id and self._up and came.connection == self._connection:
            self._client.ack(came.packet_id, 1)

    def publish(self, topic: str, payload: bytes, *, retain: bool) -> int | None:
        """QoS 1; the packet id that `Landed` will name, however often it is sent until then. None: not now."""
        told = self._client.publish(topic, payload, qos=1, retain=retain)
        return None if told.rc is MQTTErrorCode.MQTT_ERR_QUEUE_SIZE else told.mid

    def leave(self) -> None:
        """Say that we go on purpose, and hang up; the broker keeps the session."""
        self._leaving.set()
        if self._up:
            told = self._client.publish(self._presence, self._word("offline"), qos=1, retain=True)
            try:
                told.wait_for_publish(LEAVE_S)
            except (RuntimeError, ValueError):
                pass  # the line was lost meanwhile: the last will says it
        self._client.disconnect()
        self._client.loop_stop()

    def _word(self, word: str) -> bytes:
        return b"%s %d %d" % (word.encode(), self._boot_count, self._connection)

    def _on_pre_connect(self, client: paho.Client, context: Any) -> None:
        if self._connection:
            self._leaving.wait(
                random.uniform(0, RETRY_S)
            )  # many hosts do not come back in one moment
        self._connection += 1
        client.will_set(self._presence, self._word("offline"), qos=1, retain=True)

    def _on_connect(
        self,
        client: paho.Client,
        context: Any,
        flags: paho.ConnectFlags,
        code: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if code.is_failure:
            self._intake.tell(Down("the broker refuses us: %s" % code))
            return
        most = getattr(properties, "ReceiveMaximum", WINDOW + 1)
        options = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_SEND_IF_NEW_SUB)
        client.publish(self._presence, self._word("online"), qos=1, retain=True)
        client.subscribe([(each, options) for each in self._filters])
        self._up = True
        window = max(1, min(WINDOW, most - 1))  # one place is the birth's
        self._intake.tell(Up(self._connection, window, flags.session_present))

    def _on_disconnect(
        self,
        client: paho.Client,
        context: Any,
        flags: paho.DisconnectFlags,
        code: ReasonCode,
        properties: Properties | None,
    ) -> None:
        self._up = False
        self._intake.tell(Down(str(code)))

    def _on_subscribe(
        self,
        client: paho.Client,
        context: Any,
        packet_id: int,
        codes: list[ReasonCode],
        properties: Properties | None,
    ) -> None:
        for topic_filter, code in zip(self._filters, codes):
            if code.is_failure:
                self._intake.tell(Deaf(topic_filter))

    def _on_message(self, client: paho.Client, context: Any, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""
        # What is too long is not held while it waits; without its bytes it is refused as well.
        payload = bytes(message.payload) if len(message.payload) <= ENVELOPE_MAX else b""
        packet_id = message.mid if message.qos else 0
        self._intake.put(Came(self._connection, packet_id, topic, payload))


def _send_at_once(client: paho.Client, context: Any, stream: Any) -> None:
    """Without TCP_NODELAY an answer may wait 40 ms for its turn."""
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
