# SPDX-License-Identifier: Apache-2.0
"""What a guest may ask of this side: functions by name, with integers and bytes as arguments and an integer as answer.

The guest's side is modules/outside.py. The build's own door takes a name and bytes, and answers a text that must fit
into a buffer of the guest's heap. So an argument is nine bytes, a kind and either an integer or where in the guest's
memory bytes stand, and what is longer than an integer goes back into memory that the guest holds ready (Room).
"""

import errno
import inspect
import struct
from collections.abc import Callable, Mapping
from typing import Any, Protocol

ARGUMENT = struct.Struct("<Bq")  # kind, integer or place
PLACE = struct.Struct("<II")  # address, size
ARGUMENTS_MOST = 8
ANSWER_BYTES = 24  # an integer in decimal; the guest takes that from its heap for every call
ANSWER_BITS = 62
INTEGER, BYTES = 0, 1
# WASI's numbers, which this build's OSError and its module errno have.
WASI_NUMBERS = {
    errno.EACCES: 2,
    errno.EADDRINUSE: 3,
    errno.EAGAIN: 6,
    errno.EALREADY: 7,
    errno.EBADF: 8,
    errno.EBUSY: 10,
    errno.ECONNABORTED: 13,
    errno.ECONNREFUSED: 14,
    errno.ECONNRESET: 15,
    errno.EEXIST: 20,
    errno.EHOSTUNREACH: 23,
    errno.EINPROGRESS: 26,
    errno.EINTR: 27,
    errno.EINVAL: 28,
    errno.EIO: 29,
    errno.EISDIR: 31,
    errno.EMFILE: 33,
    errno.ENETUNREACH: 40,
    errno.ENOBUFS: 42,
    errno.ENODEV: 43,
    errno.ENOENT: 44,
    errno.ENOMEM: 48,
    errno.ENOSPC: 51,
    errno.ENOTCONN: 53,
    errno.ENOTDIR: 54,
    errno.ENOTEMPTY: 55,
    errno.EOPNOTSUPP: 58,
    errno.EPERM: 63,
    errno.EPIPE: 64,
    errno.EROFS: 69,
    errno.ETIMEDOUT: 73,
}

Service = Callable[..., int | None]


class GuestMemory(Protocol):
    """Memory of a guest. IndexError outside of it."""

    def read(self, address: int, size: int) -> bytes:
        """A copy."""
        ...

    def write(self, address: int, content: bytes) -> None:
        """All of it."""
        ...


class Room:
    """`size` bytes of the guest's memory that a service may fill, while it is called."""

    def __init__(self, memory: GuestMemory, address: int, size: int) -> None:
        self._memory = memory
        self._address = address
        self.size = size

    def fill(self, content: bytes) -> int:
        """Write `content` from the start, at most `size` bytes; how many it is."""
        if len(content) > self.size:
            raise ValueError("%d bytes for a room of %d" % (len(content), self.size))
        self._memory.write(self._address, content)
        return len(content)


class Services:
    """Functions that a guest may call. Each says by its annotations what it takes: int, bytes, str or Room.

    It returns an integer of 62 bits or nothing, which is 0. An OSError is the guest's to see; any other exception is a
    fault of this side, and `call` lets it through.
    """

    def __init__(self, functions: Mapping[str, Service]) -> None:
        self._known = {name: (function, kinds(function)) for name, function in functions.items()}

    def call(self, name: bytes, payload: bytes, memory: GuestMemory) -> bytes:
        """The answer as the guest reads it: decimal digits, after a "!" if it is the number of an OSError."""
        try:
            known = self._known.get(name.decode("ascii", "replace"))
            if known is None:
                raise OSError(errno.EOPNOTSUPP, "no such service")
            function, wanted = known
            result = function(*arguments(payload, wanted, memory))
        except OSError as error:
            return b"!%d" % WASI_NUMBERS.get(error.errno or 0, WASI_NUMBERS[errno.EIO])
        answer = int(result or 0)
        if answer.bit_length() > ANSWER_BITS:
            raise ValueError("%s answers with more than %d bits" % (name.decode(), ANSWER_BITS))
        return b"%d" % answer


def kinds(function: Service) -> list[Any]:
    """The types of its arguments. ValueError if it does not say them, or others."""
    parameters = inspect.signature(function, eval_str=True).parameters.values()
    found = [parameter.annotation for parameter in parameters]
    if not all(kind in (int, bytes, str, Room) for kind in found):
        raise ValueError("a service takes int, bytes, str and Room, and says so: %r" % function)
    return found


def arguments(payload: bytes, wanted: list[Any], memory: GuestMemory) -> list[Any]:
    """What the guest passes, of the kinds `wanted`. OSError if it is anything else."""
    wrong = OSError(errno.EINVAL, "these are not the service's arguments")
    if len(payload) != ARGUMENT.size * len(wanted) or len(wanted) > ARGUMENTS_MOST:
        raise wrong
    found: list[Any] = []
    for (kind, number), want in zip(ARGUMENT.iter_unpack(payload), wanted, strict=True):
        if kind != (INTEGER if want is int else BYTES):
            raise wrong
        if want is int:
            found.append(number)
            continue
        address, size = PLACE.unpack(struct.pack("<q", number))
        if want is Room:
            found.append(Room(memory, address, size))
            continue
        try:
            content = memory.read(address, size)
            found.append(content if want is bytes else content.decode())
        except (IndexError, UnicodeDecodeError):
            raise wrong from None
    return found
