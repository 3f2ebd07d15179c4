# SPDX-License-Identifier: Apache-2.0
"""The meter's side of one contract: what was proposed, what each slot brought, what the end says.

A purchase never invents energy: a slot without a valid reading ends as not valid with 0 Wh, and its part is contested.
"""

from ..ledger import life
from ..units import SLOT_WH_MAX, TOTAL_WH_MAX
from ..wire import codec
from ..wire.kinds import Array, Blob, Raw, Row, UInt
from ..wire.messages import (
    CONTRACT_SLOTS_MAX,
    END_COMPLETE,
    END_METER_FAULT,
    ENVELOPE_MAX,
    KID,
    Contract,
    TradeEnd,
    message_id,
    parse_as,
)

KEPT = Row(
    ("contract", Blob(ENVELOPE_MAX)),
    ("plant_id", KID),
    ("state", UInt(life.CONTESTED, life.PROPOSED)),
    ("record", Blob(ENVELOPE_MAX)),
    ("end_id", Raw(0, 32)),
    ("register_start_wh", UInt(TOTAL_WH_MAX + 1)),  # these three plus 1: 0 means not known
    ("register_end_wh", UInt(TOTAL_WH_MAX + 1)),
    ("imported", Array(UInt(SLOT_WH_MAX + 1), CONTRACT_SLOTS_MAX, 1)),
)


class Purchase:
    """One contract of this meter from proposal to award; states and events are those of ledger/life.py."""

    def __init__(self, contract: Contract, slot_s: int, plant_id: bytes) -> None:
        self.contract = contract
        self.payload = contract.payload()
        self.contract_id = message_id(self.payload)
        self.slot_s = slot_s
        self.plant_id = plant_id
        self.state = life.PROPOSED
        self.record = b""
        self.end_id = b""
        self.submit_at = 0  # when the meter submits the record itself; 0: it need not
        self.register_start_wh = -1
        self.register_end_wh = -1
        self.imported = [-1] * len(contract.wh)  # -1: no valid reading
        self.last_slot_end = contract.start + slot_s * len(contract.wh)

    def advance(self, event: int) -> None:
        """Take `event`; ValueError if the table of life.py does not know it in this state: our fault."""
        self.state = life.advance(self.state, event)

    def binds(self) -> bool:
        """The plant accepted it, or the chain has it, and it was not ended yet."""
        return not self.end_id and self.state in (life.ACCEPTED, life.RECORDED)

    def on_slot(self, slot: int, import_wh: int, register_wh: int, valid: bool) -> bool:
        """Note a slot's import and the register at its end; True at the last slot, so that the end can be signed."""
        index = (slot - self.contract.start) // self.slot_s
        if not 0 <= index < len(self.imported):
            return False
        if valid:
            if self.register_start_wh < 0:
                self.register_start_wh = register_wh - import_wh
            self.imported[index] = import_wh
        self.register_end_wh = max(self.register_end_wh, register_wh)
        return index == len(self.imported) - 1

    def delivered(self) -> "list[int]":
        """Wh per slot: the lesser of contracted and imported, 0 where the meter was not valid."""
        return [
            min(contracted, max(imported, 0))
            for contracted, imported in zip(self.contract.wh, self.imported)
        ]

    def end(self, last_register_wh: int) -> TradeEnd:
        """The trade end (C6). `last_register_wh` is the newest register signed for if no slot gave any."""
        contract = self.contract
        slots = [
            (contract.start + i * self.slot_s, wh, self.imported[i] >= 0)
            for i, wh in enumerate(self.delivered())
        ]
        start_wh = self.register_start_wh if self.register_start_wh >= 0 else last_register_wh
        return TradeEnd(
            network=contract.network,
            contract_id=self.contract_id,
            slots=slots,
            register_start_wh=start_wh,
            register_end_wh=max(self.register_end_wh, start_wh),
            reason=END_COMPLETE if all([valid for _s, _w, valid in slots]) else END_METER_FAULT,
        )

    def keep(self) -> bytes:
        """What a power cut must not take: everything needed to go on."""
        return codec.encode(
            [
                self.payload,
                self.plant_id,
                self.state,
                self.record,
                self.end_id,
                self.register_start_wh + 1,
                self.register_end_wh + 1,
                [wh + 1 for wh in self.imported],
            ]
        )

    @classmethod
    def restore(cls, kept: bytes, slot_s: int) -> "Purchase":
        """Inverse of `keep`; WireError if the store gives back something else."""
        values = KEPT.check(codec.decode(kept), "kept contract")
        purchase = cls(parse_as(Contract, values[0]), slot_s, values[1])
        purchase.state, purchase.record, purchase.end_id = values[2:5]
        purchase.register_start_wh = values[5] - 1
        purchase.register_end_wh = values[6] - 1
        purchase.imported = [wh - 1 for wh in values[7]]
        return purchase
