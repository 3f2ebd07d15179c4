# SPDX-License-Identifier: Apache-2.0
"""Every wire vector, good and bad: the same values, the same bytes back, and WireError at the same ones."""

from binascii import unhexlify

from tests.parity.shown import shown, vectors
from wattpact.crypto.signer import SoftwareVerifier
from wattpact.errors import WireError
from wattpact.wire import codec, envelope, messages, topics

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any


def outcome(work: "Callable[[dict[str, Any]], str]", case: "dict[str, Any]") -> str:
    """What `work` makes of a case, or the refusal. Any other error ends the run."""
    try:
        return case["name"] + ": " + work(case)
    except WireError as error:
        return case["name"] + ": WireError " + str(error)


def decoded(case: "dict[str, Any]") -> str:
    """The value, and the bytes it encodes to."""
    value = codec.decode(unhexlify(case["hex"]))
    return shown(value) + " " + shown(codec.encode(value))


def parsed(case: "dict[str, Any]") -> str:
    """Type, id, every field, and the payload it writes."""
    message = messages.parse(unhexlify(case["hex"]))
    fields = [[name, getattr(message, name)] for _key, name, _kind in message.FIELDS]
    told = [message.TYPE, message.network, fields, messages.message_id(message.payload())]
    return shown(told) + " " + shown(message.payload())


def opened(case: "dict[str, Any]") -> str:
    """What one envelope, acceptance or record holds."""
    stored = unhexlify(case["hex"])
    detail = case["detail"]
    if detail["kind"] == "record":
        return shown([envelope.is_record(stored), envelope.split_record(stored)])
    key = unhexlify(detail["public_key"])
    if detail["kind"] == "acceptance":
        envelope.open_acceptance(stored, unhexlify(detail["payload"]), key, SoftwareVerifier())
        return "accepted " + shown(envelope.peek_kid(stored))
    return shown([envelope.peek_kid(stored), envelope.open1(stored, key, SoftwareVerifier())])


def split(case: "dict[str, Any]") -> str:
    """The parts of a topic, and the topic they build."""
    network, sender, to, kind = topics.parse(case["topic"])
    if kind is None:
        built = topics.inbox(network, to or b"", sender)
    else:
        built = topics.broadcast(network, sender, kind)
    return shown([network, sender, to, kind]) + " " + built


def lines() -> "Iterator[str]":
    """A line a vector."""
    for name, work in (
        ("wire/codec", decoded),
        ("wire/messages", parsed),
        ("wire/envelopes", opened),
        ("wire/topics", split),
    ):
        for case in vectors(name):
            yield outcome(work, case)
