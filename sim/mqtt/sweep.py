# SPDX-License-Identifier: Apache-2.0
"""What a broker keeps of a node that will not come back: retained messages, and a session for weeks."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from wattpact.link.packets import DISCONNECT, encode_publish
from wattpact.wire import topics

CONNECT = bytes.fromhex("101c00044d5154540402003c0010")
"""MQTT 3.1.1 with a clean session, which ends the one before; 16 characters of client id follow."""
ANSWER_SIZE = 4
"""Of CONNACK and of each PUBACK."""
WAIT_S = 10


async def forget(dial: Callable[[], Awaitable[Any]], kid: bytes, network: bytes) -> None:
    """As `kid`: end its session, and take back what it had retained. A broker that does not answer is left alone."""
    gone = [topics.broadcast(network, kid, kind) for kind in topics.RETAINED]
    packets = [encode_publish(topic, b"", number, True) for number, topic in enumerate(gone, 1)]
    try:
        reader, writer = await asyncio.wait_for(dial(), WAIT_S)
    except OSError:
        return
    try:
        writer.write(CONNECT + kid.hex().encode() + b"".join(packets))
        await asyncio.wait_for(reader.readexactly(ANSWER_SIZE * (1 + len(packets))), WAIT_S)
        writer.write(DISCONNECT)
        writer.close()
        await asyncio.wait_for(writer.wait_closed(), WAIT_S)
    except (OSError, EOFError):
        writer.transport.abort()
