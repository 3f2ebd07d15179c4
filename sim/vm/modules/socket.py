# SPDX-License-Identifier: Apache-2.0
"""TCP connections as MicroPython has them, by those of sim/vm/connections.py: outgoing ones, which never block.

Names are looked up when one connects, and TCP_NODELAY is always on.
"""

import errno
import io

from outside import call

AF_INET = 2
SOCK_STREAM = 1
IPPROTO_TCP = 6
TCP_NODELAY = 1


def getaddrinfo(host, port, *more):
    """One row; its address is what `connect` takes."""
    return [(AF_INET, SOCK_STREAM, IPPROTO_TCP, "", (host, port))]


class socket(io.IOBase):
    """`fileno` is the handle that asyncio waits for; None in place of bytes or a count means: not now."""

    def __init__(self, *kind):
        self._handle = 0

    def fileno(self):
        return self._handle

    def setblocking(self, flag):
        if flag:
            raise OSError(errno.EOPNOTSUPP)

    def setsockopt(self, level, option, value):
        if (level, option, value) != (IPPROTO_TCP, TCP_NODELAY, 1):
            raise OSError(errno.EOPNOTSUPP)

    def connect(self, address):
        self._handle = call("net.connect", address[0], address[1])
        raise OSError(errno.EINPROGRESS)

    def read(self, size):
        content = bytearray(size)
        count = self.readinto(content)
        if count is None:
            return None
        return bytes(memoryview(content)[:count])

    def readinto(self, content):
        count = call("net.read", self._handle, content)
        return None if count < 0 else count

    def write(self, content):
        count = call("net.write", self._handle, content)
        return None if count < 0 else count

    def close(self):
        call("net.close", self._handle)
