# SPDX-License-Identifier: Apache-2.0
"""Deterministic CBOR: one value, one encoding; everything else is refused before it costs anything."""

import tracemalloc
from typing import Any

import cbor2
import pytest

from tests.vectors.reading import cases
from tools.vector_cases.form import diagnostic
from wattpact.errors import WireError
from wattpact.wire import codec


@pytest.mark.parametrize("case", cases("wire/codec.json"))
def test_an_encoding_is_accepted_or_refused_as_the_vectors_say(case: "dict[str, Any]") -> None:
    """Accepted means: it has this meaning, and writing the meaning gives these bytes again."""
    raw = bytes.fromhex(case["hex"])
    if case["ok"]:
        value = codec.decode(raw)
        assert diagnostic(value) == case["detail"]
        assert codec.encode(value) == raw
    else:
        with pytest.raises(WireError):
            codec.decode(raw)


@pytest.mark.parametrize(
    "case", [case for case in cases("wire/codec.json") if case.values[0]["ok"]]
)
def test_an_independent_library_reads_and_writes_the_same(case: "dict[str, Any]") -> None:
    """cbor2 in canonical mode; keys of one byte make its older key order equal to ours."""
    raw = bytes.fromhex(case["hex"])
    value = cbor2.loads(raw)
    assert diagnostic(value) == case["detail"]
    assert cbor2.dumps(value, canonical=True) == raw


def test_tuples_are_written_as_arrays_and_none_as_null() -> None:
    """The ledger hashes a deleted key as null; no decoder of ours takes it back."""
    assert codec.encode((1, (b"k", None))) == bytes.fromhex("820182416bf6")
    with pytest.raises(WireError):
        codec.decode(codec.encode(None))


def endless() -> "list[Any]":
    """A list that holds itself."""
    loop: list[Any] = []
    loop.append(loop)
    return loop


NOT_ENCODABLE: "dict[str, Any]" = {
    "an integer too great": 1 << 64,
    "an integer too small": -(1 << 64) - 1,
    "a float": 1.0,
    "text beyond ASCII": "é",
    "text with a control character": "a\n",
    "text with delete": "\x7f",
    "text with a surrogate": "\ud800",
    "a bytearray": bytearray(b"x"),
    "a memoryview": memoryview(b"x"),
    "a set": {1, 2},
    "an object": object(),
    "key 24": {24: 0},
    "key -1": {-1: 0},
    "a text key": {"a": 0},
    "a key that is true": {True: 0},
    "a float deep inside": [{0: {1: 0.5}}],
    "a list that holds itself": endless(),
}


@pytest.mark.parametrize("value", list(NOT_ENCODABLE.values()), ids=list(NOT_ENCODABLE))
def test_what_has_no_encoding_is_our_own_mistake(value: object) -> None:
    """ValueError, and never bytes that a peer would refuse."""
    with pytest.raises(ValueError):
        codec.encode(value)


def test_state_may_be_larger_and_longer_than_a_message() -> None:
    """Encoding has no limit; decoding takes wider ones only where they are asked for."""
    value = [[n, b"x" * 20] for n in range(300)]
    raw = codec.encode(value)
    for limits in ({}, {"size_max": 1 << 20}, {"items_max": 300}):
        with pytest.raises(WireError):
            codec.decode(raw, **limits)
    assert codec.decode(raw, size_max=len(raw), items_max=300) == value


@pytest.mark.parametrize(
    "raw",
    [
        b"\x5b" + b"\xff" * 8,
        b"\x9a\xff\xff\xff\xff",
        b"\xba\xff\xff\xff\xff\x00\x00",
        b"\x7a\x7f\xff\xff\xff",
        b"\x81" * 4096,
        b"\xa1\x00" * 2048,
        b"\x98\xff" * 2048,
    ],
    ids=lambda raw: raw[:5].hex(),
)
def test_a_claim_of_great_size_costs_no_memory(raw: bytes) -> None:
    """Lengths and counts are held against the input before anything is allocated."""
    tracemalloc.start()
    with pytest.raises(WireError):
        codec.decode(raw)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 * 1024


def test_the_first_pairs_of_a_map_are_read_and_nothing_behind_them() -> None:
    """A look at a long message costs no more than what is looked at."""
    raw = codec.encode({0: 1, 1: [2, b"x"], 2: b"y" * 8, 5: 0})
    assert codec.decode_first(raw, 2) == {0: 1, 1: [2, b"x"]}
    assert codec.decode_first(raw, 4) == codec.decode(raw)
    assert codec.decode_first(raw[:-1] + b"\xff", 3) == codec.decode_first(raw, 3)


@pytest.mark.parametrize(
    "raw", [b"", b"\x80", b"\xa1\x00\x00", b"\xa2\x00\x00", b"\xa2\x01\x00\x00\x00", b"\xb8\x18"]
)
def test_what_does_not_begin_as_a_map_of_so_many_pairs_is_refused(raw: bytes) -> None:
    """Too few, cut short, in disorder, or no map."""
    with pytest.raises(WireError):
        codec.decode_first(raw, 2)
