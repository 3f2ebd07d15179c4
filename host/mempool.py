# SPDX-License-Identifier: Apache-2.0
"""Transactions that wait for a block: bounded, in order of arrival, each envelope once.

Whoever submitted an envelope is told what became of it, and nobody else: a forged envelope can name
another node's message, so its refusal must not reach that node's outbox.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from wattpact.errors import RuleError, WireError
from wattpact.wire.envelope import is_record, peek_payload, split_record
from wattpact.wire.messages import message_id

from .errors import MempoolFull

R10_MALFORMED = 10
WAITING_MAX = 20_000
SENDERS_MAX = 8


@dataclass
class Waiting:
    """One envelope, the message's id, and who wants to hear of it (kids, in order of arrival)."""

    envelope: bytes
    id: bytes
    senders: list[bytes] = field(default_factory=list[bytes])
    tried_at: int | None = None
    """Block time at which it was first put off."""


class Mempool:
    """A queue without duplicates."""

    def __init__(self, most: int = WAITING_MAX) -> None:
        self._most = most
        self._waiting: dict[bytes, Waiting] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, envelope: bytes, sender: bytes) -> bytes:
        """The message's id. The same bytes again only add a sender.

        RuleError R10 if these bytes cannot be a transaction, MempoolFull if there is no room.
        """
        waiting = self._waiting.get(envelope)
        if waiting is None:
            if len(self._waiting) >= self._most:
                raise MempoolFull("%d transactions wait; try again later" % self._most)
            waiting = Waiting(envelope, id_of(envelope))
            self._waiting[envelope] = waiting
        if sender not in waiting.senders and len(waiting.senders) < SENDERS_MAX:
            waiting.senders.append(sender)
        return waiting.id

    def first(self, count: int) -> list[Waiting]:
        """Those that came first, at most `count`; they stay in the queue."""
        return [waiting for _index, waiting in zip(range(count), self._waiting.values())]

    def remove(self, done: Iterable[Waiting]) -> None:
        """They are recorded, or refused for good."""
        for waiting in done:
            del self._waiting[waiting.envelope]

    def put_off(self, later: Iterable[Waiting]) -> None:
        """Behind all others, so that what cannot be recorded yet holds nobody up."""
        for waiting in later:
            del self._waiting[waiting.envelope]
            self._waiting[waiting.envelope] = waiting


def id_of(envelope: bytes) -> bytes:
    """The id of the message in an envelope or record, unchecked; RuleError R10 if there is none."""
    try:
        attached = split_record(envelope)[0] if is_record(envelope) else envelope
        return message_id(peek_payload(attached))
    except WireError as error:
        raise RuleError(R10_MALFORMED, str(error)) from error
