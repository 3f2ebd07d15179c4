# SPDX-License-Identifier: Apache-2.0
"""What meters, plants and the issuer say in a trade, from the offer to the award."""

from ..compat import const
from ..units import TOTAL_WH_MAX, UG_MAX
from .envelope import ENVELOPE_MAX
from .kinds import Array, Blob, Flag, Raw, Row, UInt
from .message import (
    ASK,
    AWARD,
    AWARDS_MAX,
    COINS_MAX,
    CONTRACT,
    CONTRACT_SLOTS_MAX,
    DECLINE,
    FACTOR,
    GENERATION,
    ID,
    KID,
    LOW,
    OFFER,
    OFFER_SLOTS_MAX,
    PANELS_MAX,
    PRICE,
    SHARE,
    SLOT_WH,
    TELL,
    TELL_MAX,
    TIME,
    TRADE_END,
    UG,
    UG_SUM,
    WH,
    Message,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

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
