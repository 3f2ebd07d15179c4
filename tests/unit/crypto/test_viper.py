# SPDX-License-Identifier: Apache-2.0
"""The machine code of viper.py, as mpy-cross makes it for RV32, against plain arithmetic; and how many instructions."""

import random
from typing import Any

import pytest

from sim.rv32.file import FIRMWARE, load
from sim.rv32.machine import Machine, MachineError
from sim.rv32.mpy import compiled
from tests.parity.interpreters import on_official_build
from wattpact.crypto.field import N, P

MACHINE = Machine(counting=True)
VIPER = load("wattpact/crypto/viper.py", MACHINE)
MODULUS: Any = VIPER["Modulus"]()
FOLD = VIPER["fold"]
INSTRUCTIONS_MOST = 1000

EDGES = [
    *(0, 1, P - 1, P, P + 1, 2 * P - 1, 2 * P, (P - 1) ** 2, P * P, (P << 256) - 1),
    *((1 << exponent) + near for exponent in (*range(16, 513, 16), 516) for near in (-1, 0, 1)),
    *((times << 256) + near for times in range(20) for near in (-1, 0, 1)),
    *(times * P + near for times in range(20) for near in (-1, 0, 1)),
    *((0xFFFFFFFF << 32 * word) - near for word in range(15) for near in (0, 1)),
    (P << 260) - 1,
    (1 << 517) - 1,
]


def folded(value: int, size: int = 33) -> int:
    """What fold makes of it, from `size` digits."""
    out = bytearray(32)
    FOLD((value % (1 << 16 * size)).to_bytes(2 * size, "little"), out, size)
    return int.from_bytes(out, "little")


def spent(function: Any, *arguments: object) -> int:
    """Instructions of machine code in one call."""
    before = MACHINE.instructions
    function(*arguments)
    return MACHINE.instructions - before


def told(what: str, counts: list[int]) -> str:
    return "%s: %d calls, %d to %d instructions, %d on average" % (
        what,
        len(counts),
        min(counts),
        max(counts),
        sum(counts) // len(counts),
    )


def test_a_fold_is_congruent_and_takes_at_most_1000_instructions() -> None:
    """Edges and random numbers of every length, of both signs."""
    draw = random.Random(1)
    lengths = (257, 400, 511, 512, 512, 512, 513, 516, 517)
    values = EDGES + [draw.getrandbits(draw.choice(lengths)) for _ in range(3000)]
    counts: list[int] = []
    for value in values:
        for signed in (value, -value):
            before = MACHINE.instructions
            rest = folded(signed)
            counts.append(MACHINE.instructions - before)
            assert (rest - signed) % P == 0, hex(signed)
    print(told("fold", counts))
    assert max(counts) <= INSTRUCTIONS_MOST


def test_the_worst_a_fold_meets_is_one_second_turn() -> None:
    """Near multiples of p the top digit tells wrongly how often p is in it; one more turn always mends that."""
    draw = random.Random(2)
    counts: list[int] = []
    for _ in range(4000):
        near = draw.getrandbits(draw.choice((1, 200, 224, 240, 243, 246)))
        value = draw.getrandbits(draw.randrange(4, 261)) * P + draw.choice((near, -near))
        value = draw.choice((value, -value, draw.getrandbits(528) - (1 << 527)))
        before = MACHINE.instructions
        assert (folded(value) - value) % P == 0, hex(value)
        counts.append(MACHINE.instructions - before)
    kinds = sorted(set(counts))
    print(told("fold, near multiples", counts), {kind: counts.count(kind) for kind in kinds})
    assert len(kinds) == 2
    assert kinds[-1] <= INSTRUCTIONS_MOST
    assert counts.count(kinds[-1]) > 100


def test_64_bytes_have_no_sign() -> None:
    """Digits that are all of a number, up to the highest bit."""
    draw = random.Random(3)
    for value in [edge for edge in EDGES if 0 <= edge < 1 << 512] + [
        (1 << 512) - 1 - draw.getrandbits(400) for _ in range(200)
    ]:
        assert (folded(value, 32) - value) % P == 0, hex(value)


def test_a_number_may_be_folded_onto_itself() -> None:
    """With and without a second turn; what lies behind the result stays."""
    draw = random.Random(4)
    for value in EDGES + [draw.getrandbits(200) * P - draw.getrandbits(200) for _ in range(200)]:
        source = (value % (1 << 528)).to_bytes(66, "little")
        place = bytearray(source)
        FOLD(place, place, 33)
        assert (int.from_bytes(place[:32], "little") - value) % P == 0, hex(value)
        assert place[32:] == source[32:]


@pytest.mark.parametrize("sign", [1, -1])
def test_an_expression_modulo_the_object_is_congruent_and_below_2_to_256(sign: int) -> None:
    """Of every size, small integers among them."""
    draw = random.Random(5)
    for value in EDGES + [draw.getrandbits(512) for _ in range(300)] + list(range(40)):
        rest = sign * value % MODULUS
        assert 0 <= rest < 1 << 256
        assert (rest - sign * value) % P == 0
    counts = [spent(MODULUS.__rmod__, draw.getrandbits(512)) for _ in range(100)]
    print(told("__rmod__, with its fold", counts))


def test_a_number_of_more_than_66_bytes_is_an_error() -> None:
    """Nothing is cut off in silence."""
    with pytest.raises(OverflowError):
        _ = (1 << 528) % MODULUS


def test_a_micropython_that_refuses_negative_numbers_is_refused() -> None:
    """Its documentation says that it takes them "currently"."""

    def refusing(value: int, size: int, order: str) -> bytes:
        if value < 0:
            raise OverflowError
        return value.to_bytes(size, "little")

    def wrong(value: int, size: int, order: str) -> bytes:
        return abs(value).to_bytes(size, "little")

    for to_bytes in (refusing, wrong):
        machine = Machine()
        machine.to_bytes = to_bytes
        file = load("wattpact/crypto/viper.py", machine)
        with pytest.raises(ValueError, match="two's complement"):
            file["Modulus"]()


def inverses(modulus: int, values: list[int]) -> tuple[list[int], int]:
    """Instructions of each inversion, and how many plain divisions there were."""
    divided: list[int] = []
    names: dict[str, Any] = load("wattpact/crypto/viper.py", MACHINE)
    plain = names["_divide"]

    def divide(numbers: bytearray, state: bytearray) -> int:
        divided.append(1)
        return plain(numbers, state)

    names["_divide"] = divide
    counts: list[int] = []
    for value in values:
        before = MACHINE.instructions
        result = names["inverse"](value, modulus)
        counts.append(MACHINE.instructions - before)
        assert result == pow(value, -1, modulus), hex(value)
    return counts, len(divided)


@pytest.mark.parametrize("modulus", [P, N])
def test_random_numbers_times_their_inverses_are_one(modulus: int) -> None:
    """Above the modulus and below zero too; quotients of 15 bits and more are rare in them."""
    draw = random.Random(6)
    values = [draw.randrange(1, modulus) for _ in range(400)]
    values[::4] = [value - draw.choice((1, 2, 3)) * modulus for value in values[::4]]
    values[1::4] = [value + modulus for value in values[1::4]]
    counts, divided = inverses(modulus, values)
    print(told("inverse", counts), "%d plain divisions" % divided)
    assert divided < 20


@pytest.mark.parametrize("modulus", [P, N])
def test_numbers_with_great_quotients_have_inverses_too(modulus: int) -> None:
    """Small, near the modulus, powers of two, near fractions of the modulus, and quotients put in on purpose."""
    draw = random.Random(7)
    values = [*range(1, 40), *(modulus - number for number in range(1, 40)), modulus >> 1]
    values += [(1 << bit) + near for bit in range(3, 255) for near in (-1, 0, 1)]
    values += [modulus // part + near for part in range(2, 60) for near in (-1, 0, 1)]
    for _ in range(100):
        # Euclid backwards from 1, 0 with a great quotient somewhere, then as near to the modulus as it comes.
        high, low = 1, 0
        while high.bit_length() < 200:
            quotient = draw.getrandbits(draw.choice((1, 2, 3, 14, 15, 16, 17, 30, 31, 40))) + 1
            high, low = high * quotient + low, high
        values.append(modulus * low // high)
    _counts, divided = inverses(modulus, [value for value in values if value % modulus])
    print("%d plain divisions in %d inversions" % (divided, len(values)))
    assert divided > 100


def gathered(bits: bytes, teeth: int, stride: int) -> bytes:
    """The digits of a comb, from their definition."""
    number = int.from_bytes(bits, "little")
    return bytes(
        sum((number >> (tooth * stride + place) & 1) << tooth for tooth in range(teeth))
        for place in range(stride)
    )


@pytest.mark.parametrize(
    ("teeth", "stride"), [(2, 1), (2, 128), (3, 86), (4, 64), (5, 52), (6, 44), (7, 38), (8, 32)]
)
def test_the_digits_of_a_comb_are_those_of_its_definition(teeth: int, stride: int) -> None:
    """From exactly as many bytes as the bits need, and in the same time whatever the bits."""
    draw = random.Random(8)
    counts: list[int] = []
    for _ in range(20):
        bits = draw.randbytes((teeth * stride + 7) // 8)
        out = bytearray(stride)
        counts.append(spent(VIPER["gather"], out, bits, teeth, stride))
        assert out == gathered(bits, teeth, stride)
    print(told("gather %d x %d" % (teeth, stride), counts))
    assert len(set(counts)) == 1


def test_nothing_is_read_or_written_beyond_what_a_function_was_given() -> None:
    """Every access is looked at, in buffers of exactly the size that is asked for."""
    draw = random.Random(9)
    watched = load("wattpact/crypto/viper.py", Machine(watching=True))
    for size in (32, 33) * 20:
        watched["fold"](draw.randbytes(2 * size), bytearray(32), size)
    for teeth, stride in ((5, 52), (8, 32), (7, 38)):
        bits = draw.randbytes((teeth * stride + 7) // 8)
        watched["gather"](bytearray(stride), bits, teeth, stride)
    for value in (1, 2, P - 1, 1 << 255, *(draw.randrange(1, P) for _ in range(5))):
        assert watched["inverse"](value, P) * value % P == 1
    with pytest.raises(MachineError, match="in no object"):
        watched["fold"](bytes(65), bytearray(32), 33)
    with pytest.raises(MachineError, match="in no object"):
        watched["fold"](bytes(66), bytearray(31), 33)


CASE = """\
def lines():
    for name in {names}:
        if name == "foreign":
            with open("foreign.mpy", "wb") as file:
                file.write({mpy})
        try:
            __import__(name)
        except Exception as error:
            yield name + " " + type(error).__name__
"""


def test_it_can_be_imported_only_where_it_runs(tmp_path: Any) -> None:
    """On the real MicroPython VM, which has no viper; and compiled for the processor of an ESP32."""
    mpy = compiled(FIRMWARE / "wattpact/crypto/viper.py", tmp_path, "xtensawin")
    root = tmp_path / "root"
    cases = root / "tests" / "parity" / "cases"
    cases.mkdir(parents=True)
    (root / "firmware").symlink_to(FIRMWARE)
    names = ("wattpact.crypto.viper", "wattpact.crypto.inplace", "foreign")
    (cases / "probe.py").write_text(CASE.format(names=names, mpy=mpy))
    assert on_official_build("probe", root) == [
        "wattpact.crypto.viper SyntaxError",
        "wattpact.crypto.inplace SyntaxError",
        "foreign ValueError",
    ]
    with pytest.raises(ImportError, match="micropython"):
        __import__("wattpact.crypto.viper")
