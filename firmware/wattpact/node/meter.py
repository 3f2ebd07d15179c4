# SPDX-License-Identifier: Apache-2.0
"""The meter's core: hears and asks (acquisition), judges and chooses (determination); `Buying` signs and ends.

Claims C1 to C4 from the buyer's side. Whatever arrives was checked by Member before it comes here.
"""

from ..compat import const
from ..errors import RuleError, WireError
from ..ledger.light import LightClient, RewrittenHistory, Unproved
from ..market.asking import Asking
from ..market.book import Book
from ..market.choice import Demand, candidate, choose
from ..wire.codec import decode, encode
from ..wire.kinds import Text
from ..wire.messages import (
    Ask,
    Award,
    Contract,
    Decline,
    Offer,
    Proof,
    Revoke,
    Shortfall,
    Stored,
    Tell,
)
from .buying import Buying
from .discovery import Discovery
from .effects import Keep, Note, Send
from .member import Core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..contract.timing import Timing
    from ..market.book import Heard
    from ..market.choice import Choice
    from ..market.need import DayMean
    from ..market.preferences import Preferences
    from ..metering.reading import Reading
    from .effects import Effect
    from .member import Member, Opened


ALARM_KEY = b"a"
CHECKPOINT_KEY = b"l"
ALARM = Text(120)
UNPROVED_MAX = const(24)  # in a row: a day of hourly checkpoints


class Tally:
    """What a meter did so far, for its user and for whoever counts a fleet."""

    def __init__(self) -> None:
        self.scored = 0  # choices in which at least one plant had a score (C1)
        self.offers = 0  # offers heard from plants (C2)
        self.tells = 0  # neighbours' answers that were part of a choice (C3)
        self.choices = 0  # choices that named a plant (C4)


class MeterNode(Core):
    """Buys. `on_...` methods return effects; `wake_at` says when `on_tick` is wanted next."""

    def __init__(
        self,
        member: "Member",
        timing: "Timing",
        preferences: "Preferences",
        need: "DayMean",
        now: int,
        deaf: bool = False,
    ) -> None:
        """`need` expects the home's import. `deaf`: hear no plants, ask neighbours, where every byte costs money."""
        Core.__init__(self, member)
        self.timing = timing
        self.preferences = preferences
        self.need = need
        genesis = member.genesis
        self.book = Book(member.kid, genesis.slot_s, genesis.utc_offset_s)
        self.asking = Asking(member.kid)
        self.discovery = Discovery(member, self.asking, deaf)
        self.buying = Buying(member, timing, self.book)
        self.light = LightClient(genesis, member.verifier)
        self.tally = Tally()
        self.choice: "Choice | None" = None
        self.alarm = ""  # why this meter trades no more; empty while it may
        self._unproved = 0  # checkpoints in a row whose proof was no good
        self._metering = True
        self._spread = timing.spread(member.kid)
        self._round = timing.first_round(now, timing.decide_lead_s - self._spread)
        self._asked = False
        self._fresh_tells: "list[bytes]" = []
        self._schedule()

    def standing(self, now: int) -> str:
        """What this meter is at, in a word of home/discovery.py: why it does not trade, or how far it is."""
        if self.alarm:
            return "alarm"
        if not self._metering:
            return "no_reading"
        if self.member.outbox.full():
            return "chain_silent"
        purchase = self.buying.under_way.at(now)
        if purchase is not None:
            return "buying" if purchase.contract.start <= now else "agreed"
        return "paused" if self.preferences.paused else "idle"

    def on_tick(self, now: int) -> "list[Effect]":
        """Whatever is due: questions, decisions, silent plants, missing readings, unanswered messages."""
        effects: "list[Effect]" = []
        self.buying.on_tick(now, effects)
        while self._decide_at() <= now:
            if self._round > now:
                self._decide(self._round, now, effects)
            self._round += self.timing.round_s
            self._asked = False
        if not self._asked and self._round - self.timing.ask_lead_s <= now:
            self._asked = True
            self._ask(self._round, now, effects)
        effects += self.member.due(now)
        self._schedule()
        return effects

    def on_reading(self, reading: "Reading", now: int) -> "list[Effect]":
        """One slot of our own meter. An invalid one is never taken for zero: no new trade until a valid one comes."""
        self._metering = reading.valid
        effects: "list[Effect]" = []
        if reading.valid:
            self.need.record(reading.slot, reading.import_wh)
        else:
            effects.append(Note("meter", reading.reason))
        self.buying.on_reading(reading, now, effects)
        self._schedule()
        return effects

    def on_opened(self, opened: "Opened", now: int) -> "list[Effect]":
        """A message for the buyer's side; one that is none of its business changes nothing."""
        if type(opened.message) is Offer:
            self._hear(opened, opened.message, now, True)
            return []
        effects = self._take(opened, now)
        self._schedule()
        return effects

    def take_back(self, key: bytes, kept: bytes, now: int) -> None:
        """One item of the store. After a restart no new trade begins before the meter has given a valid reading."""
        self._metering = False
        if key == CHECKPOINT_KEY:
            self.light = LightClient(self.member.genesis, self.member.verifier, kept)
            self.member.catch_up.size = self.light.last.size if self.light.last else 0
        elif key == ALARM_KEY:
            self.alarm = ALARM.check(decode(kept), "kept alarm")
        else:
            self.buying.take_back(key, kept)

    def resume(self, now: int) -> "list[Effect]":
        """All items are back."""
        effects = self.buying.resume(now)
        self._schedule()
        return effects

    def show(self, now: int) -> "list[Effect]":
        """What to hear."""
        self._schedule()
        return self.discovery.listening()

    def on_register(self, data: bytes) -> "list[Effect]":
        """Perhaps a seller to hear, or a neighbour to ask."""
        return self.discovery.on_register(data)

    def on_checkpoint(self, bundle: bytes, now: int) -> "list[Effect]":
        """The host's signed tree head: a rewritten history ends all new trading by this meter.

        Signed statements that contradict each other show it at once. A proof that does not lead there shows nothing:
        this meter missed a checkpoint, or somebody on the way spoiled it. It asks the host, and only when no proof has
        come for UNPROVED_MAX checkpoints does it count as withheld.
        """
        effects = self._follow(bundle)
        if self._unproved:
            self.member.catch_up.want(now)
            self._schedule()
        return effects

    def _follow(self, bundle: bytes) -> "list[Effect]":
        try:
            checkpoint = self.light.accept(bundle)
        except RewrittenHistory as error:
            return self._stop(str(error))
        except Unproved as error:
            self._unproved += 1
            if self._unproved >= UNPROVED_MAX:
                return self._stop("%s, %d times" % (error, self._unproved))
            return [Note("checkpoint", str(error))]
        except RuleError as error:
            return [Note("checkpoint", str(error))]
        self._unproved = 0
        self.member.catch_up.size = checkpoint.size
        return [Keep(CHECKPOINT_KEY, self.light.kept)]

    def _stop(self, why: str) -> "list[Effect]":
        """No new trade until a person has looked; open contracts are still ended."""
        self.alarm = why
        return [Keep(ALARM_KEY, encode(why)), Note("alarm", why)]

    def _take(self, opened: "Opened", now: int) -> "list[Effect]":
        message = opened.message
        if type(message) is Contract:
            return self.buying.on_record(opened, message, now)
        elif type(message) is Decline:
            return self.buying.on_decline(opened, message, now)
        elif type(message) is Stored:
            return self.buying.on_stored(message, now)
        elif type(message) is Award:
            return self.buying.on_award(opened, message)
        elif type(message) is Ask:
            tell = self.asking.tell(opened.id, self.book, self.member.network, now)
            return [Send(opened.kid, self.member.parcel(self.member.sign(tell)[1]))]
        elif type(message) is Tell:
            return self._on_tell(opened, message, now)
        elif type(message) is Shortfall:
            if opened.kid != self.member.host:
                raise WireError("chain facts not by the host")
            self.book.facts(message.plant_id, message.height, message.low)
        elif type(message) is Revoke:
            effects = self.member.revoke(opened)
            self.discovery.forget_revoked()
            return effects
        elif type(message) is Proof:
            self.discovery.forget_revoked()
            return self._follow(message.bundle) if message.bundle else []
        return []

    # -- acquisition: C1, C2, C3

    def _hear(self, opened: "Opened", offer: Offer, now: int, direct: bool) -> None:
        known = self.member.known(opened.kid)
        if known is None:
            raise WireError("offer of an unknown plant")
        if offer.currency != self.member.genesis.currency:
            raise WireError("offer in another currency")
        keep = self.preferences.favoured | self.buying.under_way.plant_ids()
        self.book.hear(
            offer, opened.id, opened.kid, opened.data, known.register, known.data, now, direct, keep
        )
        if direct:
            self.tally.offers += 1

    def _ask(self, start: int, now: int, effects: "list[Effect]") -> None:
        """Nobody was heard for the coming round although somebody should be: ask neighbours."""
        if self.alarm or self.preferences.paused or not self.book.silent(start, self.timing.slots):
            return
        self._fresh_tells = []
        ask, neighbours = self.asking.ask(self.member.network, now)
        if neighbours:
            ask_id, data = self.member.sign(ask)
            self.asking.asked(ask_id, now)
            effects += [Send(kid, self.member.parcel(data)) for kid in neighbours]

    def _on_tell(self, opened: "Opened", tell: Tell, now: int) -> "list[Effect]":
        """Each plant by itself: one that cannot be believed says nothing against the others."""
        if not self.asking.expects(tell.ask_id, opened.kid, now):
            raise WireError("an answer to no question of ours")
        effects: "list[Effect]" = []
        for offer_data, register_data, score_ppm in tell.plants:
            try:
                self.member.meet(register_data)
                heard = self.member.open(offer_data)
                if type(heard.message) is not Offer:
                    raise WireError("told something else than an offer")
                self._hear(heard, heard.message, now, False)
                self.book.told(heard.message.plant_id, opened.kid, score_ppm, now)
            except WireError as error:
                effects.append(self.member.drop(error))
        self._fresh_tells.append(opened.kid)
        return effects

    # -- determination: C4

    def _decide(self, start: int, now: int, effects: "list[Effect]") -> None:
        """Choose for the round that begins at `start`, keep the inputs, and propose to the first in the ranking."""
        why = self.alarm or ("" if self._metering else "the meter gives no valid reading")
        if self.member.outbox.full():
            why = "outbox full: the chain has not answered"
        if why:
            effects.append(Note("not-trading", why))
            return
        if self.buying.under_way.busy(start, start + self.timing.round_s):
            return  # decided before a power cut
        genesis = self.member.genesis
        slots = self.timing.slots_of(start)
        demand = Demand(
            self.member.kid,
            start,
            self.timing.slot_s,
            [self.need.expected(slot) for slot in slots],
            [genesis.grid_price(slot) for slot in slots],
            genesis.hurdle,
        )
        entries = [
            entry
            for entry in self.book.candidates(start, self.timing.slots)
            if not self.member.revoked(entry.plant_kid)
        ]
        candidates = [
            candidate(entry, self.book.judgement(entry, now), demand) for entry in entries
        ]
        choice = choose(
            candidates, demand, self.preferences, self.buying.under_way.spent_nano(start)
        )
        self.choice = choice
        if candidates:
            self.tally.scored += 1
            self._count_tells(entries)
        if choice.ranking:
            self.tally.choices += 1
            self.buying.begin(choice.ranking, now, effects)

    def _count_tells(self, entries: "list[Heard]") -> None:
        """Neighbours' answers since the last choice that are part of this one."""
        for teller in self._fresh_tells:
            if any([teller in entry.scores for entry in entries]):
                self.tally.tells += 1
        self._fresh_tells = []

    def _decide_at(self) -> int:
        return self._round - self.timing.decide_lead_s + self._spread

    def _schedule(self) -> None:
        at = self._decide_at() if self._asked else self._round - self.timing.ask_lead_s
        for other in (self.buying.wake_at(), self.member.wake_at()):
            if other:
                at = min(at, other)
        self.wake_at = at
