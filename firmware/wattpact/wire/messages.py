# SPDX-License-Identifier: Apache-2.0
"""Every message by its number, and the way from a payload to a message. Import messages from here.

A message is a CBOR map with keys 0 version, 1 type, 2 network id, then its own fields. `parse` turns a
verified payload into a message; `Message.payload` is its inverse. A field means one thing and has one unit. The
tables of docs/protocol.md are generated from here.
"""

from ..errors import WireError
from .chain import (
    ROLE_METER,
    ROLE_PLANT,
    SELF_NETWORK,
    Checkpoint,
    Factors,
    Genesis,
    Proof,
    Prove,
    Register,
    Revoke,
    Shortfall,
    Stored,
    peek_register,
)
from .codec import decode
from .envelope import ENVELOPE_MAX
from .message import (
    ASK,
    AWARD,
    AWARDS_MAX,
    CHECKPOINT,
    COINS_MAX,
    CONTRACT,
    CONTRACT_SLOTS_MAX,
    DECLINE,
    FACTORS,
    GENERATION,
    GENESIS,
    IDS_MAX,
    KID,
    LOW_MAX,
    OFFER,
    OFFER_SLOTS_MAX,
    PANELS_MAX,
    PROOF,
    PROVE,
    REGISTER,
    REVOKE,
    REVOKES_MAX,
    SHORTFALL,
    STORED,
    TELL,
    TELL_MAX,
    TRADE_END,
    VERSION,
    Message,
    message_id,
)
from .trade import (
    DECLINE_CLOSED,
    DECLINE_SOLD,
    DECLINE_STALE,
    DECLINE_TERMS,
    END_COMPLETE,
    END_METER_FAULT,
    Ask,
    Award,
    Contract,
    Decline,
    Generation,
    Offer,
    Tell,
    TradeEnd,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    M = TypeVar("M", bound="Message")

__all__ = [
    "ASK",
    "AWARD",
    "AWARDS_MAX",
    "CHECKPOINT",
    "COINS_MAX",
    "CONTRACT",
    "CONTRACT_SLOTS_MAX",
    "DECLINE",
    "DECLINE_CLOSED",
    "DECLINE_SOLD",
    "DECLINE_STALE",
    "DECLINE_TERMS",
    "END_COMPLETE",
    "END_METER_FAULT",
    "ENVELOPE_MAX",
    "FACTORS",
    "GENERATION",
    "GENESIS",
    "IDS_MAX",
    "KID",
    "LOW_MAX",
    "MESSAGES",
    "OFFER",
    "OFFER_SLOTS_MAX",
    "PANELS_MAX",
    "PROOF",
    "PROVE",
    "REGISTER",
    "REVOKE",
    "REVOKES_MAX",
    "ROLE_METER",
    "ROLE_PLANT",
    "SELF_NETWORK",
    "SHORTFALL",
    "STORED",
    "TELL",
    "TELL_MAX",
    "TRADE_END",
    "VERSION",
    "Ask",
    "Award",
    "Checkpoint",
    "Contract",
    "Decline",
    "Factors",
    "Generation",
    "Genesis",
    "Message",
    "Offer",
    "Proof",
    "Prove",
    "Register",
    "Revoke",
    "Shortfall",
    "Stored",
    "Tell",
    "TradeEnd",
    "message_id",
    "parse",
    "parse_as",
    "peek_register",
    "type_of",
]

MESSAGES = (
    Genesis,
    Register,
    Revoke,
    Factors,
    Offer,
    Ask,
    Tell,
    Contract,
    Decline,
    Generation,
    TradeEnd,
    Award,
    Stored,
    Checkpoint,
    Shortfall,
    Prove,
    Proof,
)


def type_of(payload: bytes) -> int:
    """The type of a payload that was parsed once before: its fifth byte, after map head, key 0, version and key 1."""
    return payload[4]


def parse(payload: bytes) -> Message:
    """The message in a payload, or WireError: whoever sent it is at fault."""
    fields: "dict[int, Any]" = decode(payload)
    if type(fields) is not dict:
        raise WireError("not a map")
    version, number = fields.get(0), fields.get(1)
    # Exact types: True equals 1, and would be written back as another byte than the one that was signed.
    if type(version) is not int or version != VERSION:
        raise WireError("not a version 1 message")
    if type(number) is not int or not 1 <= number <= len(MESSAGES):
        raise WireError("unknown message type")
    cls = MESSAGES[number - 1]
    if len(fields) != 3 + len(cls.FIELDS):
        raise WireError("fields missing or unknown")
    values: "dict[str, Any]" = {"network": fields.get(2)}
    for key, name, _kind in cls.FIELDS:
        if key not in fields:
            raise WireError(name)
        values[name] = fields[key]
    return cls(**values)


def parse_as(cls: "type[M]", payload: bytes) -> "M":
    """`parse`, and WireError if the message is of another type."""
    message = parse(payload)
    if type(message) is not cls:
        raise WireError("not a " + cls.__name__)
    return message
