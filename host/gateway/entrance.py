# SPDX-License-Identifier: Apache-2.0
"""What is looked at before any signature: topic, size, and the first bytes of an envelope.

The sender is the one of the topic, which the broker ties to a TLS certificate. Whether what it sent is true is the
ledger's business; here is decided, at the price of a few comparisons, whether it can be at all.
"""

from wattpact.errors import WireError
from wattpact.wire import topics
from wattpact.wire.envelope import ENVELOPE_MAX, is_record, peek_payload, split_record
from wattpact.wire.messages import GENERATION, OFFER, TRADE_END, VERSION, type_of

KINDS = {"generation": GENERATION, "offer": OFFER, "trade_end": TRADE_END}
"""Broadcasts that are transactions, and the type of message each carries."""


class Entrance:
    """Of the host `kid` in `network`, 8 bytes each."""

    def __init__(self, network: bytes, kid: bytes) -> None:
        self._network = network
        self._kid = kid
        self._version = b"\x00%c\x01" % VERSION  # key 0, version, key 1
        self._tail = b"\x02\x48" + network  # key 2, byte string of 8

    def filters(self) -> list[str]:
        """What to subscribe to: the own inbox, and every member's broadcasts of KINDS."""
        broadcasts = [topics.broadcasts(self._network, b"", kind) for kind in sorted(KINDS)]
        return [topics.inboxes(self._network, self._kid), *broadcasts]

    def sender(self, topic: str) -> tuple[bytes, str]:
        """(kid, "in" or the broadcast's kind); WireError unless this topic is one of ours."""
        network, sender, to, kind = topics.parse(topic)
        if network != self._network:
            raise WireError("another network")
        if sender == self._kid or (to is None and kind not in KINDS) or to not in (None, self._kid):
            raise WireError("topic")
        return sender, kind or "in"

    def check(self, kind: str, payload: bytes) -> None:
        """WireError unless these bytes have the shape of an envelope or record of this network, and suit the topic."""
        if len(payload) > ENVELOPE_MAX:
            raise WireError("envelope size")
        attached = split_record(payload)[0] if is_record(payload) else payload
        content = peek_payload(attached)
        if content[1:4] != self._version or content[5:15] != self._tail:
            raise WireError("not a message of this network")
        if kind in KINDS and (attached is not payload or type_of(content) != KINDS[kind]):
            raise WireError("another message than the topic says")
