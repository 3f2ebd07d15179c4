# SPDX-License-Identifier: Apache-2.0
"""What can be a transaction is let in, and anything else costs a few comparisons."""

import pytest

from host.gateway.entrance import KINDS, Entrance
from tools.vector_cases.ledger_world import kid_of, signer
from wattpact.errors import WireError
from wattpact.wire import topics
from wattpact.wire.envelope import ENVELOPE_MAX, accept1, join_record, sign1
from wattpact.wire.messages import Contract, Message, Revoke, TradeEnd

NETWORK = bytes.fromhex("0011223344556677")
HOST, METER, PLANT = kid_of("host"), kid_of("meter"), kid_of("plant")
ENTRANCE = Entrance(NETWORK, HOST)


def ended(network: bytes = NETWORK) -> bytes:
    slots = [(900, 1, True)]
    message = TradeEnd(
        network=network,
        contract_id=bytes(32),
        slots=slots,
        register_start_wh=0,
        register_end_wh=1,
        reason=0,
    )
    return sign1(message.payload(), signer("meter"))


def record(message: Message) -> bytes:
    payload = message.payload()
    return join_record(sign1(payload, signer("meter")), accept1(payload, signer("plant")))


CONTRACT = Contract(
    network=NETWORK,
    offer_id=bytes(32),
    meter=METER,
    plant=PLANT,
    panel_id=bytes(8),
    price=1,
    currency=978,
    start=900,
    wh=[1],
    total_wh=1,
    remaining_wh=0,
    coins=[],
    nonce=bytes(8),
    accept_by=900,
)


def test_the_sender_is_that_of_the_topic() -> None:
    """In the inbox it stands last, in a broadcast in the middle."""
    inbox = topics.inbox(NETWORK, HOST, METER)
    assert ENTRANCE.sender(inbox) == (METER, "in")
    assert ENTRANCE.sender(topics.broadcast(NETWORK, PLANT, "offer")) == (PLANT, "offer")


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "wattpact/1",
        topics.inbox(bytes(8), HOST, METER),
        topics.inbox(NETWORK, PLANT, METER),
        topics.inbox(NETWORK, HOST, HOST),
        topics.broadcast(NETWORK, METER, "presence"),
        topics.broadcast(NETWORK, HOST, "offer"),
    ],
)
def test_a_topic_that_is_not_for_the_host_is_refused(topic: str) -> None:
    """Another network or node, no transaction, or the host itself."""
    with pytest.raises(WireError):
        ENTRANCE.sender(topic)


def test_envelopes_and_records_of_this_network_are_let_in() -> None:
    """Whoever signed them: that is the ledger's question."""
    ENTRANCE.check("in", ended())
    ENTRANCE.check("trade_end", ended())
    ENTRANCE.check("in", record(CONTRACT))
    ENTRANCE.check(
        "in", sign1(Revoke(network=NETWORK, kid=METER, issued_at=1).payload(), signer("anybody"))
    )


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("in", b""),
        ("in", b"x" * 200),
        ("in", ended() + b"x" * ENVELOPE_MAX),
        ("in", ended()[:-1]),
        ("in", ended(bytes(8))),
        ("in", sign1(b"not a message", signer("meter"))),
        ("in", sign1(b"", signer("meter"))),
        ("offer", ended()),
        ("trade_end", record(CONTRACT)),
    ],
)
def test_what_cannot_be_a_transaction_is_refused(kind: str, payload: bytes) -> None:
    """No shape of an envelope, another network, or not what the topic says."""
    with pytest.raises(WireError):
        ENTRANCE.check(kind, payload)


def test_the_filters_are_the_inbox_and_the_kinds_of_every_member() -> None:
    """Nothing else is asked of the broker."""
    own = "wattpact/1/%s/" % NETWORK.hex()
    assert ENTRANCE.filters() == [
        own + HOST.hex() + "/in/+",
        *(own + "+/out/" + kind for kind in sorted(KINDS)),
    ]
