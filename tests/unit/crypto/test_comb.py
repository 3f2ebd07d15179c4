# SPDX-License-Identifier: Apache-2.0
"""Combs of every size that is built, and who gets one."""

import random
from importlib import import_module
from typing import Any

import pytest

from wattpact.crypto import comb, ecdsa, p256
from wattpact.crypto.base_table import COMBS, TABLE, TEETH
from wattpact.crypto.comb import Comb, PeerCombs, build
from wattpact.crypto.field import N, P

oracle: Any = import_module("ecdsa")  # untyped

GENERATOR: Any = oracle.NIST256p.generator
G = (GENERATOR.x(), GENERATOR.y())
SHAPES = [(2, 2), (4, 1), (4, 2), (5, 2), (6, 2), (7, 2), (8, 2), (8, 4)]
EDGES = [1, 2, 3, 4, 127, 128, 1 << 128, (1 << 128) - 1, N >> 1, (N >> 1) + 1, N - 2, N - 1]


def affine(total: tuple[int, int, int, int]) -> tuple[int, int]:
    """(x, y) of a sum."""
    x, y, zz, zzz = total
    return x * pow(zz, -1, P) % P, y * pow(zzz, -1, P) % P


def times(scalar: int) -> tuple[int, int]:
    """scalar x G, as the independent library has it."""
    point = GENERATOR * (scalar % N)
    return point.x(), point.y()


@pytest.mark.parametrize(("teeth", "combs"), SHAPES)
def test_a_comb_multiplies_its_point(teeth: int, combs: int) -> None:
    """Scalars at the edges, at every tooth and anywhere."""
    tables = Comb(teeth, combs, build(G, teeth, combs))
    stride = tables.rows * combs
    draw = random.Random(teeth)
    at_teeth = [
        (1 << stride * tooth) + change for tooth in range(1, teeth) for change in (-1, 0, 1)
    ]
    anywhere = [draw.randrange(1, N) for _case in range(10)]
    for scalar in EDGES + [scalar for scalar in at_teeth if scalar < N] + anywhere:
        columns = list(comb.columns(tables, scalar))
        assert [len(column) for column in columns] == [combs] * tables.rows
        assert affine(p256.sum_columns(iter(columns), 7)) == times(scalar)


@pytest.mark.parametrize("other", [(4, 2), (6, 2), (8, 4)])
@pytest.mark.parametrize("shape", [(5, 2), (7, 2), (8, 4)])
def test_columns_of_several_combs_add_up(shape: tuple[int, int], other: tuple[int, int]) -> None:
    """More rows on the one side or on the other; one by one, or with half the points in each row."""
    draw = random.Random(5)
    one, two = Comb(*shape, build(G, *shape)), Comb(*other, build(times(77), *other))
    for _case in range(5):
        scalar, factor = draw.randrange(1, N), draw.randrange(1, N)
        multiples = [(one, scalar), (two, factor)]
        joined, halved = list(comb.joined_columns(multiples)), list(comb.halved_columns(multiples))
        for columns, count in (
            (joined, one.combs + two.combs),
            (halved, (one.combs + two.combs) // 2),
        ):
            assert len(columns) == max(one.rows, two.rows)
            assert len(columns[-1]) == count
            assert affine(p256.sum_columns(iter(columns), 3)) == times(scalar + 77 * factor)


@pytest.mark.parametrize(("teeth", "combs"), SHAPES)
def test_tables_hold_what_the_index_says(teeth: int, combs: int) -> None:
    """Entry i: the top tooth plus or minus each other tooth, as its bit says."""
    table = build(G, teeth, combs)
    assert len(table) == combs << (teeth + 5)
    rows = comb.count_rows(teeth, combs)
    for number in {0, 1, combs << (teeth - 1) >> 1, (combs << (teeth - 1)) - 1}:
        place, index = number >> (teeth - 1), number & ((1 << (teeth - 1)) - 1)
        weights = [1 << rows * (tooth * combs + place) for tooth in range(teeth)]
        signs = [1 if index >> tooth & 1 else -1 for tooth in range(teeth - 1)] + [1]
        point = GENERATOR * (sum(w * s for w, s in zip(weights, signs, strict=True)) % N)
        entry = table[number * 64 : number * 64 + 64]
        assert entry == point.x().to_bytes(32, "little") + point.y().to_bytes(32, "little")


def test_the_committed_comb_is_that_of_the_base_point() -> None:
    """Built anew, byte by byte."""
    assert build(G, TEETH, COMBS) == TABLE


def key(number: int) -> tuple[bytes, tuple[int, int]]:
    """A public key and its point."""
    public = ecdsa.public_key(number.to_bytes(32, "big"))
    point = p256.decode_point(public)
    assert point is not None
    return public, point


def ask(peers: PeerCombs, *numbers: int) -> list[bool]:
    """Whether each key, asked for in turn, had a comb or got one."""
    return [(peers.find(key(n)[0]) or peers.meet(*key(n))) is not None for n in numbers]


def test_a_key_that_comes_again_gets_a_comb() -> None:
    """The first signature is worth none; from the second on it is the same one."""
    peers = PeerCombs(2, 2)
    assert ask(peers, 1, 1, 1) == [False, True, True]
    assert peers.find(key(1)[0]) is peers.find(key(1)[0]) is not None
    assert peers.find(key(2)[0]) is None


def test_strangers_push_nobody_out() -> None:
    """However many pass by, and more plants than places in turn: those that have a comb keep it."""
    peers = PeerCombs(2, 2)
    ask(peers, 1, 1, 2, 2)
    assert ask(peers, *range(10, 40), 1, 2) == [False] * 30 + [True, True]
    for _turn in range(5):
        assert ask(peers, 1, 2, 3, 4, 5) == [True, True, False, False, False]


def test_a_key_that_is_no_longer_used_makes_room() -> None:
    """For one whose last signature is younger than its own."""
    peers = PeerCombs(2, 2)
    ask(peers, 1, 1, 2, 2)
    assert ask(peers, 3, 2, 3, 3) == [False, True, True, True]
    assert ask(peers, 1) == [False]


def test_memory_is_bounded_whatever_comes() -> None:
    """Names of keys without a comb are forgotten, the oldest first."""
    peers = PeerCombs(3, 2)
    draw = random.Random(3)
    for _case in range(300):
        ask(peers, draw.randrange(1, 30))
        assert len(peers._combs) <= 3
        assert len(peers._seen) <= 9
        assert set(peers._combs) <= set(peers._seen)


def test_no_places_are_no_combs() -> None:
    """A board without room verifies all the same."""
    assert ask(PeerCombs(0, 6), 1, 1, 1, 2, 2) == [False] * 5


def test_a_heap_without_room_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many combs as did fit are kept from then on; a younger key still takes an older one's place."""
    peers = PeerCombs(3, 2)
    ask(peers, 1, 1)

    def tight(point: tuple[int, int], teeth: int, combs: int) -> bytearray:
        if peers._combs:
            raise MemoryError
        return build(point, teeth, combs)

    monkeypatch.setattr(comb, "build", tight)
    assert ask(peers, 2, 2, 1) == [False, False, True]
    assert ask(peers, 3, 3, 3, 1) == [False, True, True, False]
