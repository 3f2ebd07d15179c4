# SPDX-License-Identifier: Apache-2.0
"""From a choice to the contract that the meter signs."""

from ..units import money_nano
from ..wire.messages import Contract, message_id
from .purchase import Purchase

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..market.choice import Option
    from ..wire.messages import Genesis
    from .wallet import Wallet


def propose(
    option: "Option",
    genesis: "Genesis",
    network: bytes,
    meter: bytes,
    wallet: "Wallet | None",
    accept_by: int,
    register_wh: int,
) -> Purchase:
    """The contract that the meter signs for `option`, with coins, oldest first; `register_wh` is its register now.

    Without a `wallet` none are spent: meter and plant have one owner (R50). The nonce makes two contracts of equal
    terms different messages; it need not be secret.
    """
    accept_by = min(accept_by, option.start - 1)
    contract = Contract(
        network=network,
        offer_id=option.offer_id,
        meter=meter,
        plant=option.plant_kid,
        panel_id=option.panel_id,
        price=option.price,
        currency=genesis.currency,
        start=option.start,
        wh=option.wh,
        total_wh=option.total_wh,
        remaining_wh=option.offer_remaining_wh - option.total_wh,
        coins=wallet.pick(money_nano(option.price, option.total_wh), accept_by) if wallet else [],
        nonce=message_id(meter + option.offer_id + accept_by.to_bytes(8, "big"))[:8],
        accept_by=accept_by,
    )
    return Purchase(contract, genesis.slot_s, option.plant_id, register_wh)
