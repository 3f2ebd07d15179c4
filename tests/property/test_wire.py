# SPDX-License-Identifier: Apache-2.0
"""Whatever arrives: the decoders raise WireError or nothing, and what they accept has one spelling."""

import contextlib
import json
from random import Random  # seeded, and far cheaper than drawing
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.vectors.reading import FOLDER
from wattpact.crypto.signer import SoftwareSigner
from wattpact.errors import WireError
from wattpact.wire import codec, envelope, messages, topics


def samples(name: str) -> "list[bytes]":
    """The good cases of a vector file."""
    read: dict[str, Any] = json.loads((FOLDER / name).read_text())
    return [bytes.fromhex(case["hex"]) for case in read["cases"] if case["ok"]]


ENCODINGS = samples("wire/codec.json") + samples("wire/messages.json")
PAYLOADS = samples("wire/messages.json")
ENVELOPES = samples("wire/envelopes.json")
METER = SoftwareSigner(b"\x07" * 32)

ATOMS = st.one_of(
    st.integers(-(1 << 64), (1 << 64) - 1),
    st.binary(max_size=40),
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=40),
    st.booleans(),
)


def nested(depth: int) -> "st.SearchStrategy[Any]":
    """Values of at most `depth` arrays and maps inside each other."""
    if depth == 0:
        return ATOMS
    inner = nested(depth - 1)
    return st.one_of(
        ATOMS, st.lists(inner, max_size=5), st.dictionaries(st.integers(0, 23), inner, max_size=5)
    )


@st.composite
def mutated(draw: st.DrawFn, originals: "list[bytes]") -> bytes:
    """A good encoding after some bytes were changed, put in, taken out or doubled."""
    raw = bytearray(draw(st.sampled_from(originals)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(raw)))
        match draw(st.sampled_from(["change", "insert", "delete", "double"])):
            case "change":
                raw[at : at + 1] = bytes([draw(st.integers(0, 255))])
            case "insert":
                raw[at:at] = draw(st.binary(min_size=1, max_size=4))
            case "delete":
                del raw[at : at + draw(st.integers(1, 8))]
            case _:
                raw[at:at] = raw[at : at + 8]
    return bytes(raw)


@given(nested(codec.DEPTH_MAX))
def test_decoding_what_was_encoded_gives_the_value(value: "Any") -> None:
    """And encoding that gives the bytes."""
    raw = codec.encode(value)
    decoded = codec.decode(raw, size_max=len(raw))
    assert decoded == value
    assert codec.encode(decoded) == raw


@given(st.one_of(st.binary(max_size=200), mutated(ENCODINGS)))
def test_decoding_raises_nothing_but_wire_error(raw: bytes) -> None:
    """And what it accepts is the one encoding of its value."""
    with contextlib.suppress(WireError):
        assert codec.encode(codec.decode(raw)) == raw


def test_twenty_thousand_mutations_raise_nothing_but_wire_error() -> None:
    """Cheap dice beside the clever ones: one to three bytes of a good encoding changed, cut or doubled."""
    dice = Random(20260301)
    accepted = 0
    for _ in range(20_000):
        raw = bytearray(dice.choice(ENCODINGS))
        for _ in range(dice.randint(1, 3)):
            at = dice.randrange(len(raw) + 1)
            raw[at : at + dice.randint(0, 2)] = dice.randbytes(dice.randint(0, 2))
        try:
            assert codec.encode(codec.decode(bytes(raw))) == raw
            accepted += 1
        except WireError:
            continue
    assert accepted > 100


@given(st.one_of(st.binary(max_size=200), mutated(PAYLOADS)))
def test_parsing_raises_nothing_but_wire_error(raw: bytes) -> None:
    """And a message that was parsed is written as it arrived."""
    with contextlib.suppress(WireError):
        assert messages.parse(raw).payload() == raw


@given(st.dictionaries(st.integers(0, 23), nested(3), max_size=8), st.integers(1, 15))
def test_any_map_as_a_message_raises_nothing_but_wire_error(
    fields: "dict[int, Any]", number: int
) -> None:
    """Good CBOR of another shape under a known type number."""
    payload = codec.encode({**fields, 0: 1, 1: number, 2: b"network1"})
    with contextlib.suppress(WireError):
        assert messages.parse(payload).payload() == payload


@given(st.one_of(st.binary(max_size=200), mutated(ENVELOPES)))
def test_envelopes_raise_nothing_but_wire_error(raw: bytes) -> None:
    """Peeking, taking apart and splitting; what passes is put together to the same bytes."""
    with contextlib.suppress(WireError):
        payload, _digest, signature, kid = envelope.digest_of(raw)
        parts = (
            b"\xd2\x84\x4d\xa2\x01\x26\x04\x48",
            kid,
            b"\xa0",
            codec.encode(payload),
            b"\x58\x40",
        )
        assert b"".join(parts) + signature == raw
    with contextlib.suppress(WireError):
        assert len(envelope.peek_kid(raw)) == 8
    with contextlib.suppress(WireError):
        envelope.digest_of_acceptance(raw, b"payload")
    with contextlib.suppress(WireError):
        assert envelope.join_record(*envelope.split_record(raw)) == raw


@given(st.binary(max_size=300))
def test_any_payload_is_carried_unchanged(payload: bytes) -> None:
    """Attached and detached, whatever its length."""
    sealed = envelope.sign1(payload, METER)
    assert envelope.peek_payload(sealed) == payload
    accepted = envelope.accept1(payload, METER)
    digest, signature, kid = envelope.digest_of_acceptance(accepted, payload)
    assert envelope.digest_of(sealed) == (payload, digest, signature, kid)


LEVELS = st.sampled_from(
    ["wattpact", "1", "in", "out", "offer", "0011223344556677", "+", "#", "", "é"]
)


@given(st.one_of(st.text(max_size=80), st.lists(LEVELS, max_size=8).map("/".join)))
def test_parsing_a_topic_raises_nothing_but_wire_error(topic: str) -> None:
    """And what it accepts is built again."""
    with contextlib.suppress(WireError):
        network, sender, to, kind = topics.parse(topic)
        if to is not None:
            assert topics.inbox(network, to, sender) == topic
        else:
            assert kind is not None
            assert topics.broadcast(network, sender, kind) == topic
