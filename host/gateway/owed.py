# SPDX-License-Identifier: Apache-2.0
"""What a block owes its members, derived from the chain: for a host that was killed between commit and broker.

STORED for every id to whoever signed it and to a contract's parties, awards to their meters, revocations to all. Those
who passed on what others signed are not on the chain: they send again, and are answered.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from wattpact.node.effects import Publish, Send
from wattpact.wire.envelope import is_record, peek_kid, peek_payload, split_record
from wattpact.wire.messages import (
    AWARD,
    CONTRACT,
    REVOKE,
    Award,
    Contract,
    message_id,
    parse_as,
    type_of,
)

from ..engine import BlockResult, Stored
from ..notices import stored_notices

if TYPE_CHECKING:
    from wattpact.interfaces import Signer


def owed(
    sequencer: "Signer", network: bytes, height: int, transactions: Sequence[bytes]
) -> list[Send | Publish]:
    """Of the block at `height`, whose stored bytes are `transactions`."""
    effects: list[Send | Publish] = []
    stored: list[Stored] = []
    for each in transactions:
        attached = split_record(each)[0] if is_record(each) else each
        payload = peek_payload(attached)
        kind = type_of(payload)
        if kind == AWARD:
            meters = sorted({row[1] for row in parse_as(Award, payload).awards})
            effects += [Send(meter, each) for meter in meters]
            continue
        if kind == REVOKE:
            effects.append(Publish("revoke", each))
        parties = [peek_kid(attached)]
        if kind == CONTRACT:
            contract = parse_as(Contract, payload)
            parties = [contract.meter, contract.plant]
        stored.append(Stored(message_id(payload), parties))
    result = BlockResult(height, 0, committed=True, stored=stored)
    for delivery in stored_notices(sequencer, network, result):
        effects += [Send(to, delivery.envelope) for to in delivery.to]
    return effects
