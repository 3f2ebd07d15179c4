# SPDX-License-Identifier: Apache-2.0
"""Contracts as a test of one side wants them: everything ordinary but what the test names."""

from typing import Any

from tests.trade.world import FIRST, PRICE, SLOT, kid_of, named, panel_of, plant_of, signer
from wattpact.contract.purchase import Purchase
from wattpact.wire.envelope import accept1, join_record, sign1
from wattpact.wire.messages import Contract, Offer, message_id

NETWORK = b"network!"
METER = "anna"
PLANT = "sunny"


def offer(wh: int = 1_000, slots: int = 4, **changed: Any) -> Offer:
    """Of the plant's one panel, as much in every slot."""
    fields: dict[str, Any] = {
        "network": NETWORK,
        "plant_id": plant_of(PLANT),
        "seq": 1,
        "start": FIRST,
        "price": PRICE,
        "currency": 978,
        "panels": [(panel_of(PLANT), [wh] * slots)],
        "remaining_wh": wh * slots,
        "low": [],
        "issued_at": FIRST - 1_200,
    }
    return Offer(**{**fields, **changed})


def contract(offered: Offer, wh: tuple[int, ...] = (200, 200), **changed: Any) -> Contract:
    """Within that offer, from its first slot on."""
    fields: dict[str, Any] = {
        "network": NETWORK,
        "offer_id": message_id(offered.payload()),
        "meter": kid_of(METER),
        "plant": kid_of(PLANT),
        "panel_id": panel_of(PLANT),
        "price": offered.price,
        "currency": 978,
        "start": offered.start,
        "wh": list(wh),
        "total_wh": sum(wh),
        "remaining_wh": offered.remaining_wh - sum(wh),
        "coins": [],
        "nonce": named("nonce"),
        "accept_by": FIRST - 600,
    }
    return Contract(**{**fields, **changed})


def record(agreed: Contract) -> bytes:
    """With both signatures."""
    payload = agreed.payload()
    return join_record(sign1(payload, signer(METER)), accept1(payload, signer(PLANT)))


def purchase(
    wh: tuple[int, ...] = (200, 200), register_wh: int = 5_000, **changed: Any
) -> Purchase:
    """Just proposed."""
    return Purchase(contract(offer(), wh, **changed), SLOT, plant_of(PLANT), register_wh)
