# SPDX-License-Identifier: Apache-2.0
"""A guest calls this side by name: what passes between them, and whose fault it is if that goes wrong."""

import errno
from pathlib import Path

import pytest

from sim.vm.machine import Machine
from sim.vm.services import Room, Service, Services

HEAP_BYTES = 64 * 1024
MODULES = Path(__file__).resolve().parents[4] / "sim" / "vm" / "modules"


def run(source: str, **services: Service) -> list[str]:
    """The lines of `source`, which has `call`."""
    machine = Machine(HEAP_BYTES, {"/modules": MODULES}, services=services)
    return machine.run("from outside import call\n" + source)


def reverse(content: bytes, room: Room) -> int:
    return room.fill(content[::-1])


def test_integers_texts_and_bytes_pass_unchanged() -> None:
    """NUL, no UTF-8, beyond 32 bits, below zero, a slice of a buffer; and an integer comes back."""
    got: list[object] = []

    def take(number: int, content: bytes, text: str) -> int:
        got.extend((number, content, text))
        return -(1 << 40)

    source = "print(call('take', -(1 << 62), memoryview(b'..\\0\\xff.')[2:4], 'größer'))"
    assert run(source, take=take) == ["-1099511627776"]
    assert got == [-(1 << 62), b"\0\xff", "größer"]


def test_bytes_come_back_in_a_room_of_the_guest_s() -> None:
    """No more of it is written than it has."""
    source = "room = bytearray(4)\nprint(call('reverse', b'abc', room), room)"
    assert run(source, reverse=reverse) == ["3 bytearray(b'cba\\x00')"]


def test_what_does_not_fit_the_room_is_this_side_s_fault() -> None:
    """A service must look how much it may give."""
    with pytest.raises(ValueError, match="5 bytes for a room of 4"):
        run("call('reverse', b'12345', bytearray(4))", reverse=reverse)


@pytest.mark.parametrize(
    ("number", "name"),
    [(errno.ENOENT, "ENOENT"), (errno.ECONNREFUSED, "ECONNREFUSED"), (errno.EUCLEAN, "EIO")],
)
def test_an_error_of_a_service_is_an_oserror_in_the_guest(number: int, name: str) -> None:
    """By its name, for the guest's numbers are not ours; one that the guest does not know is EIO."""

    def fail() -> None:
        raise OSError(number, "so it is")

    source = """
import errno
try:
    call('fail')
except OSError as error:
    print(errno.errorcode[error.errno])
"""
    assert run(source, fail=fail) == [name]


@pytest.mark.parametrize(
    ("call", "name"),
    [
        ("call('absent')", "EOPNOTSUPP"),
        ("call('reverse', b'abc')", "EINVAL"),
        ("call('reverse', 1, bytearray(1))", "EINVAL"),
        ("call('take', b'')", "EINVAL"),
        ("call('say', b'\\xff')", "EINVAL"),
        ("host.call('take', '123456789')", "'!28'"),
        ("host.call('reverse', struct.pack('<BIIBII', 1, 0xfffffff0, 32, 1, 0, 0))", "'!28'"),
    ],
    ids=["name", "few", "kind", "other kind", "no text", "payload", "address"],
)
def test_what_is_no_call_of_a_service_is_the_guest_s_error(call: str, name: str) -> None:
    """It reaches no service and harms nothing."""

    def take(number: int) -> None:
        raise AssertionError

    def say(text: str) -> None:
        raise AssertionError

    source = """
import errno, host, struct
try:
    print(repr(%s))
except OSError as error:
    print(errno.errorcode[error.errno])
"""
    assert run(source % call, reverse=reverse, take=take, say=say) == [name]


def test_any_other_exception_of_a_service_ends_the_guest_and_is_told_here() -> None:
    """The guest cannot catch it, and goes no further."""
    said: list[bytes] = []

    def fail() -> None:
        raise KeyError("ours")

    def say(text: bytes) -> None:
        said.append(text)

    source = """
try:
    call('fail')
except BaseException:
    pass
while True:
    call('say', b'still here')
"""
    with pytest.raises(KeyError, match="ours"):
        run(source, fail=fail, say=say)
    assert said == []


def test_an_answer_that_is_no_small_integer_is_this_side_s_fault() -> None:
    """It would not fit what the guest keeps for it."""

    def much() -> int:
        return 1 << 70

    with pytest.raises(ValueError, match="62 bits"):
        run("call('much')", much=much)


def test_a_service_says_what_it_takes() -> None:
    """An argument without a type could not be checked."""
    Services({"reverse": reverse})
    with pytest.raises(ValueError, match="a service takes"):
        Services({"print": print})


def test_ten_thousand_calls_leave_no_trace_in_the_heap() -> None:
    """What a call takes is garbage when it is over."""
    source = """
import gc
gc.collect()
before = gc.mem_alloc()
room = bytearray(3)
for _ in range(10000):
    call('reverse', b'abc', room)
gc.collect()
print(gc.mem_alloc() - before < 4096)  # the collector may take a number for an address
"""
    assert run(source, reverse=reverse) == ["True"]
