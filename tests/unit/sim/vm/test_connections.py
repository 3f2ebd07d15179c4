# SPDX-License-Identifier: Apache-2.0
"""A guest's connections: they go where this side says, with or without TLS, and fail where the guest can see it."""

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sim.vm.bytecode import guest_modules
from sim.vm.clock import Clock, VirtualClock
from sim.vm.connections import Resolve, Route, nowhere
from sim.vm.faults import GuestError, Stopped
from sim.vm.machine import Machine

HOST = "127.0.0.1"
HEAP_BYTES = 64 * 1024
LIMIT_S = 60
BEGIN = """\
import asyncio, errno

async def said(reader, n):
    whole = b""
    while len(whole) < n:
        part = await reader.read(n - len(whole))
        if not part:
            break
        whole += part
    return whole

async def main():
    reader, writer = await asyncio.open_connection("broker.test", 1883)
"""
END = "\nasyncio.run(main())"
ECHO = """\
writer.write(b"hello")
await writer.drain()
print(await said(reader, 5))
writer.close()
await writer.wait_closed()"""


def machine(resolve: Resolve, clock: Clock | None = None) -> Machine:
    return Machine(HEAP_BYTES, {"/modules": guest_modules()}, clock=clock, resolve=resolve)


def source(body: str) -> str:
    return BEGIN + "".join("    %s\n" % line for line in body.split("\n")) + END


class Server:
    """Serves every connection with `serve`, each in a thread."""

    def __init__(self, serve: Callable[[socket.socket], None], tls: ssl.SSLContext | None) -> None:
        self.serve = serve
        self.faults: list[Exception] = []
        self._tls = tls
        self._socket = socket.create_server((HOST, 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._guarded, args=(connection,), daemon=True).start()

    def _guarded(self, connection: socket.socket) -> None:
        try:
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection:
                self.serve(connection)
        except OSError as error:
            self.faults.append(error)
            connection.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def route(self, host: str, port: int) -> Route:
        return Route(HOST, self.port)


def to_no_such_name(host: str, port: int) -> Route:
    return Route("no.such.name.invalid", port)


def echo(connection: socket.socket) -> None:
    while chunk := connection.recv(65536):
        connection.sendall(chunk)


@pytest.fixture(name="server")
def serving() -> Generator[Server]:
    """It echoes."""
    server = Server(echo, None)
    yield server
    server.close()


def test_bytes_go_both_ways(server: Server) -> None:
    """To where `resolve` says, which is told what the guest dialled."""
    dialled: list[tuple[str, int]] = []

    def resolve(host: str, port: int) -> Route:
        dialled.append((host, port))
        return server.route(host, port)

    assert machine(resolve).run(source(ECHO)) == ["b'hello'"]
    assert dialled == [("broker.test", 1883)]


def test_much_more_than_fits_at_once_arrives_whole(server: Server) -> None:
    """`write` takes what goes, `drain` the rest, while the other direction is read."""
    body = """\
async def write():
    for n in range(200):
        writer.write(bytes([n]) * 8000)
        await writer.drain()
task = asyncio.create_task(write())
for n in range(200):
    assert await said(reader, 8000) == bytes([n]) * 8000
await task
print("all")"""
    assert machine(server.route).run(source(body)) == ["all"]


def test_a_connection_may_be_a_socket_of_this_process() -> None:
    """So that this side talks to a guest without any network."""
    ours, theirs = socket.socketpair()
    threading.Thread(target=echo, args=(ours,), daemon=True).start()
    assert machine(lambda host, port: theirs).run(source(ECHO)) == ["b'hello'"]
    ours.close()


def test_the_end_of_a_connection_is_no_bytes(server: Server) -> None:
    """As often as one reads."""

    def serve(connection: socket.socket) -> None:
        connection.sendall(b"bye")

    server.serve = serve
    body = "print(await said(reader, 9), await reader.read(9), await reader.read(9))"
    assert machine(server.route).run(source(body)) == ["b'bye' b'' b''"]


def test_a_connection_that_breaks_is_an_oserror(server: Server) -> None:
    """By the name that it has in the guest."""

    def reset(connection: socket.socket) -> None:
        connection.recv(1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    server.serve = reset
    body = """\
writer.write(b"x")
try:
    await reader.read(9)
except OSError as error:
    print(errno.errorcode[error.errno])"""
    assert machine(server.route).run(source(body)) == ["ECONNRESET"]


def test_a_refused_connection_shows_at_the_first_write_or_read() -> None:
    """As on a board, where dialling waits for nothing else; why stands in the VM's stderr."""
    with socket.socket() as closed:
        closed.bind((HOST, 0))
        port = closed.getsockname()[1]
    body = """\
for attempt in (lambda: writer.write(b"x"), lambda: writer.s.read(9)):
    try:
        attempt()
    except OSError as error:
        print(errno.errorcode[error.errno])"""
    vm = machine(lambda host, port_dialled: Route(HOST, port))
    assert vm.run(source(body)) == ["ECONNREFUSED", "ECONNREFUSED"]
    assert "broker.test:1883: " in vm.stderr


@pytest.mark.parametrize("resolve", [nowhere, to_no_such_name])
def test_where_there_is_no_way_dialling_is_an_oserror(resolve: Resolve) -> None:
    """At once; a guest that was given no network has none."""
    text = """
import asyncio, errno
try:
    asyncio.run(asyncio.open_connection("b", 1))
except OSError as error:
    print(errno.errorcode[error.errno])
"""
    assert machine(resolve).run(text) == ["EHOSTUNREACH"]


def test_a_task_that_waits_for_a_connection_is_cancelled(server: Server) -> None:
    """And the connection still works."""
    body = (
        """\
try:
    await asyncio.wait_for_ms(reader.read(1), 20)
except asyncio.TimeoutError:
    print("timeout")
"""
        + ECHO
    )
    assert machine(server.route).run(source(body)) == ["timeout", "b'hello'"]


def test_no_more_connections_than_a_board_has(server: Server) -> None:
    """And one that is closed makes room."""
    body = """\
kept = [writer]
try:
    while True:
        kept.append((await asyncio.open_connection("b", 1))[1])
except OSError as error:
    print(len(kept), errno.errorcode[error.errno])
await kept.pop().wait_closed()
await asyncio.open_connection("b", 1)"""
    assert machine(server.route).run(source(body)) == ["16 ENOBUFS"]


@pytest.mark.parametrize(
    "body",
    [
        "outside.call('net.read', 99, bytearray(1))",
        "outside.call('net.write', 0, b'x')",
        "outside.wait(-1, b'\\x63\\0\\1', bytearray(3))",
        "outside.wait(-1, b'12', bytearray(3))",
        "outside.wait(-1, b'\\1\\0\\1', bytearray(2))",
    ],
)
def test_a_handle_that_is_none_is_the_guest_s_error(body: str) -> None:
    """Nothing waits for it."""
    with pytest.raises(GuestError) as caught:
        machine(lambda host, port: Route(HOST, 1)).run("import outside\n" + body)
    assert caught.value.exception == "OSError"


def test_a_stopped_guest_hangs_up(server: Server) -> None:
    """Whoever is at the other end sees it, and nothing of it stays open."""
    begun, ended = threading.Event(), threading.Event()

    def serve(connection: socket.socket) -> None:
        connection.recv(1)
        begun.set()
        connection.recv(1)
        ended.set()

    server.serve = serve
    text = source("writer.write(b'x')\nawait reader.read(1)")
    run = machine(server.route).start(text, lambda stream, chunk: None)
    assert begun.wait(LIMIT_S)
    run.stop()
    with pytest.raises(Stopped):
        run.join(LIMIT_S)
    assert ended.wait(LIMIT_S)


def test_virtual_time_lets_a_connection_come_first(server: Server) -> None:
    """With patience a wait of an hour is over when bytes come; only when none do, time goes on."""
    body = """\
import time
begun = time.time()
writer.write(b"hello")
print(await asyncio.wait_for(said(reader, 5), 3600), time.time() - begun)
await asyncio.sleep(3600)
print(time.time() - begun)"""
    lines = machine(server.route, VirtualClock(1_800_000_000, patience_s=5)).run(source(body))
    assert lines == ["b'hello' 0.0", "3600.0"]


class Authority:
    """One that signs itself for broker.test."""

    def __init__(self, folder: Path) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "broker.test")])
        now = dt.datetime.now(dt.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(
                x509.SubjectAlternativeName([x509.DNSName("broker.test")]), critical=False
            )
            .sign(key, hashes.SHA256())
        )
        self.pem = certificate.public_bytes(serialization.Encoding.PEM)
        chain = folder / "chain.pem"
        chain.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + self.pem
        )
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.load_cert_chain(chain)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_is_spoken_on_this_side(version: ssl.TLSVersion, tmp_path: Path) -> None:
    """The guest writes and reads plainly, short and long."""
    authority = Authority(tmp_path)
    context = ssl.create_default_context(cadata=authority.pem.decode())
    context.minimum_version = context.maximum_version = version
    server = Server(echo, authority.server)
    body = (
        """\
for size in (1, 100, 5000, 17000):
    writer.write(bytes(size))
    await writer.drain()
    print(len(await said(reader, size)))
"""
        + ECHO
    )
    vm = machine(lambda host, port: Route(HOST, server.port, context, host))
    assert vm.run(source(body)) == ["1", "100", "5000", "17000", "b'hello'"]
    assert vm.stderr == ""
    server.close()


@pytest.mark.parametrize("name", ["broker.test", "elsewhere.test"])
def test_a_broker_that_cannot_be_checked_is_refused(name: str, tmp_path: Path) -> None:
    """Unknown authority, or another name: the guest sees a broken connection, this side sees why."""
    authority = Authority(tmp_path)
    trusted = name == "elsewhere.test"
    context = ssl.create_default_context(cadata=authority.pem.decode() if trusted else None)
    server = Server(echo, authority.server)
    body = """\
try:
    writer.write(b"x")
except OSError as error:
    print(errno.errorcode[error.errno])"""
    vm = machine(lambda host, port: Route(HOST, server.port, context, name))
    assert vm.run(source(body)) == ["ECONNABORTED"]
    assert "broker.test:1883: " in vm.stderr
    assert "certificate verify failed" in vm.stderr
    server.close()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)", "ValueError"),
        ("context.verify_mode = 0", "ValueError"),
        ("name = None", "ValueError"),
        ("context.load_verify_locations(cadata=b'no certificate')", "OSError"),
        ("context.load_cert_chain(b'no certificate', b'no key')", "OSError"),
        ("writer.s = context.wrap_socket(writer.s, server_hostname=name)", "OSError"),
    ],
    ids=["no authority", "no check", "no name", "authority", "certificate", "twice"],
)
def test_a_guest_that_asks_for_tls_it_cannot_have_is_told_so(
    change: str, fault: str, server: Server, tmp_path: Path
) -> None:
    """Nothing that checks nobody, nothing without what it takes, and no TLS inside of TLS."""
    der = ssl.PEM_cert_to_DER_cert(Authority(tmp_path).pem.decode())
    (tmp_path / "ca").write_bytes(der)
    body = """\
import ssl
name = "broker.test"
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
with open("/certificates/ca", "rb") as file:
    context.load_verify_locations(cadata=file.read())
%s
context.wrap_socket(writer.s, server_hostname=name)"""
    folders = {"/modules": guest_modules(), "/certificates": tmp_path}
    vm = Machine(HEAP_BYTES, folders, resolve=server.route)
    with pytest.raises(GuestError) as caught:
        vm.run(source(body % change))
    assert caught.value.exception == fault
