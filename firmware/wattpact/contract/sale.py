# SPDX-License-Identifier: Apache-2.0
"""The plant's side: what it offered, what of it is sold, and whether a proposal may be accepted.

The signed offer fixes price and Wh; the sold book only says what is still free. The ledger decides again (R41 to R47).
"""

from ..compat import const
from ..ledger import life
from ..wire import codec, envelope
from ..wire.kinds import Blob, Flag, Row
from ..wire.messages import (
    DECLINE_SOLD,
    DECLINE_STALE,
    DECLINE_TERMS,
    ENVELOPE_MAX,
    Contract,
    parse_as,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..wire.messages import Offer

KEPT = Row(("recorded", Flag()), ("record", Blob(ENVELOPE_MAX)))
KEPT_MAX = const(4112)  # an envelope and the heads


class Sale:
    """One accepted contract; states and events are those of ledger/life.py."""

    def __init__(self, contract: Contract, record: bytes) -> None:
        self.contract = contract
        self.record = record
        self.state = life.ACCEPTED

    def keep(self) -> bytes:
        """What a power cut must not take: the contract, and whether the chain has it."""
        return codec.encode([self.state == life.RECORDED, self.record])

    @classmethod
    def restore(cls, kept: bytes) -> "Sale":
        """Inverse of `keep`; WireError if the store gives back something else."""
        recorded, record = KEPT.check(codec.decode(kept, KEPT_MAX), "kept sale")
        payload = envelope.peek_payload(envelope.split_record(record)[0])
        sale = cls(parse_as(Contract, payload), record)
        if recorded:
            sale.state = life.advance(sale.state, life.RECORD)
        return sale


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

    def refusal(self, contract: Contract, now: int) -> int:
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

    def sell(self, contract_id: bytes, sale: Sale) -> None:
        """Accepted: its energy is off the shelf."""
        self._open[contract_id] = sale
        self._count(sale.contract, 1)

    def sales(self) -> "list[tuple[bytes, Sale]]":
        """(contract id, sale) of all that are remembered."""
        return [(contract_id, self._open[contract_id]) for contract_id in sorted(self._open)]

    def recorded(self, contract_id: bytes) -> "Sale | None":
        """The chain has it; the sale if that is news."""
        sale = self._open.get(contract_id)
        if sale is None or (sale.state, life.RECORD) not in life.TABLE:
            return None
        if sale.state == life.VOID:
            self._count(sale.contract, 1)
        sale.state = life.advance(sale.state, life.RECORD)
        return sale

    def refused(self, contract_id: bytes) -> "Sale | None":
        """The chain will not have it, unless it says otherwise later: its energy is free again; the sale if it was not.

        A contract on the chain stays there, whatever is said of a second envelope of it.
        """
        sale = self._open.get(contract_id)
        if sale is None or sale.state != life.ACCEPTED:
            return None
        self._void(sale)
        return sale

    def ended(self, contract_id: bytes, meter: bytes) -> None:
        """A trade end was heard. A former buyer's contracts with other plants are none of ours."""
        sale = self._open.get(contract_id)
        if sale and sale.contract.meter == meter and sale.state == life.RECORDED:
            sale.state = life.advance(life.advance(sale.state, life.START), life.END)

    def lapse(self, before: int) -> None:
        """Not recorded although its accept_by is before `before`: void, unless the chain still says otherwise."""
        for contract_id in sorted(self._open):
            sale = self._open[contract_id]
            if sale.state == life.ACCEPTED and sale.contract.accept_by < before:
                self._void(sale)

    def forget(self, before: int) -> "list[bytes]":
        """Drop contracts and slots that ended before `before`: they bind nothing any more. Ids of those contracts."""
        gone: "list[bytes]" = []
        for contract_id in sorted(self._open):
            contract = self._open[contract_id].contract
            if contract.start + len(contract.wh) * self.slot_s <= before:
                del self._open[contract_id]
                gone.append(contract_id)
        self._sold = {key: wh for key, wh in self._sold.items() if key[0] >= before}
        return gone

    def _void(self, sale: Sale) -> None:
        sale.state = life.advance(sale.state, life.LAPSE)
        self._count(sale.contract, -1)

    def _count(self, contract: Contract, sign: int) -> None:
        for i, wh in enumerate(contract.wh):
            key = (contract.start + i * self.slot_s, contract.panel_id)
            self._sold[key] = self._sold.get(key, 0) + sign * wh
