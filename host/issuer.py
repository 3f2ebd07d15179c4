# SPDX-License-Identifier: Apache-2.0
"""The issuer's part: every settled trade end gets its award, exactly as the ledger derives it (C7, C9).

It keeps nothing: after a restart the ledger says which trade ends still wait. In between it remembers
only what it has submitted, so that no trade end stands in two awards at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wattpact.crypto.hashes import kid
from wattpact.wire import envelope
from wattpact.wire.messages import Award, message_id

if TYPE_CHECKING:
    from wattpact.interfaces import Signer
    from wattpact.ledger.machine import Ledger

    from .engine import BlockResult

ROWS = 4


@dataclass(frozen=True)
class Delivery:
    """An envelope and the nodes (kids, ascending) it goes to."""

    envelope: bytes
    to: Sequence[bytes]


class Issuer:
    """Signs awards. Call `awards` after every block, submit what it returns, then `on_block`."""

    def __init__(self, signer: "Signer") -> None:
        self.kid = kid(signer.public_key)
        self._signer = signer
        self._under_way: dict[bytes, tuple[Delivery, list[bytes]]] = {}

    def awards(self, ledger: "Ledger") -> list[bytes]:
        """Envelopes to submit for the trade ends that wait and are not under way yet.

        At most ROWS each: a meter decodes all of them for the one that is its own.
        """
        submitted = {end for _delivery, ends in self._under_way.values() for end in ends}
        waiting = [end for end in ledger.awardable() if end not in submitted]
        made: list[bytes] = []
        for first in range(0, len(waiting), ROWS):
            ends = waiting[first : first + ROWS]
            rows = [ledger.derive_award(end) for end in ends]
            payload = Award(network=ledger.network, awards=rows).payload()
            delivery = Delivery(
                envelope.sign1(payload, self._signer), sorted({row[1] for row in rows})
            )
            self._under_way[message_id(payload)] = (delivery, ends)
            made.append(delivery.envelope)
        return made

    def again(self, ledger: "Ledger", trade_end_id: bytes) -> Delivery | None:
        """The award that a recorded trade end got before, alone in a message; None if it got none yet, or none ever.

        Not for the chain, which has it (R70): for the meter, should it have been lost on its way.
        """
        contract_id = ledger.contract_of(trade_end_id)
        deal = ledger.contract(contract_id) if contract_id else None
        if deal is None or deal.closing is None or not deal.closing.award:
            return None
        if trade_end_id in ledger.awardable():
            return None
        row = ledger.derive_award(trade_end_id)
        payload = Award(network=ledger.network, awards=[row]).payload()
        return Delivery(envelope.sign1(payload, self._signer), [row[1]])

    def withdraw(self, award: bytes) -> None:
        """An envelope of `awards` found no room in the mempool: its trade ends wait as before."""
        del self._under_way[message_id(envelope.peek_payload(award))]

    def on_block(self, result: "BlockResult") -> list[Delivery]:
        """Which meters to send the awards that this block recorded.

        A refused award is forgotten, and so derived anew for the next block.
        """
        deliveries: list[Delivery] = []
        for stored in result.stored:
            found = self._under_way.pop(stored.id, None)
            if found:
                deliveries.append(found[0])
        for refused in result.refused:
            self._under_way.pop(refused.id, None)
        return deliveries
