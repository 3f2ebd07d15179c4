# SPDX-License-Identifier: Apache-2.0
"""A guest's TCP connections: sockets of this process, which go where `resolve` says, with TLS if it says so.

The guest dials by name and number and speaks plainly. That TLS is spoken from here on it need not know; or it wants so,
and hands its certificates over. Nothing here waits but `wait`, in which the guest waits for everything together. A
connection that fails tells the guest so when it reads or writes next, as on a board, and `on_fault` why.
"""

import contextlib
import errno
import socket
import ssl
import struct
from collections.abc import Callable

from .services import Room, Service
from .tls import context_of
from .waiting import READ, WOKEN, WRITE, Waiting

CONNECTIONS_MOST = 16  # as many sockets as a board's TCP/IP has
WANTED = struct.Struct("<HB")  # handle, READ or WRITE or both
AGAIN = -1  # in place of a count: nothing now, wait first
BROKEN = errno.ECONNABORTED
MILLISECOND_NS = 1_000_000


class Route:
    """Where a connection goes: host and TCP port; `tls` speaks to whoever has a certificate for `server_name`."""

    def __init__(
        self, host: str, port: int, tls: ssl.SSLContext | None = None, server_name: str = ""
    ) -> None:
        self.address = (host, port)
        self.tls = tls
        self.server_name = server_name or host


# What the guest dials, to a route, or to a socket that is connected already. OSError if there is no way.
Resolve = Callable[[str, int], Route | socket.socket]


def nowhere(host: str, port: int) -> Route:
    """The way of a guest without a network."""
    raise OSError(errno.EHOSTUNREACH, "no network")


class Connection:
    """One socket on its way through connecting and, with TLS, the handshake, to being open. It never blocks."""

    def __init__(self, way: Route | socket.socket, on_fault: Callable[[str], None]) -> None:
        self._on_fault = on_fault
        self._tls = way.tls if isinstance(way, Route) else None
        self._server_name = way.server_name if isinstance(way, Route) else ""
        self._needs = WRITE if isinstance(way, Route) else 0  # what it waits for before it is open
        self._error: int = 0
        if isinstance(way, Route):
            kind, *_, address = socket.getaddrinfo(*way.address, type=socket.SOCK_STREAM)[0]
            self._socket = socket.socket(kind)
            self._socket.setblocking(False)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            begun = self._socket.connect_ex(address)
            if begun not in (0, errno.EINPROGRESS):
                self._socket.close()
                raise OSError(begun, "no connection")
        else:
            self._socket = way
            way.setblocking(False)

    @property
    def file(self) -> int:
        """Its number on this side."""
        return self._socket.fileno()

    def waits(self, wanted: int) -> int:
        """For which events, so that `wanted` comes about; 0 if it has, as far as can be known without asking."""
        if self.come(0) & wanted:
            return 0
        return self._needs or wanted

    def come(self, found: int) -> int:
        """What the guest may do, now that the events `found` came; some only bring it a step on to being open."""
        if found and self._needs:
            try:
                self._step()
            except OSError as error:
                self._fail(error)
            found &= WRITE
        if self._error:
            return READ | WRITE
        if self._needs:
            return 0
        kept = isinstance(self._socket, ssl.SSLSocket) and self._socket.pending()
        return found | READ if kept else found

    def read(self, size: int) -> bytes | None:
        """At most `size` bytes, none at the end, None if there are none now."""
        self._check()
        if self._needs:
            return None
        try:
            return self._socket.recv(size)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        except OSError as error:
            raise self._fail(error) from None

    def write(self, content: bytes) -> int | None:
        """How many of its bytes went, None if none can now."""
        self._check()
        if self._needs:
            return None
        try:
            return self._socket.send(content)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        except OSError as error:
            raise self._fail(error) from None

    def start_tls(self, tls: ssl.SSLContext, server_name: str) -> None:
        """From here on. OSError if it has begun already."""
        self._check()
        if self._tls is not None:
            raise OSError(errno.EALREADY, "TLS already")
        self._tls = tls
        self._server_name = server_name
        self._needs = WRITE

    def close(self) -> None:
        """At once; what was written still goes."""
        if not self._needs and isinstance(self._socket, ssl.SSLSocket):
            with contextlib.suppress(
                OSError, ValueError
            ):  # the word of farewell, if it can be said
                self._socket.unwrap()
        self._socket.close()

    def _step(self) -> None:
        error = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            raise OSError(error, "no connection")
        if self._tls is None:
            self._needs = 0
            return
        if not isinstance(self._socket, ssl.SSLSocket):
            self._socket = self._tls.wrap_socket(
                self._socket, server_hostname=self._server_name, do_handshake_on_connect=False
            )
        try:
            self._socket.do_handshake()
        except ssl.SSLWantReadError:
            self._needs = READ
        except ssl.SSLWantWriteError:
            self._needs = WRITE
        else:
            self._needs = 0

    def _check(self) -> None:
        if self._error:
            raise OSError(self._error, "no connection")

    def _fail(self, error: OSError) -> OSError:
        """Say why, once; the guest is told a number, and TLS has numbers of its own."""
        self._error = BROKEN if isinstance(error, ssl.SSLError) else error.errno or BROKEN
        self._on_fault(str(error))
        return OSError(self._error, "no connection")


class Connections:
    """All those of one guest, by a handle that is never used twice."""

    def __init__(self, waiting: Waiting, resolve: Resolve, on_fault: Callable[[str], None]) -> None:
        self._waiting = waiting
        self._resolve = resolve
        self._on_fault = on_fault
        self._open: dict[int, Connection] = {}
        self._last = 0

    def services(self) -> dict[str, Service]:
        """What modules outside, socket and ssl call."""
        return {
            "wait": self.wait,
            "net.connect": self.connect,
            "net.read": self.read,
            "net.write": self.write,
            "net.close": self.close,
            "net.tls": self.start_tls,
        }

    def connect(self, host: str, port: int) -> int:
        """A handle. The connection is there when it can be written to."""
        if len(self._open) >= CONNECTIONS_MOST:
            raise OSError(errno.ENOBUFS, "too many connections")

        def on_fault(why: str) -> None:
            self._on_fault("%s:%d: %s" % (host, port, why))

        try:
            connection = Connection(self._resolve(host, port), on_fault)
        except OSError as error:
            on_fault(str(error))
            known = isinstance(error, socket.gaierror) or not error.errno
            raise OSError(errno.EHOSTUNREACH if known else error.errno, "no connection") from None
        self._last += 1
        self._open[self._last] = connection
        return self._last

    def read(self, handle: int, room: Room) -> int:
        """How many bytes came, 0 at the end, or AGAIN."""
        content = self._get(handle).read(room.size)
        return AGAIN if content is None else room.fill(content)

    def write(self, handle: int, content: bytes) -> int:
        """How many of them went, or AGAIN."""
        count = self._get(handle).write(content)
        return AGAIN if count is None else count

    def start_tls(
        self, handle: int, server_name: str, authority: bytes, certificate: bytes, key: bytes
    ) -> None:
        """Speak TLS from here on, as the guest wants it."""
        self._get(handle).start_tls(context_of(authority, certificate, key), server_name)

    def close(self, handle: int) -> None:
        """Nothing more, either way. A handle that is closed already is fine."""
        connection = self._open.pop(handle, None)
        if connection is not None:
            connection.close()

    def wait(self, span_ms: int, wanted: bytes, ready: Room) -> int:
        """Until one of the `wanted` rows comes about: how many stand in `ready` then. 0 after `span_ms`, which is
        none if negative; -1 if woken."""
        if len(wanted) % WANTED.size or len(wanted) > ready.size:
            raise OSError(errno.EINVAL, "no rows, or no room for them")
        rows = [
            (self._get(handle), handle, events) for handle, events in WANTED.iter_unpack(wanted)
        ]
        now_ns = self._waiting.clock.now_ns
        due_ns = None if span_ms < 0 else now_ns() + span_ms * MILLISECOND_NS
        while True:
            files = {row[0].file: row[0].waits(row[2]) for row in rows}
            span_ns = None if due_ns is None else max(0, due_ns - now_ns())
            found = self._waiting.files(span_ns if all(files.values()) else 0, files)
            if WOKEN in found:
                return -1  # whatever else is ready is so the next time, too
            told = b"".join(
                WANTED.pack(handle, events)
                for connection, handle, wants in rows
                if (events := wants & connection.come(found.get(connection.file, 0)))
            )
            if told:
                return ready.fill(told) // WANTED.size
            if due_ns is not None and now_ns() >= due_ns:
                return 0

    def end(self) -> None:
        """All of them."""
        while self._open:
            self._open.popitem()[1].close()

    def _get(self, handle: int) -> Connection:
        connection = self._open.get(handle)
        if connection is None:
            raise OSError(errno.EBADF, "no such connection")
        return connection
