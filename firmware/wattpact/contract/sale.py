# SPDX-License-Identifier: Apache-2.0
"""The plant's side: what it offered, what of it is sold, and whether a proposal may be accepted.

The signed offer fixes price and Wh; the sold book only says what is still free. The ledger decides again (R41 to R47).
"""

from ..ledger import life
from ..wire.messages import DECLINE_SOLD, DECLINE_STALE, DECLINE_TERMS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..wire.messages import Contract, Offer


class Sale:
    """One accepted contract; states and events are those of ledger/life.py."""

    def __init__(self, contract: "Contract", record: bytes) -> None:
        self.contract = contract
        self.record = record
        self.state = life.ACCEPTED


class Sales:
    """Wh sold per panel and slot, and the offers that still stand."""

    def __init__(self, slot_s: int) -> None:
        self.slot_s = slot_s
        self.offers: "dict[bytes, Offer]" = {}
        self.latest = b""
        self._sold: "dict[tuple[int, bytes], int]" = {}
        self._open: "dict[bytes, Sale]" = {}

    def offered(self, offer_id: bytes, offer: "Offer") -> None:
        """A new offer stands; the former one stands no longer."""
        self.offers = {offer_id: offer}
        self.latest = offer_id

    def sold_wh(self, panel_id: bytes, slot: int) -> int:
        """Wh promised of one panel in one slot."""
        return self._sold.get((slot, panel_id), 0)

    def remaining_wh(self) -> int:
        """Wh of the standing offer that nobody has bought."""
        offer = self.offers.get(self.latest)
        if offer is None:
            return 0
        return sum(
            [
                max(0, wh - self.sold_wh(panel_id, offer.start + i * self.slot_s))
                for panel_id, slots in offer.panels
                for i, wh in enumerate(slots)
            ]
        )

    def refusal(self, contract: "Contract", now: int) -> int:
        """0 if the proposal may be accepted, else the reason a DECLINE carries."""
        offer = self.offers.get(contract.offer_id)
        if offer is None or now >= contract.start or now > contract.accept_by:
            return DECLINE_STALE
        first = (contract.start - offer.start) // self.slot_s
        for panel_id, slots in offer.panels:
            if panel_id == contract.panel_id:
                offered = slots
                break
        else:
            return DECLINE_TERMS
        if (
            (contract.price, contract.currency) != (offer.price, offer.currency)
            or contract.start != offer.start + first * self.slot_s
            or not 0 <= first <= len(offered) - len(contract.wh)
            or contract.total_wh != sum(contract.wh)
            or contract.remaining_wh != offer.remaining_wh - contract.total_wh
        ):
            return DECLINE_TERMS
        for i, wh in enumerate(contract.wh):
            slot = contract.start + i * self.slot_s
            if self.sold_wh(panel_id, slot) + wh > offered[first + i]:
                return DECLINE_SOLD
        return 0

    def record(self, contract_id: bytes) -> bytes:
        """The complete record of an accepted contract, empty if there is none."""
        sale = self._open.get(contract_id)
        return sale.record if sale else b""

    def sell(self, contract_id: bytes, contract: "Contract", record: bytes) -> None:
        """Accepted: its energy is off the shelf."""
        self._open[contract_id] = Sale(contract, record)
        self._count(contract, 1)

    def recorded(self, contract_id: bytes) -> None:
        """The chain has it."""
        sale = self._open.get(contract_id)
        if sale and (sale.state, life.RECORD) in life.TABLE:
            if sale.state == life.VOID:
                self._count(sale.contract, 1)
            sale.state = life.advance(sale.state, life.RECORD)

    def refused(self, contract_id: bytes) -> None:
        """The chain will never have it: its energy is free again."""
        sale = self._open.pop(contract_id, None)
        if sale and sale.state != life.VOID:
            self._count(sale.contract, -1)

    def ended(self, contract_id: bytes, meter: bytes) -> bool:
        """The buyer's trade end was heard; False if it is not this meter's to end, or not under way."""
        sale = self._open.get(contract_id)
        if sale is None or sale.contract.meter != meter or sale.state != life.RECORDED:
            return False
        sale.state = life.advance(life.advance(sale.state, life.START), life.END)
        return True

    def lapse(self, before: int) -> None:
        """Not recorded although its accept_by is before `before`: void, unless the chain still says otherwise."""
        for contract_id in sorted(self._open):
            sale = self._open[contract_id]
            if sale.state == life.ACCEPTED and sale.contract.accept_by < before:
                sale.state = life.advance(sale.state, life.LAPSE)
                self._count(sale.contract, -1)

    def forget(self, before: int) -> None:
        """Drop contracts and slots that ended before `before`: they bind nothing any more."""
        for contract_id in sorted(self._open):
            contract = self._open[contract_id].contract
            if contract.start + len(contract.wh) * self.slot_s <= before:
                del self._open[contract_id]
        self._sold = {key: wh for key, wh in self._sold.items() if key[0] >= before}

    def _count(self, contract: "Contract", sign: int) -> None:
        for i, wh in enumerate(contract.wh):
            key = (contract.start + i * self.slot_s, contract.panel_id)
            self._sold[key] = self._sold.get(key, 0) + sign * wh
