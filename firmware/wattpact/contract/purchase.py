# SPDX-License-Identifier: Apache-2.0
"""The meter's side of one contract: what was proposed, what each slot brought, what the end says.

A purchase never invents energy: a slot without a valid reading ends as not valid with 0 Wh, and its part is contested.
"""

from ..compat import const
from ..errors import WireError
from ..ledger import life
from ..units import SLOT_WH_MAX, TOTAL_WH_MAX, reduction_ug
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

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

KEPT = Row(
    ("contract", Blob(ENVELOPE_MAX)),
    ("plant_id", KID),
    ("state", UInt(life.CONTESTED, life.PROPOSED)),
    ("record", Blob(ENVELOPE_MAX)),
    ("end_id", Raw(0, 32)),
    ("register_start_wh", UInt(TOTAL_WH_MAX + 1)),  # plus 1, as the imports: 0 means not known
    ("register_wh", UInt(TOTAL_WH_MAX)),
    ("imported", Array(UInt(SLOT_WH_MAX + 1), CONTRACT_SLOTS_MAX, 1)),
)
KEPT_MAX = const(8192)  # two envelopes at most


class Purchase:
    """One contract of this meter from proposal to award; states and events are those of ledger/life.py."""

    def __init__(self, contract: Contract, slot_s: int, plant_id: bytes, register_wh: int) -> None:
        """`register_wh` is the meter's import register now."""
        self.contract = contract
        self.payload = contract.payload()
        self.contract_id = message_id(self.payload)
        self.slot_s = slot_s
        self.plant_id = plant_id
        self.state = life.PROPOSED
        self.record = b""
        self.end_id = b""
        self.submit_at = 0  # when the meter submits the record itself; 0: it need not
        self.ask_at = 0  # when the meter asks for the award of its end again; 0: not asked yet
        self.ask_wait_s = 0
        self.refused = False  # the chain said so
        self.locked = False  # whether the wallet holds its coins back
        self.register_start_wh = -1  # before the first valid slot; -1: there was none
        self.register_wh = register_wh  # the newest known
        self.imported = [-1] * len(contract.wh)  # -1: no valid reading
        self.last_slot_end = contract.start + slot_s * len(contract.wh)

    def advance(self, event: int) -> None:
        """Take `event`; ValueError if the table of life.py does not know it in this state: our fault."""
        self.state = life.advance(self.state, event)

    def can(self, event: int) -> bool:
        """Whether the table of life.py knows `event` in this state."""
        return (self.state, event) in life.TABLE

    def binds(self) -> bool:
        """The plant accepted it, or the chain has it."""
        return self.state in (life.ACCEPTED, life.RECORDED)

    def pending(self) -> bool:
        """It binds, or still may: its coins and its slots are taken."""
        return self.state in (life.PROPOSED, life.SILENT, life.ACCEPTED, life.RECORDED)

    def span(self) -> "tuple[int, int]":
        """Start of the first slot, end of the last."""
        return self.contract.start, self.last_slot_end

    def overlaps(self, start: int, end: int) -> bool:
        """Whether it has a slot within [start, end)."""
        return self.contract.start < end and start < self.last_slot_end

    def on_slot(self, slot: int, import_wh: int, register_wh: int, valid: bool) -> bool:
        """Note a slot's import and the register at its end; True at the last slot, so that the end can be signed."""
        index, rest = divmod(slot - self.contract.start, self.slot_s)
        if rest or not 0 <= index < len(self.imported):
            return False
        if valid:
            before_wh = max(0, register_wh - import_wh)
            if self.register_start_wh < 0 or before_wh < self.register_start_wh:
                self.register_start_wh = before_wh
            self.imported[index] = import_wh
        self.register_wh = max(self.register_wh, register_wh)
        return index == len(self.imported) - 1

    def delivered(self) -> "list[int]":
        """Wh per slot: the lesser of contracted and imported, 0 where the meter was not valid."""
        return [
            min(contracted, max(imported, 0))
            for contracted, imported in zip(self.contract.wh, self.imported)
        ]

    def valid(self) -> bool:
        """Every slot has a valid reading."""
        return min(self.imported) >= 0

    def end(self, before_wh: int) -> TradeEnd:
        """The trade end (C6). `before_wh` is the register that the meter's contract before ended with.

        Without any valid slot the range is empty and begins no earlier than that (R66).
        """
        contract = self.contract
        slots = [
            (contract.start + i * self.slot_s, wh, self.imported[i] >= 0)
            for i, wh in enumerate(self.delivered())
        ]
        start_wh = self.register_start_wh
        if start_wh < 0:
            start_wh = max(self.register_wh, before_wh)
        return TradeEnd(
            network=contract.network,
            contract_id=self.contract_id,
            slots=slots,
            register_start_wh=start_wh,
            register_end_wh=max(self.register_wh, start_wh),
            reason=END_COMPLETE if self.valid() else END_METER_FAULT,
        )

    def ended(self, end_id: bytes, trade_end: TradeEnd) -> None:
        """This end was signed, whatever else the store remembers of the slots."""
        self.end_id = end_id
        self.imported = [wh if valid else -1 for _slot, wh, valid in trade_end.slots]
        if max(self.imported) >= 0:
            self.register_start_wh = trade_end.register_start_wh
        self.register_wh = trade_end.register_end_wh

    def fits(self, row: "tuple[bytes, bytes, int, int, tuple[Any, ...]]") -> bool:
        """Whether an AWARD row can be the answer to what this meter signed.

        The chain has checked more (R73); a board checks what it can see.
        """
        end_id, meter, coin_ug, _expires, certificate = row
        contract = self.contract
        settled_wh, earned_ug, factor = certificate[4], certificate[6], certificate[12]
        return (
            (end_id, meter) == (self.end_id, contract.meter)
            and certificate[:4]
            == (self.contract_id, contract.panel_id, contract.start, self.last_slot_end)
            and settled_wh <= sum(self.delivered())
            and earned_ug == reduction_ug(settled_wh, factor[3], factor[4])
            and coin_ug in (0, earned_ug)
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
                self.register_wh,
                [wh + 1 for wh in self.imported],
            ]
        )

    @classmethod
    def restore(cls, kept: bytes, slot_s: int) -> "Purchase":
        """Inverse of `keep`; WireError if the store gives back something else."""
        values = KEPT.check(codec.decode(kept, KEPT_MAX), "kept contract")
        purchase = cls(parse_as(Contract, values[0]), slot_s, values[1], values[6])
        if len(values[7]) != len(purchase.imported):
            raise WireError("kept contract")
        purchase.state, purchase.record, purchase.end_id = values[2:5]
        purchase.register_start_wh = values[5] - 1
        purchase.imported = [wh - 1 for wh in values[7]]
        return purchase
