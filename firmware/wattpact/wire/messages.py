# SPDX-License-Identifier: Apache-2.0
"""Every message: its number, its fields and their limits. The tables of docs/protocol.md are generated from here.

A message is a CBOR map with keys 0 version, 1 type, 2 network id, then its own fields. `parse` turns a
verified payload into a message; `Message.payload` is its inverse. A field means one thing and has one unit.
"""

from ..compat import const
from ..crypto.hashes import sha256
from ..errors import WireError
from ..units import (
    MG_PER_KWH_MAX,
    POWER_W_MAX,
    PPM,
    PRICE_MAX,
    SLOT_WH_MAX,
    TIME_MAX,
    TOTAL_WH_MAX,
    UG_MAX,
    UG_SUM_MAX,
)
from .codec import decode, encode
from .kinds import Array, Blob, Flag, Point, Raw, Row, Text, UInt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar, TypeVar, dataclass_transform

    M = TypeVar("M", bound="Message")
else:

    def dataclass_transform(**_options):
        """At run time a message checks its own fields; only the type checker needs to be told."""
        return lambda cls: cls


VERSION = const(1)
SELF_NETWORK = (
    b"\x00" * 8
)  # GENESIS cannot name what it founds: a network's id is the hash of its payload

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

ROLE_METER = const(1)
ROLE_PLANT = const(2)

OFFER_SLOTS_MAX = const(96)
CONTRACT_SLOTS_MAX = const(8)
PANELS_MAX = const(16)
LOW_MAX = const(100)
TELL_MAX = const(6)
AWARDS_MAX = const(8)
IDS_MAX = const(64)
COINS_MAX = const(8)
ENVELOPE_MAX = const(4096)

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
PANEL = Row(("panel_id", KID), ("rated_w", UInt(POWER_W_MAX, 1)), ("preset_wh", SLOT_WH))
CERTIFICATE = Row(
    ("contract_id", ID),
    ("panel_id", KID),
    ("start", TIME),
    ("end", TIME),
    ("quantity_wh", WH),
    ("range_start", WH),  # first Wh number of this panel; face value 1 Wh; the range is half-open
    ("reduction_ug", UG),
    ("displaced_wh", WH),
    ("user_reduction_ug", UG_SUM),
    ("network_reduction_ug", UG_SUM),
    ("contribution_ppm", SHARE),  # user's share of the network's reduction
    ("own_use_ppm", SHARE),  # settled Wh over the register's advance
    ("factor", FACTOR),
)
AWARD_ROW = Row(
    ("trade_end_id", ID),
    ("meter", KID),
    ("coin_ug", UG),
    ("coin_expires", TIME),
    ("certificate", CERTIFICATE),
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


class Genesis(Message):
    """Founds the network; signed by the issuer. The network id is the first 8 bytes of its payload's hash."""

    TYPE = GENESIS
    FIELDS = (
        (3, "issuer", KEY),
        (4, "registrar", KEY),
        (5, "sequencer", KEY),
        (6, "witnesses", Array(KEY, 16)),
        (7, "quorum", UInt(16)),
        (8, "slot_s", UInt(3600, 60)),
        (9, "currency", UInt(999)),
        (10, "grid_prices", Array(Row(("from_s", UInt(86399)), ("price", PRICE)), 24, 1)),
        (11, "hurdle", UInt(PRICE_MAX)),
        (
            12,
            "timeouts",
            Row(
                ("settle_s", UInt(TIME_MAX, 1)),
                ("withheld_s", UInt(TIME_MAX, 1)),
                ("late_s", UInt(TIME_MAX, 1)),
                ("clock_s", UInt(3600, 1)),
            ),
        ),
        (13, "coin_nano_per_g", UInt(10000000)),
        (14, "coin_cap_ppm", SHARE),
        (15, "coin_life_s", UInt(TIME_MAX, 86400)),
        (16, "funder", KID),
        (17, "factors", Array(FACTOR, 16, 1)),
        (18, "debt_limit_nano", UInt(UG_MAX)),
        (19, "region", Text(8)),
        (20, "utc_offset_s", UInt(86399)),
        (21, "contract_slots_max", UInt(CONTRACT_SLOTS_MAX, 1)),
        (22, "created_at", TIME),
        (23, "name", Text(32)),
    )
    issuer: bytes
    registrar: bytes
    sequencer: bytes
    witnesses: "list[bytes]"
    quorum: int
    slot_s: int
    currency: int
    grid_prices: "list[tuple[int, int]]"
    hurdle: int
    timeouts: "tuple[int, int, int, int]"
    coin_nano_per_g: int
    coin_cap_ppm: int
    coin_life_s: int
    funder: bytes
    factors: "list[tuple[str, int, int, int, int, str]]"
    debt_limit_nano: int
    region: str
    utc_offset_s: int
    contract_slots_max: int
    created_at: int
    name: str

    def network_id(self) -> bytes:
        """First 8 bytes of SHA-256(payload)."""
        return message_id(self.payload())[:8]

    def grid_price(self, time: int) -> int:
        """Micro-currency per kWh from the public grid at `time`, by local time of day."""
        second = (time + self.utc_offset_s) % 86400
        price = self.grid_prices[0][1]
        for from_s, step_price in self.grid_prices:
            if from_s <= second:
                price = step_price
        return price


class Register(Message):
    """A key, its roles and, for a plant, its panels; signed by the registrar."""

    TYPE = REGISTER
    FIELDS = (
        (3, "public_key", KEY),
        (4, "roles", Array(UInt(ROLE_PLANT, ROLE_METER), 2, 1)),
        (5, "owner", KID),
        (6, "neighbourhood", UInt(1 << 32)),
        (7, "plant_id", Raw(0, 8)),
        (8, "panels", Array(PANEL, PANELS_MAX)),
        (9, "service", Array(Row(("from_s", UInt(86400)), ("to_s", UInt(86400))), 12)),
        (10, "issued_at", TIME),
    )
    public_key: bytes
    roles: "list[int]"
    owner: bytes
    neighbourhood: int
    plant_id: bytes
    panels: "list[tuple[bytes, int, int]]"
    service: "list[tuple[int, int]]"
    issued_at: int


class Revoke(Message):
    """From the block that records it on, `kid` signs nothing any more; signed by the registrar."""

    TYPE = REVOKE
    FIELDS = ((3, "kid", KID), (4, "issued_at", TIME))
    kid: bytes
    issued_at: int


class Factors(Message):
    """New emission factors; signed by the issuer."""

    TYPE = FACTORS
    FIELDS = ((3, "rows", Array(FACTOR, 16, 1)),)
    rows: "list[tuple[str, int, int, int, int, str]]"


class Offer(Message):
    """What a plant sells: price, Wh per panel and slot in all, and when its supply was low (C2)."""

    TYPE = OFFER
    FIELDS = (
        (3, "plant_id", KID),
        (4, "seq", UInt(1 << 40)),
        (5, "start", TIME),
        (6, "price", PRICE),
        (7, "currency", UInt(999)),
        (
            8,
            "panels",
            Array(
                Row(("panel_id", KID), ("wh", Array(SLOT_WH, OFFER_SLOTS_MAX, 1))), PANELS_MAX, 1
            ),
        ),
        (9, "remaining_wh", WH),
        (10, "low", LOW),
        (11, "issued_at", TIME),
    )
    plant_id: bytes
    seq: int
    start: int
    price: int
    currency: int
    panels: "list[tuple[bytes, list[int]]]"
    remaining_wh: int
    low: "list[tuple[int, int]]"
    issued_at: int


class Ask(Message):
    """Which plants do you know? (C3)"""

    TYPE = ASK
    FIELDS = ((3, "nonce", Raw(8)), (4, "issued_at", TIME))
    nonce: bytes
    issued_at: int


class Tell(Message):
    """The plants' own signed offers and registrations as heard, with the teller's score of each (C3)."""

    TYPE = TELL
    FIELDS = (
        (3, "ask_id", ID),
        (
            4,
            "plants",
            Array(
                Row(
                    ("offer", Blob(ENVELOPE_MAX)),
                    ("register", Blob(ENVELOPE_MAX)),
                    ("score_ppm", SHARE),
                ),
                TELL_MAX,
            ),
        ),
        (5, "issued_at", TIME),
    )
    ask_id: bytes
    plants: "list[tuple[bytes, bytes, int]]"
    issued_at: int


class Contract(Message):
    """One payload, signed by the meter as proposal and by the plant as detached acceptance (C5)."""

    TYPE = CONTRACT
    FIELDS = (
        (3, "offer_id", ID),
        (4, "meter", KID),
        (5, "plant", KID),
        (6, "panel_id", KID),
        (7, "price", PRICE),
        (8, "currency", UInt(999)),
        (9, "start", TIME),
        (10, "wh", Array(SLOT_WH, CONTRACT_SLOTS_MAX, 1)),
        (11, "total_wh", UInt(TOTAL_WH_MAX, 1)),
        (12, "remaining_wh", WH),
        (13, "coins", Array(Row(("lot", ID), ("ug", UInt(UG_MAX, 1))), COINS_MAX)),
        (14, "nonce", Raw(8)),
        (15, "accept_by", TIME),
    )
    offer_id: bytes
    meter: bytes
    plant: bytes
    panel_id: bytes
    price: int
    currency: int
    start: int
    wh: "list[int]"
    total_wh: int
    remaining_wh: int
    coins: "list[tuple[bytes, int]]"
    nonce: bytes
    accept_by: int


DECLINE_SOLD = const(1)  # not enough energy left
DECLINE_STALE = const(2)  # the offer is over, or is not the latest
DECLINE_TERMS = const(3)  # the terms are not those of the offer
DECLINE_CLOSED = const(4)  # the plant does not sell now


class Decline(Message):
    """The plant's no, to the meter alone."""

    TYPE = DECLINE
    FIELDS = ((3, "contract_id", ID), (4, "reason", UInt(4, 1)), (5, "remaining_wh", WH))
    contract_id: bytes
    reason: int
    remaining_wh: int


class Generation(Message):
    """What one panel's own meter counted, slot by slot (a prosumer's export)."""

    TYPE = GENERATION
    FIELDS = (
        (3, "panel_id", KID),
        (4, "start", TIME),
        (5, "wh", Array(SLOT_WH, OFFER_SLOTS_MAX, 1)),
        (6, "low", LOW),
    )
    panel_id: bytes
    start: int
    wh: "list[int]"
    low: "list[tuple[int, int]]"


END_COMPLETE = const(0)
END_METER_FAULT = const(1)


class TradeEnd(Message):
    """The meter's signed end of a contract (C6): delivered Wh per slot and the register around them."""

    TYPE = TRADE_END
    FIELDS = (
        (3, "contract_id", ID),
        (
            4,
            "slots",
            Array(Row(("slot", TIME), ("wh", SLOT_WH), ("valid", Flag())), CONTRACT_SLOTS_MAX, 1),
        ),
        (5, "register_start_wh", WH),
        (6, "register_end_wh", WH),
        (7, "reason", UInt(END_METER_FAULT)),
    )
    contract_id: bytes
    slots: "list[tuple[int, int, bool]]"
    register_start_wh: int
    register_end_wh: int
    reason: int


class Award(Message):
    """Coins and certificates for settled trade ends (C7, C9); signed by the issuer."""

    TYPE = AWARD
    FIELDS = ((3, "awards", Array(AWARD_ROW, AWARDS_MAX, 1)),)
    awards: "list[tuple[bytes, bytes, int, int, tuple[Any, ...]]]"


class Stored(Message):
    """The host has committed `ids`, and refuses `refused` for good: both leave the sender's outbox."""

    TYPE = STORED
    FIELDS = (
        (3, "ids", Array(ID, IDS_MAX)),
        (4, "refused", Array(Row(("id", ID), ("rule", UInt(999, 1))), IDS_MAX)),
        (5, "height", UInt(1 << 40)),
    )
    ids: "list[bytes]"
    refused: "list[tuple[bytes, int]]"
    height: int


class Checkpoint(Message):
    """The signed tree head: sequencer's Sign1, each witness's detached Sign1 over the same payload."""

    TYPE = CHECKPOINT
    FIELDS = (
        (3, "height", UInt(1 << 40)),
        (4, "size", UInt(1 << 48)),
        (5, "root", ID),
        (6, "app_hash", ID),
        (7, "time", TIME),
        (8, "previous", ID),
    )
    height: int
    size: int
    root: bytes
    app_hash: bytes
    time: int
    previous: bytes


class Shortfall(Message):
    """When a plant generated less than it had contracted, for meters that hold no chain; signed by the sequencer."""

    TYPE = SHORTFALL
    FIELDS = ((3, "plant_id", KID), (4, "height", UInt(1 << 40)), (5, "low", LOW))
    plant_id: bytes
    height: int
    low: "list[tuple[int, int]]"


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
)


def message_id(payload: bytes) -> bytes:
    """SHA-256 of the payload, never of the envelope: a signature may be made twice, a message is one."""
    return sha256(payload)


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
