# SPDX-License-Identifier: Apache-2.0
"""Streams to a broker over TCP, with or without TLS, on both interpreters.

A board asks for the time (NTP) before it dials with TLS: to a clock that was reset every certificate lies in the
future, which MicroPython says as a ValueError, not as an OSError. There is no way to go without the check.
"""

import asyncio

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from typing import Any

    from .mqtt import Dial


def dialler(
    host: str, port: int, tls: "ssl.SSLContext | None" = None, server_name: str = ""
) -> "Dial":
    """What MqttClient calls for each connection. With TLS, `server_name` (else `host`) must be in its certificate."""

    async def dial() -> "Any":
        if tls is None:
            reader, writer = await asyncio.open_connection(host, port)
            send_at_once(writer)
        else:
            name = server_name or host
            reader, writer = await asyncio.open_connection(
                host, port, ssl=tls, server_hostname=name
            )
        return reader, writer

    return dial


def send_at_once(writer: "Any") -> None:
    """TCP_NODELAY, without which a PUBACK may wait 40 ms for its turn. CPython sets it by itself.

    On a board only without TLS: MicroPython's stream hides the socket that TLS wraps.
    """
    import socket  # not at the top: a VM without network imports this module, too

    option = getattr(socket, "TCP_NODELAY", None)
    wire: "Any" = getattr(writer, "s", None)  # MicroPython's stream
    if option is not None and hasattr(wire, "setsockopt"):
        wire.setsockopt(getattr(socket, "IPPROTO_TCP", 6), option, 1)


def tls_context(
    authority: bytes, certificate: "str | bytes", key: "str | bytes"
) -> "ssl.SSLContext":
    """Trusts `authority` (a certificate in DER) alone, and shows `certificate`.

    That and its key are DER for a board, names of PEM files for CPython; ValueError or OSError if they are not.
    """
    import ssl  # not at the top: see above

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=authority)
    context.load_cert_chain(certificate, key)
    return context
