# SPDX-License-Identifier: Apache-2.0
"""Every plant a meter has heard of, in bounded memory: its latest signed offer and what speaks for or against it.

    Book(owner_kid, slot_s, utc_offset_s)
      .hear(offer, offer_id, plant_kid, envelope, register, register_envelope, now, direct, keep) -> word
      .told(plant_id, teller, ppm, now) .facts(plant_id, height, low) .declined(plant_id, offer_id, remaining_wh)
      .observe(plant_id, end, contracted_wh, supplied_wh)                            -> bool: the plant is known
      .get(plant_id) -> Heard or None    .entries()    .candidates(start, slots)    .to_tell(now) -> lists of Heard
      .silent(start, slots) -> bool: ask    .judgement(entry, now) -> reliability.Judgement

The book judges; it does not verify. Signatures, the network and the currency were checked by whoever calls it.
Entries go by plant id, not by key, so a new key brings no new history. Every list comes in order of plant id, unless
it says otherwise.
"""

from ..compat import const
from ..units import HOUR_S
from ..wire.envelope import ENVELOPE_MAX
from ..wire.messages import LOW_MAX, TELL_MAX
from .low_supply import in_service
from .reliability import WINDOW_S, judge, observed, score, service_intervals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Container

    from ..wire.messages import Offer, Register
    from .reliability import Judgement

PLANTS_MAX = const(32)
BYTES_MAX = const(20480)  # of envelopes, all plants together; parsed, about five times that
TELLERS_MAX = const(8)
TOLD_S = const(86400)  # a neighbour's word is good for a day
DELIVERIES_MAX = const(100)
TELL_FRAME = const(160)  # a TELL's envelope without its plants
TELL_ROW = const(12)  # heads and score of one plant in a TELL

NEW = "new"  # a plant not heard of before
NEWER = "newer"  # a later offer of a known plant
KNOWN = "known"  # the offer we already have
OLDER = "older"  # an offer the plant has replaced
EQUIVOCATED = "equivocated"  # a second offer with the same number: evidence; the plant stays marked
MISFIT = "misfit"  # offer and registration do not belong together
OWN = "own"  # our own plant: nobody trades with the same key
FULL = "full"  # no room that could be made


class Heard:
    """One plant: the latest offer, how it was heard, and what is known against it. Only the book changes it."""

    def __init__(self, plant_id: bytes) -> None:
        self.plant_id = plant_id
        self.equivocated = False
        self.direct = False  # heard from the plant itself at least once
        self.first_seen = 1 << 62
        self.facts_height = -1  # chain height of the facts; -1: none
        self.facts_low: "list[tuple[int, int]]" = []  # (start, duration_s)
        self.scores: "dict[bytes, tuple[int, int]]" = {}  # teller -> (told at, ppm)
        self.deliveries: "list[tuple[int, int, int]]" = []  # (end, contracted Wh, supplied Wh)
        self.grounds: "tuple[Any, ...]" = ()  # what `own_ppm` was worked out from
        self.own_ppm = 0

    def take(
        self,
        offer: "Offer",
        offer_id: bytes,
        plant_kid: bytes,
        envelope: bytes,
        register: "Register",
        register_envelope: bytes,
    ) -> None:
        """Replace the offer. What the plant is known for stays, and so does the earliest time it was seen."""
        self.offer = offer
        self.offer_id = offer_id
        self.plant_kid = plant_kid
        self.envelope = envelope
        self.register = register
        self.register_envelope = register_envelope
        self.remaining_wh = offer.remaining_wh
        self.first_seen = min(self.first_seen, register.issued_at)

    def touch(self, now: int, direct: bool) -> None:
        """Heard at `now`."""
        self.heard_at = now
        self.direct = self.direct or direct

    def size(self) -> int:
        """Bytes of envelopes."""
        return len(self.envelope) + len(self.register_envelope)

    def slots(self) -> int:
        """Length of the offer's window in slots."""
        return max([len(wh) for _panel_id, wh in self.offer.panels])

    def told_now(self, now: int) -> "list[int]":
        """What neighbours told within the last day, ppm, in no meaningful order."""
        return [ppm for at, ppm in self.scores.values() if now - at < TOLD_S]


class Book:
    """What one meter has heard. `owner_kid` is its own key: its own plant and its own word do not count."""

    def __init__(self, owner_kid: bytes, slot_s: int, utc_offset_s: int) -> None:
        self._owner_kid = owner_kid
        self._slot_s = slot_s
        self._utc_offset_s = utc_offset_s
        self._plants: "dict[bytes, Heard]" = {}

    def hear(
        self,
        offer: "Offer",
        offer_id: bytes,
        plant_kid: bytes,
        envelope: bytes,
        register: "Register",
        register_envelope: bytes,
        now: int,
        direct: bool,
        keep: "Container[bytes]" = (),
    ) -> str:
        """Take in a verified offer with its plant's registration; returns one of the words above.

        `direct` is False for an offer out of a neighbour's answer. `keep` are plant ids that are never dropped to make
        room: favourites, open contracts.
        """
        if plant_kid == self._owner_kid:
            return OWN
        if not self._fits(offer, register):
            return MISFIT
        entry = self._plants.get(offer.plant_id)
        if entry is None:
            entry = Heard(offer.plant_id)
            entry.take(offer, offer_id, plant_kid, envelope, register, register_envelope)
            entry.touch(now, direct)
            self._plants[offer.plant_id] = entry
            self._drop_excess(keep)
            return NEW if offer.plant_id in self._plants else FULL
        if offer.seq < entry.offer.seq:
            return OLDER
        if offer.seq == entry.offer.seq:
            if offer_id == entry.offer_id:
                entry.touch(now, direct)
                return KNOWN
            if plant_kid != entry.plant_kid:
                return OLDER  # a replaced key proves nothing against its successor
            entry.equivocated = True
            return EQUIVOCATED
        entry.take(offer, offer_id, plant_kid, envelope, register, register_envelope)
        entry.touch(now, direct)
        self._drop_excess(keep)
        return NEWER if offer.plant_id in self._plants else FULL

    def told(self, plant_id: bytes, teller: bytes, ppm: int, now: int) -> bool:
        """A neighbour's own score. A plant's word about itself counts as little as ours. False: not taken."""
        entry = self._plants.get(plant_id)
        if entry is None or teller in (self._owner_kid, entry.plant_kid):
            return False
        entry.scores[teller] = (now, ppm)
        if len(entry.scores) > TELLERS_MAX:
            del entry.scores[min([(at, kid) for kid, (at, _ppm) in entry.scores.items()])[1]]
        return True

    def facts(self, plant_id: bytes, height: int, low: "list[tuple[int, int]]") -> bool:
        """Chain facts as of `height`: (start, duration_s) when the plant generated less than it had sold.

        False if they are older than those we have, or the plant is unknown.
        """
        entry = self._plants.get(plant_id)
        if entry is None or height < entry.facts_height:
            return False
        entry.facts_height = height
        entry.facts_low = low[-LOW_MAX:]
        return True

    def declined(self, plant_id: bytes, offer_id: bytes, remaining_wh: int) -> bool:
        """The plant's no to a proposal on `offer_id` said what is left. False if the offer is not the latest."""
        entry = self._plants.get(plant_id)
        if entry is None or entry.offer_id != offer_id:
            return False
        entry.remaining_wh = min(entry.offer.remaining_wh, remaining_wh)
        return True

    def observe(self, plant_id: bytes, end: int, contracted_wh: int, supplied_wh: int) -> bool:
        """What this meter got by a contract that ended at `end`; see `reliability.observed`. False: plant unknown."""
        entry = self._plants.get(plant_id)
        if entry is None:
            return False
        kept = [row for row in entry.deliveries if end - row[0] < WINDOW_S]
        kept.append((end, contracted_wh, supplied_wh))
        kept.sort()
        entry.deliveries = kept[-DELIVERIES_MAX:]
        return True

    def get(self, plant_id: bytes) -> "Heard | None":
        """The entry of one plant."""
        return self._plants.get(plant_id)

    def entries(self) -> "list[Heard]":
        """Every plant heard of."""
        return [self._plants[plant_id] for plant_id in sorted(self._plants)]

    def candidates(self, start: int, slots: int) -> "list[Heard]":
        """Plants whose offer covers at least one of `slots` slots from `start` on, marked ones included."""
        end = start + slots * self._slot_s
        return [
            entry
            for entry in self.entries()
            if entry.offer.start < end and start < entry.offer.start + entry.slots() * self._slot_s
        ]

    def silent(self, start: int, slots: int) -> bool:
        """Whether a meter should ask its neighbours about the `slots` slots from `start` on.

        It has no offer for them, and not because it is night: it knows no plant, or one that is in service then.
        """
        if self.candidates(start, slots):
            return False
        times = [start + index * self._slot_s for index in range(slots)]
        return not self._plants or any(
            [
                in_service(entry.register.service, self._utc_offset_s, time, self._slot_s)
                for entry in self.entries()
                for time in times
            ]
        )

    def to_tell(self, now: int) -> "list[Heard]":
        """What to answer a neighbour that asks: offers still open, heard last first, as many as one TELL holds."""
        fresh: "list[tuple[int, bytes]]" = []
        for entry in self.entries():
            if now < entry.offer.start + entry.slots() * self._slot_s and not entry.equivocated:
                fresh.append((-entry.heard_at, entry.plant_id))
        fresh.sort()
        found: "list[Heard]" = []
        room = ENVELOPE_MAX - TELL_FRAME
        for _age, plant_id in fresh:
            entry = self._plants[plant_id]
            room -= entry.size() + TELL_ROW
            if room < 0 or len(found) == TELL_MAX:
                break
            found.append(entry)
        return found

    def judgement(self, entry: Heard, now: int) -> "Judgement":
        """How reliable the plant is, all that is known taken together (design: own, chain, neighbours)."""
        return judge(self._own_ppm(entry, now), entry.facts_height >= 0, entry.told_now(now))

    def _own_ppm(self, entry: Heard, now: int) -> int:
        """The score by what this meter knows itself; worked out again after an hour, or when it knows more."""
        known = (entry.register, entry.offer.low, entry.facts_low, entry.deliveries)
        grounds = (now // HOUR_S, entry.first_seen, known)
        if entry.grounds != grounds:
            entry.grounds = grounds
            entry.own_ppm = self._score(entry, now)
        return entry.own_ppm

    def _score(self, entry: Heard, now: int) -> int:
        service = service_intervals(entry.register.service, self._utc_offset_s, now - WINDOW_S, now)
        low = [(start, start + duration_s) for start, duration_s in entry.offer.low]
        if entry.facts_low:
            low += [(start, start + duration_s) for start, duration_s in entry.facts_low]
        own_ppm = score(now, service, low, entry.first_seen)
        if entry.deliveries:
            own_ppm = min(own_ppm, observed(now, entry.deliveries, own_ppm))
        return own_ppm

    def _fits(self, offer: "Offer", register: "Register") -> bool:
        """Whether the registration is that plant's, and the offer is of its panels and of whole slots."""
        if offer.plant_id != register.plant_id or len(register.service) != 12:
            return False
        if offer.start % self._slot_s:
            return False
        registered = [panel_id for panel_id, _rated_w, _preset_wh in register.panels]
        return all([panel_id in registered for panel_id, _wh in offer.panels])

    def _drop_excess(self, keep: "Container[bytes]") -> None:
        """Drop what was not heard for longest until the rest fits; what is in `keep` stays whatever its size."""
        size = sum([entry.size() for entry in self._plants.values()])
        while len(self._plants) > PLANTS_MAX or size > BYTES_MAX:
            loose = [
                (entry.heard_at, plant_id)
                for plant_id, entry in self._plants.items()
                if plant_id not in keep
            ]
            if not loose:
                return
            plant_id = min(loose)[1]
            size -= self._plants[plant_id].size()
            del self._plants[plant_id]
