# SPDX-License-Identifier: Apache-2.0
"""Asking neighbours and answering them (C3): the plants' own signed offers travel, with the teller's score of each.

    Asking(kid)   .wants(kid) -> bool   .add(kid)   .remove(kid)
      .ask(network, now) -> (Ask, neighbours to send it to)   .asked(ask_id, now)
      .expects(ask_id, teller, now) -> bool   .tell(ask, ask_id, book, network, now) -> Tell

An answer counts only if it names our open question and comes from somebody who was asked; it counts once.
"""

from hashlib import sha256

from ..compat import const
from ..wire.messages import Ask, Tell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .book import Book

ASKED_MAX = const(3)  # neighbours per question
NEIGHBOURS_MAX = const(32)
OPEN_S = const(600)


class Asking:
    """Questions of one meter: at most one is open. Neighbours are asked in turn.

    They stand in the order of their kids, from the meter's own on and around, so that it does not matter who was met
    first, and not everybody asks the same ones. Of too many the first NEIGHBOURS_MAX in that order are kept.
    """

    def __init__(self, kid: bytes) -> None:
        self._kid = kid
        self._neighbours: "list[tuple[int, bytes]]" = []  # (how far from ours, kid), ascending
        self._turn = 0
        self._ask_id = b""
        self._asked_at = 0
        self._waiting: "list[bytes]" = []

    def wants(self, kid: bytes) -> bool:
        """Whether `add` would change anything."""
        place = self._place(kid)
        if kid == self._kid or place in self._neighbours:
            return False
        return len(self._neighbours) < NEIGHBOURS_MAX or place < self._neighbours[-1]

    def add(self, kid: bytes) -> None:
        """A neighbour whose registration was checked."""
        if self.wants(kid):
            self._neighbours.append(self._place(kid))
            self._neighbours.sort()
            self._neighbours = self._neighbours[:NEIGHBOURS_MAX]

    def neighbours(self) -> "list[bytes]":
        """Whom it may ask, in order."""
        return [kid for _around, kid in self._neighbours]

    def remove(self, kid: bytes) -> None:
        """Nobody to ask any more."""
        self._neighbours = [each for each in self._neighbours if each[1] != kid]

    def _place(self, kid: bytes) -> "tuple[int, bytes]":
        around = int.from_bytes(kid, "big") - int.from_bytes(self._kid, "big")
        return around % (1 << 64), kid

    def ask(self, network: bytes, now: int) -> "tuple[Ask, list[bytes]]":
        """The next question and whom to ask; nobody if there is no neighbour."""
        count = min(ASKED_MAX, len(self._neighbours))
        asked = [
            self._neighbours[(self._turn + i) % len(self._neighbours)][1] for i in range(count)
        ]
        self._turn += count
        self._waiting = list(asked)
        nonce = sha256(self._kid + now.to_bytes(8, "big")).digest()[:8]
        return Ask(network=network, nonce=nonce, issued_at=now), asked

    def asked(self, ask_id: bytes, now: int) -> None:
        """The question was signed and goes out."""
        self._ask_id = ask_id
        self._asked_at = now

    def expects(self, ask_id: bytes, teller: bytes, now: int) -> bool:
        """Whether an answer counts; from then on that teller has answered."""
        if ask_id != self._ask_id or teller not in self._waiting:
            return False
        self._waiting.remove(teller)
        return now - self._asked_at < OPEN_S

    def tell(self, ask_id: bytes, book: "Book", network: bytes, now: int) -> Tell:
        """The answer to a neighbour's question: as many standing offers as one message holds."""
        plants = [
            (entry.envelope, entry.register_envelope, book.judgement(entry, now).own_ppm)
            for entry in book.to_tell(now)
        ]
        return Tell(network=network, ask_id=ask_id, plants=plants, issued_at=now)
