# SPDX-License-Identifier: Apache-2.0
"""The instrument itself: it counts every instruction, sees every stray write, and passes errors on."""

from pathlib import Path
from typing import Any

import pytest

from sim.rv32.file import load
from sim.rv32.machine import HIGH_RAM, Identity, Machine, MachineError, unicorn

SOURCE = """
import micropython

@micropython.viper
def put(place: ptr8, index: int, value: int) -> int:
    before = place[index]
    place[index] = value
    return before

@micropython.viper
def get(place: ptr8, index: int) -> int:
    return place[index]

@micropython.viper
def spin(turns: int) -> int:
    total = 0
    while turns > 0:
        total += turns * turns // 3
        turns -= 1
    return total

@micropython.viper
def ask(thing, count):
    return thing.answer(count, b"bytes")

@micropython.viper
def twice(thing, place: ptr8):
    return thing.inner(place, 0, 5)

class Board:
    @micropython.viper
    def level(self, text):
        return self.name

    def levels(self):
        return [self.level(number) for number in (1, 2)]
"""


@pytest.fixture
def source(tmp_path: Path) -> str:
    (tmp_path / "probe.py").write_text(SOURCE)
    return str(tmp_path / "probe.py")


def test_functions_have_their_names_and_take_and_give_objects(source: str) -> None:
    """Also inside a class, behind comprehensions, and from machine code to machine code."""
    file = load(source)
    place = bytearray(b"abc")
    assert file["put"](place, 1, 0x141) == ord("b")
    assert place == b"aAc"
    assert file["spin"](10) == sum(number * number // 3 for number in range(11))

    class Thing:
        inner = staticmethod(file["put"])

        def answer(self, *given: object) -> object:
            return given

    assert file["ask"](Thing(), 1 << 300) == (1 << 300, b"bytes")
    assert file["twice"](Thing(), place) == ord("a")
    assert place == b"\x05Ac"
    board = file["Board"]()
    board.name = "mid"
    assert board.levels() == ["mid", "mid"]


def test_every_instruction_is_counted(source: str) -> None:
    """By runs of instructions, which is fast, as one by one."""
    machine = Machine(counting=True)
    file = load(source, machine)
    steps: list[int] = []

    def one(_cpu: object, address: int, _size: int, _extra: object) -> None:
        steps.append(address)

    machine.cpu.hook_add(unicorn.UC_HOOK_CODE, one, begin=0x10000, end=0x80000)
    for turns in (0, 1, 17):
        file["spin"](turns)
    assert machine.instructions == len(steps) > 100
    assert machine.calls["floor_divide"] == 18


@pytest.mark.parametrize("index", [-1, -16, 3, 18])
def test_a_write_beyond_a_buffer_is_told(source: str, index: int) -> None:
    """Before it and behind it."""
    with pytest.raises(MachineError, match="beyond the 3 bytes"):
        load(source)["put"](bytearray(3), index, 1)


@pytest.mark.parametrize("index", [-1, 3])
def test_a_read_beyond_a_buffer_is_told_by_who_watches(source: str, index: int) -> None:
    """Reading leaves no trace."""
    file = load(source, Machine(watching=True))
    assert file["get"](bytearray(b"abc"), 2) == ord("c")
    with pytest.raises(MachineError, match="in no object"):
        file["get"](bytearray(3), index)


def test_a_write_into_bytes_is_told(source: str) -> None:
    """They never change."""
    file = load(source)
    assert file["put"](b"abc", 0, ord("a")) == ord("a")
    with pytest.raises(MachineError, match="bytes were changed"):
        file["put"](b"abc", 0, 1)


def test_an_error_of_what_is_called_comes_out_and_the_machine_goes_on(source: str) -> None:
    """It passes through the machine code as an exception does on a board."""
    file = load(source)

    class Thing:
        def answer(self, _count: int, _text: bytes) -> int:
            raise OverflowError("too much")

    with pytest.raises(OverflowError, match="too much"):
        file["ask"](Thing(), 1)
    assert file["spin"](1) == 0


@pytest.mark.parametrize("value", [1 << 30, -(1 << 30) - 1, 1 << 512, -(1 << 511) + 1])
def test_integers_are_kept_as_micropython_does(value: int) -> None:
    """A type, room and sign, digits in use, their address; and id() without the highest bit."""
    machine = Machine(HIGH_RAM)
    word = machine.put_integer(value, 40)
    kind, flags, size, place = machine.read_words(word, 4)
    assert kind == machine.read_words(machine.put(1 << 40), 1)[0]
    assert (flags >> 2, flags & 3) == (40, value < 0)
    assert size == (abs(value).bit_length() + 15) // 16
    assert machine.read(place, 2 * size) == abs(value).to_bytes(2 * size, "little")
    assert machine.get(word) == value
    before = machine.free
    told = Identity(machine)(value)
    assert -(1 << 30) <= told < 0
    assert before <= told & 0x7FFFFFFF < machine.free


def test_the_objects_of_a_call_are_gone_with_it(source: str) -> None:
    """A million calls fit."""
    machine = Machine()
    file: dict[str, Any] = load(source, machine)
    file["put"](bytearray(3), 0, 1)
    used = machine.free
    for _ in range(50):
        file["put"](bytearray(3), 0, 1)
    assert machine.free == used
