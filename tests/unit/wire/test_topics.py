# SPDX-License-Identifier: Apache-2.0
"""Topics: one spelling each, and a parser that takes no other."""

from typing import Any

import pytest

from tests.vectors.reading import cases
from wattpact.errors import WireError
from wattpact.wire import topics

NETWORK, ONE, TWO = b"\x00\x01\x02\x03\x04\x05\x06\x07", b"\xff" * 8, b"\xa0" * 8


def optional_hex(raw: "bytes | None") -> "str | None":
    """As the vectors write it."""
    return None if raw is None else raw.hex()


@pytest.mark.parametrize("case", cases("wire/topics.json"))
def test_a_topic_is_parsed_or_refused_as_the_vectors_say(case: "dict[str, Any]") -> None:
    """Parsed means: the same levels build the same topic."""
    if not case["ok"]:
        with pytest.raises(WireError):
            topics.parse(case["topic"])
        return
    network, sender, to, kind = topics.parse(case["topic"])
    found = {"network": network.hex(), "sender": sender.hex(), "to": optional_hex(to), "kind": kind}
    assert found == case["detail"]


def test_a_topic_that_was_built_is_parsed_into_what_it_was_built_from() -> None:
    """Both ways."""
    assert topics.parse(topics.inbox(NETWORK, ONE, TWO)) == (NETWORK, TWO, ONE, None)
    assert topics.parse(topics.broadcast(NETWORK, ONE, "offer")) == (NETWORK, ONE, None, "offer")


def test_the_topics_are_spelt_as_the_design_says() -> None:
    """The broker's ACL is written for exactly these levels."""
    inbox = "wattpact/1/0001020304050607/ffffffffffffffff/in/a0a0a0a0a0a0a0a0"
    assert topics.inbox(NETWORK, ONE, TWO) == inbox
    broadcast = "wattpact/1/0001020304050607/ffffffffffffffff/out/presence"
    assert topics.broadcast(NETWORK, ONE, "presence") == broadcast


def test_a_filter_is_a_topic_with_plus_for_whoever_may_say_it() -> None:
    assert topics.inboxes(NETWORK, ONE) == topics.inbox(NETWORK, ONE, TWO)[:-16] + "+"
    said = topics.broadcast(NETWORK, ONE, "offer")
    assert topics.broadcasts(NETWORK, ONE, "offer") == said
    assert topics.broadcasts(NETWORK, b"", "offer") == said.replace(ONE.hex(), "+")


def test_what_a_broker_keeps_is_broadcast_and_once_per_sender() -> None:
    """Each is a kind; a trade end is no news to whoever comes late, and a host has many SHORTFALLs."""
    for kind in topics.RETAINED:
        assert topics.broadcast(NETWORK, ONE, kind).endswith(kind)
    assert not {"trade_end", "generation", "shortfall", "revoke"} & set(topics.RETAINED)


@pytest.mark.parametrize("kind", ["", "Offer", "a/b", "+", "#", "a" * 17, "trade end", "é"])
def test_a_kind_that_would_change_the_topic_is_our_own_mistake(kind: str) -> None:
    """No wildcard, no level, no capital."""
    with pytest.raises(ValueError, match="kind"):
        topics.broadcast(NETWORK, ONE, kind)


@pytest.mark.parametrize("wrong", [b"", b"1234567", b"123456789"])
def test_an_id_of_another_length_is_our_own_mistake(wrong: bytes) -> None:
    """An id has 8 bytes, in every place."""
    for build in (
        lambda: topics.inbox(wrong, ONE, TWO),
        lambda: topics.inbox(NETWORK, wrong, TWO),
        lambda: topics.inbox(NETWORK, ONE, wrong),
        lambda: topics.broadcast(NETWORK, wrong, "offer"),
    ):
        with pytest.raises(ValueError, match="8 bytes"):
            build()
