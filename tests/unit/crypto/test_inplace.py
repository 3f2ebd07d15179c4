# SPDX-License-Identifier: Apache-2.0
"""The machine code of inplace.py on integer objects as MicroPython lays them out, and what it must leave alone."""

import random
from pathlib import Path
from shutil import copy
from types import SimpleNamespace
from typing import Any

import pytest

from sim.rv32.file import FIRMWARE, load
from sim.rv32.machine import DRAM, HIGH_RAM, Function, Identity, Machine
from tests.parity.interpreters import on_official_build
from wattpact.crypto.field import P

EDGES = [
    *(0, 1, 2, P - 1, P, P + 1, 2 * P, (P - 1) ** 2, P * P),
    *((1 << exponent) + near for exponent in range(32, 513, 16) for near in (-1, 0, 1)),
    *((times << 256) + near for times in range(1, 20) for near in (-1, 0, 1)),
    *(times * P + near for times in range(1, 20) for near in (-1, 0, 1)),
    (P << 260) - 1,
    (1 << 517) - 1,
]


class Board:
    """inplace.py on a machine with its objects at `heap`."""

    def __init__(self, heap: int = DRAM, **stand_ins: object) -> None:
        self.machine = machine = Machine(heap, counting=True, watching=True)
        viper = load("wattpact/crypto/viper.py", machine)
        given = {
            "viper": SimpleNamespace(fold=viper["fold"]),
            "sys": SimpleNamespace(maxsize=0x7FFFFFFF),
            "uctypes": SimpleNamespace(bytearray_at=machine.read),
            "id": Identity(machine),
            **stand_ins,
        }
        self.names: dict[str, Any] = load("wattpact/crypto/inplace.py", machine, **given)
        [kind] = machine.read_words(machine.put(P), 1)
        self.modulus: Any = self.names["Modulus"](kind)

    def reduced(self, value: int, room: int, kind: int | None = None, flag: int = 0) -> "Reduced":
        """What becomes of an integer object with so much room, perhaps of another type or with a flag set."""
        reduce: Function = self.names["Modulus"].__rmod__
        machine = self.machine
        machine.forget()
        word = machine.put_integer(value, room)
        before = machine.read_words(word, 4)
        before[0] = before[0] if kind is None else kind
        before[1] |= flag
        machine.write_words(word, *before)
        machine.integer_types.add(before[0])
        began = machine.instructions
        rest = machine.run_words(reduce, [machine.put(self.modulus), word])
        after = machine.read_words(word, 4)
        changed = before != after or machine.integer(word) != value
        return Reduced(rest, changed, machine.instructions - began)


class Reduced:
    """The result, whether the object is another than before, and the instructions."""

    def __init__(self, rest: int, changed: bool, instructions: int) -> None:
        self.rest = rest
        self.changed = changed
        self.instructions = instructions


@pytest.fixture(params=[DRAM, HIGH_RAM], ids=["ESP32", "ESP32-C6"])
def board(request: pytest.FixtureRequest) -> Board:
    """With addresses that id() tells, and with such that it cuts."""
    return Board(request.param)


@pytest.mark.parametrize("sign", [1, -1])
def test_the_result_is_congruent_and_below_2_to_256(board: Board, sign: int) -> None:
    """Without zeros on top; and not a byte beyond the digits is read or written."""
    draw = random.Random(1)
    counts: list[int] = []
    values = EDGES + [draw.getrandbits(draw.choice((512, 512, 500, 300))) for _ in range(1500)]
    for value in values:
        result = board.reduced(sign * value, draw.choice((32, 33, 40)))
        assert 0 <= result.rest < 1 << 256
        assert (result.rest - sign * value) % P == 0, hex(value)
        if value.bit_length() > 496:
            counts.append(result.instructions)
    average = sum(counts) // len(counts)
    print("in place: %d to %d instructions, %d on average" % (min(counts), max(counts), average))


@pytest.mark.parametrize(
    ("value", "room", "options"),
    [
        (P * P >> 16, 31, {}),
        (P * 5, 17, {}),
        (1 << 528, 34, {}),
        (P * P, 32, {"kind": 0x3F401240}),
        (P * P, 32, {"flag": 2}),
    ],
    ids=["31", "as many as used", "34", "no integer", "borrowed"],
)
def test_what_does_not_suit_is_left_as_it_is(
    board: Board, value: int, room: int, options: "dict[str, int]"
) -> None:
    """MicroPython's own division gives the result."""
    asked: list[object] = []

    def divided(_modulus: object, thing: object) -> int:
        asked.append(thing)
        return 77

    board.names["Modulus"]._divided = divided
    result = board.reduced(value, room, **options)
    assert result.rest == 77
    assert not result.changed
    assert asked == [value]


@pytest.mark.parametrize("value", [0, 1, -1, 5, (1 << 30) - 1, -(1 << 30)])
def test_a_small_integer_is_no_object(board: Board, value: int) -> None:
    """Its word is not taken for an address."""
    assert value % board.modulus == value % P


def test_a_result_can_be_reckoned_with(board: Board) -> None:
    """Also one that kept the room of the product it was."""
    x, y = P - 2, (1 << 256) - 1
    a, b = x, y
    for _ in range(40):
        x, y = y, (x * x - y) % board.modulus
        a, b = b, (a * a - b) % P
    assert (y - b) % P == 0


def test_the_probe_accepts_the_layout_of_a_board(board: Board) -> None:
    """And gives a modulus that works."""
    modulus = board.names["open_modulus"]()
    assert (P - 1) * (P - 1) % modulus in (1, P + 1)


def refused(board: Board, why: str) -> None:
    """None is given, and why is said."""
    with pytest.raises(ValueError, match=why):
        board.names["open_modulus"]()


@pytest.mark.parametrize(
    ("index", "change"), [(1, 1), (1, 2), (1, 32 << 2), (2, 16), (3, 1 << 31), (3, 1), (3, 16)]
)
def test_another_layout_is_refused(board: Board, index: int, change: int) -> None:
    """Sign, owner of the digits, room, digits in use, their address: nothing is written before all fit."""
    machine = board.machine

    def bytearray_at(address: int, size: int) -> bytes:
        words = machine.read_words(address, size // 4)
        if size == 16:
            words[index] ^= change
        return b"".join(word.to_bytes(4, "little") for word in words) + bytes(size % 4)

    board.names["uctypes"].bytearray_at = bytearray_at
    refused(board, "integers are laid out|digits of integers")
    assert not machine.instructions


def test_integers_of_several_types_are_refused(board: Board) -> None:
    """The first word is the same in all, or it is not the type."""
    types = iter(range(100))

    def bytearray_at(address: int, size: int) -> bytes:
        return next(types).to_bytes(4, "little") + board.machine.read(address, size)[4:]

    board.names["uctypes"].bytearray_at = bytearray_at
    refused(board, "laid out")
    assert not board.machine.instructions


def test_digits_of_another_size_are_refused(board: Board) -> None:
    """A port may have 32 bits in each."""

    def bytearray_at(address: int, size: int) -> bytes:
        return board.machine.read(address, size) if size == 16 else bytes(size)

    board.names["uctypes"].bytearray_at = bytearray_at
    refused(board, "digits of integers")
    assert not board.machine.instructions


def test_a_64_bit_port_and_high_addresses_are_refused() -> None:
    """Before anything is read."""

    def high(_value: object) -> int:
        return 0x80000010

    refused(Board(sys=SimpleNamespace(maxsize=(1 << 63) - 1)), "32-bit")
    refused(Board(id=high), "2 GB")


def test_a_wrong_result_is_refused(board: Board) -> None:
    """The last thing to be looked at is whether it works."""

    def nothing(_source: object, _out: object, _size: object) -> None:
        return

    board.names["fold"] = nothing
    refused(board, "result is wrong")


def test_the_same_source_does_the_same_to_real_integers(tmp_path: Path) -> None:
    """As bytecode, on the real MicroPython VM: its objects are laid out as the probe wants them."""
    cases = tmp_path / "tests" / "parity" / "cases"
    cases.mkdir(parents=True)
    (tmp_path / "firmware").symlink_to(FIRMWARE)
    copy(Path(__file__).with_name("in_bytecode.py"), cases)
    assert on_official_build("in_bytecode", tmp_path) == ["done"]
