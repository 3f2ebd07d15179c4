# SPDX-License-Identifier: Apache-2.0
"""What the host tells nodes that hold no chain, signed with the sequencer's key.

STORED frees outboxes, PROOF brings those up to date who missed something. SHORTFALL says when a plant generated less
than it had sold, a fact that a meter cannot see and a plant will not tell.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from wattpact.market.low_supply import HISTORY_S, coarsen
from wattpact.wire import envelope
from wattpact.wire.messages import LOW_MAX, REVOKES_MAX, Proof, Prove, Shortfall, Stored

from .issuer import Delivery

if TYPE_CHECKING:
    from wattpact.interfaces import Signer
    from wattpact.ledger.machine import Ledger

    from .engine import BlockResult

IDS = 16


def stored_notices(signer: "Signer", network: bytes, result: "BlockResult") -> list[Delivery]:
    """One signature for up to IDS ids, sent to every sender of an id in it.

    IDS is few enough for a board to decode. Ids of one sender stand together, so that a node gets as few
    envelopes as possible. A refusal reaches nobody but its own senders: another's forged copy of a message is refused
    under the message's id, and a node that heard of it would take its own for refused.
    """
    stored = sorted((tuple(each.senders), each.id, 0) for each in result.stored)
    refused = sorted((tuple(each.senders), each.id, each.rule) for each in result.refused)
    batches = [stored[first : first + IDS] for first in range(0, len(stored), IDS)]
    for _senders, group in groupby(refused, key=itemgetter(0)):
        told = list(group)
        batches += [told[first : first + IDS] for first in range(0, len(told), IDS)]
    deliveries: list[Delivery] = []
    for batch in batches:
        notice = Stored(
            network=network,
            ids=[message_id for _senders, message_id, rule in batch if not rule],
            refused=[(message_id, rule) for _senders, message_id, rule in batch if rule],
            height=result.height,
        )
        to = sorted({sender for senders, _id, _rule in batch for sender in senders})
        deliveries.append(Delivery(envelope.sign1(notice.payload(), signer), to))
    return deliveries


def proof_notice(
    signer: "Signer",
    network: bytes,
    prove: Prove,
    prove_id: bytes,
    bundle: bytes,
    revocations: Sequence[tuple[int, bytes]],
    size: int,
) -> bytes:
    """The answer to a PROVE: `bundle`, and of all `revocations` (leaf index, envelope) the next that it has not.

    As many as one envelope holds, at most REVOKES_MAX; its `revoked_size` is where to ask on, or the tree's `size`.
    """
    first = bisect_left(revocations, (prove.revoked_size, b""))
    more = list(revocations[first : first + REVOKES_MAX])
    while True:
        complete = first + len(more) == len(revocations)
        proof = Proof(
            network=network,
            prove_id=prove_id,
            bundle=bundle,
            revokes=[data for _place, data in more],
            revoked_size=size if complete else revocations[first + len(more)][0],
        )
        try:
            return envelope.sign1(proof.payload(), signer)
        except ValueError:
            if not more:
                raise
            more.pop()


def shortfall_notices(signer: "Signer", ledger: "Ledger") -> Iterator[tuple[bytes, bytes]]:
    """(plant id, envelope) for every plant that fell short within the last 30 days.

    More than LOW_MAX intervals are joined over their shortest gaps, as a plant's own are.
    """
    for plant_id in ledger.plants():
        low = ledger.shortfalls(plant_id, max(0, ledger.time - HISTORY_S))
        if low:
            notice = Shortfall(
                network=ledger.network,
                plant_id=plant_id,
                height=ledger.height,
                low=coarsen([(start, duration_s) for start, duration_s in low], LOW_MAX),
            )
            yield plant_id, envelope.sign1(notice.payload(), signer)
