# SPDX-License-Identifier: Apache-2.0
"""The firmware's client over TLS: with its certificate to a broker it can check, and to no other."""

import asyncio
import datetime as dt
import os
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.broker.mosquitto import HOST, Mosquitto, free_port
from tests.broker.node import Node, until
from wattpact.link.dial import tls_context

CONFIG = """\
listener {port} 127.0.0.1
cafile {folder}/ca.pem
certfile {folder}/broker.pem
keyfile {folder}/broker.key
require_certificate true
use_identity_as_username true
allow_anonymous false
"""
NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)


class Authority:
    """A CA of the tests, P-256; what it issues goes to `folder` as NAME.pem and NAME.key."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test CA")])
        built = self._builder("test CA", self._key, NOW + DAY).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        certificate = built.sign(self._key, hashes.SHA256())
        (folder / "ca.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        self.der = certificate.public_bytes(serialization.Encoding.DER)

    def issue(self, name: str, until: dt.datetime = NOW + DAY) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
        certificate = self._builder(name, key, until).add_extension(names, critical=False)
        signed = certificate.sign(self._key, hashes.SHA256())
        (self.folder / (name + ".pem")).write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        (self.folder / (name + ".key")).write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )

    def context(self, name: str, trusted: "bytes | None" = None) -> ssl.SSLContext:
        """As a node has it that was issued `name` and trusts `trusted`, or this authority."""
        path = str(self.folder / name)
        return tls_context(trusted or self.der, path + ".pem", path + ".key")

    def _builder(
        self, name: str, key: ec.EllipticCurvePrivateKey, until: dt.datetime
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - 2 * DAY)
            .not_valid_after(until)
        )


def broker_of(authority: Authority, folder: Path) -> Mosquitto:
    port = free_port()
    config = folder / "tls.conf"
    account = "user root\n" if os.geteuid() == 0 else ""  # another could not read what is here
    config.write_text(CONFIG.format(port=port, folder=authority.folder) + account)
    return Mosquitto(folder / "run", config, port)


def notes_of(port: int, tls: ssl.SSLContext, count: int = 2) -> "list[str]":
    """What a node says that does not get in."""

    async def play() -> list[str]:
        async with Node(port, tls=tls) as node:
            await until(lambda: len(node.notes) >= count)
            assert not node.session.up
            return node.notes

    return asyncio.run(play())


def test_both_sides_show_a_certificate(tmp_path: Path) -> None:
    """Messages go both ways, also after the broker was killed; its log names the node by its certificate."""

    async def play(broker: Mosquitto) -> None:
        async with Node(broker.port, "m1", tls=authority.context("m1")) as node:
            await node.client.subscribe("in")
            await node.client.publish("in", bytes(1500))
            broker.kill()
            broker.start()
            await node.client.publish("t", b"")
            await node.client.publish("in", b"again")
            await until(lambda: node.messages[-1:] == [b"again"])

    authority = Authority(tmp_path / "ca")
    authority.issue("broker")
    authority.issue("m1")
    with broker_of(authority, tmp_path) as broker:
        asyncio.run(play(broker))
        assert "u'm1'" in broker.log()


def test_a_broker_of_another_authority_is_refused(tmp_path: Path) -> None:
    """The error says that it is its certificate; the node goes on trying."""
    ours, other = Authority(tmp_path / "ours"), Authority(tmp_path / "other")
    ours.issue("broker")
    ours.issue("m1")
    with broker_of(ours, tmp_path) as broker:
        notes = notes_of(broker.port, ours.context("m1", trusted=other.der))
    assert "certificate verify failed" in notes[0]
    assert "certificate verify failed" in notes[1]


def test_a_broker_with_another_name_is_refused(tmp_path: Path) -> None:
    """Its certificate must name what was dialled."""
    authority = Authority(tmp_path / "ca")
    authority.issue("broker")
    authority.issue("m1")

    async def play(port: int) -> str:
        async with Node(port, tls=authority.context("m1"), server_name="elsewhere") as node:
            await until(lambda: node.notes)
            return node.notes[0]

    with broker_of(authority, tmp_path) as broker:
        assert "Hostname mismatch" in asyncio.run(play(broker.port))


def test_a_broker_whose_certificate_expired_is_refused(tmp_path: Path) -> None:
    """As every certificate is to a board whose clock is wrong."""
    authority = Authority(tmp_path / "ca")
    authority.issue("broker", until=NOW - DAY)
    authority.issue("m1")
    with broker_of(authority, tmp_path) as broker:
        assert "expired" in notes_of(broker.port, authority.context("m1"))[0]


def test_a_node_of_another_authority_does_not_get_in(tmp_path: Path) -> None:
    """The broker hangs up in the handshake or after it; that is told, and tried again."""
    ours, other = Authority(tmp_path / "ours"), Authority(tmp_path / "other")
    ours.issue("broker")
    other.issue("m1")
    with broker_of(ours, tmp_path) as broker:
        notes = notes_of(broker.port, other.context("m1", trusted=ours.der))
        assert all("connection lost" in note for note in notes)
        assert "New client connected" not in broker.log()


def test_an_authority_that_is_no_certificate_is_an_error_at_once(tmp_path: Path) -> None:
    """Before anything is dialled."""
    authority = Authority(tmp_path / "ca")
    authority.issue("m1")
    with pytest.raises((ValueError, OSError)):
        authority.context("m1", trusted=b"no certificate")


def test_a_line_that_is_no_tls_is_refused(tmp_path: Path) -> None:
    """A broker that speaks plainly gets nothing of us but a handshake."""

    async def play() -> None:
        said = bytearray()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            said.extend(await reader.read(1000))
            writer.write(b"\x20\x02\x00\x00")
            writer.close()

        server = await asyncio.start_server(serve, HOST, 0)
        port = server.sockets[0].getsockname()[1]
        async with Node(port, tls=authority.context("m1")) as node:
            await until(lambda: node.notes)
            assert isinstance(node.errors[0], OSError)
        server.close()
        assert b"MQTT" not in said

    authority = Authority(tmp_path / "ca")
    authority.issue("m1")
    asyncio.run(play())
