# SPDX-License-Identifier: Apache-2.0
"""The broker's side of one MQTT connection, as a node needs it: at most INFLIGHT_MOST messages wait for a PUBACK.

A node that hangs up has no memory left for its session: ConnectionError. This stands in for mosquitto where a run is
repeated again and again in virtual time; a real one carries the same client in tests/broker.
"""

import socket
from collections.abc import Callable

CONNECT, PUBLISH, PUBACK, SUBSCRIBE, PINGREQ = 1, 3, 4, 8, 12
CONNACK = b"\x20\x02\x00\x00"
PINGRESP = b"\xd0\x00"
INFLIGHT_MOST = 20  # as mosquitto has it, if nothing else is set
SIZE_BYTES = 4


class Counter:
    """`on_publish(topic, payload)` and `on_subscribe(topic_filter)` hear what the node says, whose end is `theirs`."""

    def __init__(
        self, on_publish: Callable[[str, bytes], None], on_subscribe: Callable[[str], None]
    ) -> None:
        self.theirs, self._ours = socket.socketpair()
        self._ours.setblocking(False)
        self._on_publish = on_publish
        self._on_subscribe = on_subscribe
        self._heard = b""
        self._waiting: list[tuple[str, bytes]] = []
        self._inflight: set[int] = set()
        self._last_id = 0

    def close(self) -> None:
        """Both ends."""
        self._ours.close()
        self.theirs.close()

    def bring(self, topic: str, payload: bytes) -> None:
        """To the node, in its turn."""
        self._waiting.append((topic, payload))
        self._push()

    def take(self) -> bool:
        """Whatever the node has said. Whether there was anything."""
        size = len(self._heard)
        while True:
            try:
                chunk = self._ours.recv(65536)
            except BlockingIOError:
                break
            if not chunk:
                raise ConnectionError("the node has hung up")
            self._heard += chunk
        found = len(self._heard) > size
        while self._packet():
            pass
        self._push()
        return found

    def _packet(self) -> bool:
        heard = self._heard
        length = shift = 0
        at = 1
        while at < len(heard) and at <= SIZE_BYTES:
            length |= (heard[at] & 127) << shift
            shift += 7
            at += 1
            if not heard[at - 1] & 128:
                break
        else:
            return False
        if len(heard) < at + length:
            return False
        self._heard = heard[at + length :]
        self._deal(heard[0], heard[at : at + length])
        return True

    def _deal(self, first: int, body: bytes) -> None:
        kind = first >> 4
        if kind == CONNECT:
            self._ours.sendall(CONNACK)
        elif kind == PINGREQ:
            self._ours.sendall(PINGRESP)
        elif kind == PUBACK:
            self._inflight.discard(int.from_bytes(body, "big"))
        elif kind == SUBSCRIBE:
            self._ours.sendall(b"\x90\x03" + body[:2] + b"\x01")
            size = int.from_bytes(body[2:4], "big")
            self._on_subscribe(body[4 : 4 + size].decode())
        elif kind == PUBLISH:
            end = 2 + int.from_bytes(body[:2], "big")
            topic, rest = body[2:end].decode(), body[end:]
            if first & 6:
                self._ours.sendall(b"\x40\x02" + rest[:2])
                rest = rest[2:]
            self._on_publish(topic, rest)

    def _push(self) -> None:
        while self._waiting and len(self._inflight) < INFLIGHT_MOST:
            topic, payload = self._waiting.pop(0)
            self._last_id = self._last_id % 65535 + 1
            self._inflight.add(self._last_id)
            name = topic.encode()
            body = len(name).to_bytes(2, "big") + name + self._last_id.to_bytes(2, "big") + payload
            self._ours.sendall(b"\x32" + _length(len(body)) + body)


def _length(count: int) -> bytes:
    """Seven bits a byte, the low ones first [MQTT 2.2.3]."""
    found = bytearray()
    while count > 127:
        found.append(count & 127 | 128)
        count >>= 7
    found.append(count)
    return bytes(found)
