# SPDX-License-Identifier: Apache-2.0
"""What messages are made of: their numbers, the limits and kinds that several share, and their base class."""

from ..compat import const
from ..crypto.hashes import sha256
from ..units import (
    MG_PER_KWH_MAX,
    PPM,
    PRICE_MAX,
    SLOT_WH_MAX,
    TIME_MAX,
    TOTAL_WH_MAX,
    UG_MAX,
    UG_SUM_MAX,
)
from .codec import encode
from .kinds import Array, Point, Raw, Row, Text, UInt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar, dataclass_transform
else:

    def dataclass_transform(**_options):
        """At run time a message checks its own fields; only the type checker needs to be told."""
        return lambda cls: cls


VERSION = const(1)

GENESIS = const(1)
REGISTER = const(2)
REVOKE = const(3)
FACTORS = const(4)
OFFER = const(5)
ASK = const(6)
TELL = const(7)
CONTRACT = const(8)
DECLINE = const(9)
GENERATION = const(10)
TRADE_END = const(11)
AWARD = const(12)
STORED = const(13)
CHECKPOINT = const(14)
SHORTFALL = const(15)
PROVE = const(16)
PROOF = const(17)

OFFER_SLOTS_MAX = const(96)
CONTRACT_SLOTS_MAX = const(8)
PANELS_MAX = const(16)
LOW_MAX = const(100)
TELL_MAX = const(6)
AWARDS_MAX = const(8)
IDS_MAX = const(64)
COINS_MAX = const(8)
REVOKES_MAX = const(8)

KID = Raw(8)
ID = Raw(32)
KEY = Point()
TIME = UInt(TIME_MAX)
WH = UInt(TOTAL_WH_MAX)
SLOT_WH = UInt(SLOT_WH_MAX)
PRICE = UInt(PRICE_MAX, 1)
UG = UInt(UG_MAX)
UG_SUM = UInt(UG_SUM_MAX)
SHARE = UInt(PPM)
LOW = Array(Row(("start", TIME), ("duration_s", UInt(TIME_MAX, 1))), LOW_MAX)
FACTOR = Row(
    ("region", Text(8)),
    ("year", UInt(2200, 1990)),
    ("boundary", UInt(1)),  # 0 operational, 1 life cycle
    ("grid_mg_per_kwh", UInt(MG_PER_KWH_MAX)),
    ("device_mg_per_kwh", UInt(MG_PER_KWH_MAX)),
    ("source", Text(64)),
)


@dataclass_transform(kw_only_default=True)
class Keyworded:
    """Tells the type checker that classes below take their annotated fields as keywords."""


class Message(Keyworded):
    """Base: keyword fields, each checked against FIELDS. Immutable by convention."""

    TYPE = 0
    FIELDS: "ClassVar[tuple[tuple[int, str, Any], ...]]" = ()
    network: bytes

    def __init__(self, **values: "Any") -> None:
        try:
            self.network = KID.check(values.pop("network"), "network")
            for _key, name, kind in self.FIELDS:
                setattr(self, name, kind.check(values.pop(name), name))
        except KeyError:
            raise ValueError("a field is missing")
        if values:
            raise ValueError("no such field: %s" % list(values))

    def payload(self) -> bytes:
        """The signed bytes: deterministic CBOR."""
        fields: "dict[int, Any]" = {0: VERSION, 1: self.TYPE, 2: self.network}
        for key, name, _kind in self.FIELDS:
            fields[key] = getattr(self, name)
        return encode(fields)


def message_id(payload: bytes) -> bytes:
    """SHA-256 of the payload, never of the envelope: a signature may be made twice, a message is one."""
    return sha256(payload)
