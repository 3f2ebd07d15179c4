# SPDX-License-Identifier: Apache-2.0
"""A meter's contracts under way (the signing module of C11): proposed, recorded, delivered, ended, awarded.

Every proposal that the plant may have accepted is ended, whatever answers were lost: only the chain's refusal or the
plant's keeps a meter from it, never their silence. So a lost answer cannot turn into a withheld end (R49); the end
of a contract that the chain never had is refused (R60) and forgotten.
"""

from binascii import hexlify

from ..compat import const
from ..contract import certificates
from ..contract.proposing import propose
from ..contract.purchases import Purchases
from ..errors import WireError
from ..ledger import life
from ..market.choice import TRIES_MAX
from ..wire import envelope
from ..wire.messages import TradeEnd, parse_as
from .effects import Drop, Keep, Note, Send

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..contract.certificates import AwardRow
    from ..contract.purchase import Purchase
    from ..contract.timing import Timing
    from ..market.book import Book
    from ..market.choice import Option
    from ..metering.reading import Reading
    from ..wire.messages import Award, Contract, Decline, Stored
    from .effects import Effect
    from .member import Member, Opened

RULE_RECORDED = const(16)  # the chain's answer to a record it has already
RULE_COINS = (50, 51)  # it knows our coins better
RULE_NO_CONTRACT = const(60)  # its answer to the end of a contract it never had
RECORD_S = const(60)  # after which the meter submits the record itself
AWARD_S = const(
    900
)  # after it is due an award counts as lost, and the end is sent again; the wait doubles
SPARE_S = const(30)  # but this long before accept_by at the latest
PREFIX = b"c"
CERTIFICATE_PREFIX = b"k"
WALLET_KEY = b"w"


class Buying:
    """All purchases of one meter, from proposal to award; effects are appended to the list passed in."""

    def __init__(self, member: "Member", timing: "Timing", book: "Book") -> None:
        self.member = member
        self.timing = timing
        self.book = book
        self.under_way = Purchases(member.genesis)
        self.wallet = self.under_way.wallet
        self.awards = 0
        self._certificates = certificates.Certificates()
        self._unfinished: "list[tuple[Purchase, AwardRow]]" = []  # awards kept while being taken
        self._ranking: "list[Option]" = []
        self._tried = 0
        self._current: "Purchase | None" = None
        self._deadline = 0  # when the plant of the current proposal counts as silent

    def purchases(self) -> "list[Purchase]":
        """Contracts under way, oldest first."""
        return self.under_way.all()

    def wake_at(self) -> int:
        """When `on_tick` is wanted; 0 if nothing is under way."""
        times = [self._look_at(purchase) for purchase in self.under_way.all()]
        if self._current:
            times.append(self._deadline)
        return min(times) if times else 0

    def on_tick(self, now: int, effects: "list[Effect]") -> None:
        """A silent plant, a record nobody confirmed, a reading that never came."""
        if self._current and self._deadline <= now:
            self._current.advance(life.SILENCE)
            effects.append(Note("silent", hexlify(self._current.plant_id).decode()))
            self._next(now, effects)
        for purchase in self.purchases():
            while self.under_way.holds(purchase) and self._look_at(purchase) <= now:
                self._look(purchase, now, effects)

    # -- proposing: C5

    def begin(self, ranking: "list[Option]", now: int, effects: "list[Effect]") -> None:
        """Propose to the first of the ranking; to the next when it declines or is silent."""
        self._ranking = ranking
        self._tried = 0
        self._next(now, effects)

    def _next(self, now: int, effects: "list[Effect]") -> None:
        self._current = None
        if not self._ranking:
            return  # a plant that was silent has accepted meanwhile
        tries = min(TRIES_MAX, len(self._ranking))
        if self._tried >= tries or self._ranking[self._tried].start <= now:
            effects.append(Note("no-contract", "no plant accepted"))
            return
        option = self._ranking[self._tried]
        self._tried += 1
        member = self.member
        self.wallet.expire(now)
        seller = member.known(option.plant_kid)
        purchase = propose(
            option,
            member.genesis,
            member.network,
            member.kid,
            self.wallet if seller and seller.register.owner != member.register.owner else None,
            now + self.timing.accept_s,
            self.under_way.register_wh,
        )
        self.under_way.add(purchase)
        effects.append(self._keep(purchase))
        self._send(purchase, now, effects)

    def _send(self, purchase: "Purchase", now: int, effects: "list[Effect]") -> None:
        self._current = purchase
        self._deadline = now + self.timing.answer_s
        data = self.member.sign(purchase.contract)[1]
        effects.append(Send(purchase.contract.plant, self.member.parcel(data)))

    def on_record(self, opened: "Opened", contract: "Contract", now: int) -> "list[Effect]":
        """The plant's acceptance, as the complete record."""
        purchase = self.under_way.get(opened.id)
        if purchase is None or opened.kid != contract.plant:
            raise WireError("acceptance of something not proposed")
        if purchase.record:
            return []
        purchase.record = opened.data
        if (
            purchase.state == life.VOID
        ):  # perhaps it was in time and the answers were lost: ask the chain
            return self.member.outbox.send(opened.id, self.member.host, opened.data, now)
        if not purchase.can(life.ACCEPT):
            return []
        purchase.advance(life.ACCEPT)
        purchase.submit_at = min(now + RECORD_S, max(now, contract.accept_by - SPARE_S))
        self._agreed(purchase)
        return [self._keep(purchase)]

    def on_decline(self, opened: "Opened", decline: "Decline", now: int) -> "list[Effect]":
        """The plant's no: remember what it has left, try the next."""
        purchase = self.under_way.get(decline.contract_id)
        if purchase is None or opened.kid != purchase.contract.plant:
            raise WireError("decline of something not proposed")
        effects: "list[Effect]" = []
        if purchase.can(life.DECLINE):
            contract = purchase.contract
            effects.append(Note("declined", hexlify(purchase.plant_id).decode()))
            self.book.declined(purchase.plant_id, contract.offer_id, decline.remaining_wh)
            purchase.advance(life.DECLINE)
            self.under_way.release(purchase)
            if self._current is purchase:
                self._next(now, effects)
        return effects

    def on_stored(self, stored: "Stored", now: int) -> "list[Effect]":
        """What the chain says of our contracts and ends."""
        effects: "list[Effect]" = []
        for message_id in stored.ids:
            self._recorded(message_id, effects)
        for message_id, rule in stored.refused:
            if rule == RULE_RECORDED:
                self._recorded(message_id, effects)
            else:
                effects.append(Note("refused", "refused by rule R%d" % rule))
                self._refused(message_id, rule, now, effects)
        return effects

    def _recorded(self, message_id: bytes, effects: "list[Effect]") -> None:
        """The chain has a contract of ours, or its end, whatever we believed of it: it binds."""
        purchase = self.under_way.named(message_id)
        if purchase and purchase.can(life.RECORD):
            purchase.advance(life.RECORD)
            purchase.submit_at = 0
            self.under_way.lock(purchase)
            self._agreed(purchase)
            effects.append(self._keep(purchase))

    def _refused(self, message_id: bytes, rule: int, now: int, effects: "list[Effect]") -> None:
        """The chain will not have a contract, or the end of one that it never had."""
        purchase = self.under_way.named(message_id)
        if purchase is None:
            return
        if purchase.end_id == message_id:
            if rule == RULE_NO_CONTRACT:
                self._forget(purchase, effects)
        elif purchase.can(life.LAPSE):
            purchase.advance(life.LAPSE)
            purchase.refused = True
            purchase.submit_at = 0
            self.under_way.release(purchase)
            if rule in RULE_COINS:
                self.wallet.distrust(purchase.contract.coins)
                effects.append(Keep(WALLET_KEY, self.wallet.keep()))
            if self._current is purchase:
                self._next(now, effects)

    def _agreed(self, purchase: "Purchase") -> None:
        """A plant said yes: nobody else is asked for these slots."""
        self._ranking = []
        if self._current is purchase:
            self._current = None

    # -- delivery and end: C6

    def on_reading(self, reading: "Reading", now: int, effects: "list[Effect]") -> None:
        """One slot of our own meter; the last slot of a contract ends it. A slot that comes again changes nothing."""
        register_wh = reading.import_register_wh
        self.under_way.register_wh = max(self.under_way.register_wh, register_wh)
        for purchase in self.purchases():
            if purchase.end_id or not purchase.overlaps(reading.slot, reading.slot + 1):
                continue
            last = purchase.on_slot(reading.slot, reading.import_wh, register_wh, reading.valid)
            if last and purchase.binds():
                self._end(purchase, now, effects)
            elif purchase.pending():
                effects.append(self._keep(purchase))

    def _end(self, purchase: "Purchase", now: int, effects: "list[Effect]") -> None:
        """Sign and broadcast. The outbox keeps it before the purchase does: `resume` finds it there."""
        if not purchase.valid():
            effects.append(Note("meter", "a slot of a contract has no valid reading"))
        end_id, data = self.member.sign(purchase.end(self.under_way.register_before(purchase)))
        purchase.end_id = end_id
        effects += self.member.outbox.publish(end_id, "trade_end", data, now)
        effects.append(self._keep(purchase))

    def _look_at(self, purchase: "Purchase") -> int:
        """When this contract needs a look if nothing happens to it."""
        settle_s, withheld_s, _late_s, clock_s = self.member.genesis.timeouts
        if purchase.end_id:
            due = purchase.last_slot_end + settle_s
            return min(purchase.ask_at or due + AWARD_S, due + withheld_s)
        if purchase.state in (life.PROPOSED, life.SILENT):
            return purchase.contract.accept_by + clock_s + 1
        give_up = purchase.last_slot_end + self.timing.grace_s
        return min(give_up, purchase.submit_at) if purchase.submit_at else give_up

    def _look(self, purchase: "Purchase", now: int, effects: "list[Effect]") -> None:
        if purchase.end_id and self._await_award(purchase, now, effects):
            return
        if purchase.end_id:
            if purchase.binds():
                effects.append(Note("no-award", hexlify(purchase.plant_id).decode()))
                self._close(purchase, 0)
            self._forget(purchase, effects)
        elif purchase.state in (life.PROPOSED, life.SILENT):
            if self._current is purchase:
                self._current = None
            purchase.advance(life.LAPSE)
            self.under_way.release(purchase)
        elif purchase.submit_at and purchase.submit_at <= now:
            purchase.submit_at = 0
            effects += self.member.outbox.send(
                purchase.contract_id, self.member.host, purchase.record, now
            )
        elif not purchase.binds() and (purchase.refused or purchase.state == life.DECLINED):
            self._forget(purchase, effects)
        else:
            self._end(purchase, now, effects)

    def _await_award(self, purchase: "Purchase", now: int, effects: "list[Effect]") -> bool:
        """Ask for a lost award by the same trade end, if it can have earned one. False: none is to come any more."""
        settle_s, withheld_s, _late_s, _clock_s = self.member.genesis.timeouts
        if now >= purchase.last_slot_end + settle_s + withheld_s:
            return False
        purchase.ask_wait_s = max(2 * purchase.ask_wait_s, AWARD_S)
        purchase.ask_at = now + purchase.ask_wait_s
        if purchase.binds() and sum(purchase.delivered()):
            if not self.member.outbox.holds(purchase.end_id):
                end_id, data = self.member.sign(purchase.end(0))
                if end_id == purchase.end_id:
                    effects.append(Send(self.member.host, data))
        return True

    # -- award: C7, C8, C9

    def on_award(self, opened: "Opened", award: "Award") -> "list[Effect]":
        """Coins and certificates of ours among the rows; all of them, or none if one does not fit."""
        if opened.kid != self.member.issuer:
            raise WireError("award not by the issuer")
        ours: "list[tuple[Purchase, AwardRow]]" = []
        for row in award.awards:
            for purchase in self.purchases():
                if row[1] == self.member.kid and purchase.end_id == row[0]:
                    if not purchase.fits(row):
                        raise WireError("award does not fit the trade end")
                    ours.append((purchase, row))
        effects: "list[Effect]" = []
        for purchase, row in ours:
            if self.under_way.holds(purchase):
                self._take(purchase, row, effects)
        return effects

    def _take(self, purchase: "Purchase", row: "AwardRow", effects: "list[Effect]") -> None:
        """One award. The certificate is kept first, the contract dropped last: what lies between can be done again."""
        trade_end_id, _meter, coin_ug, expires, certificate = row
        self._recorded(trade_end_id, effects)
        effects.append(Keep(CERTIFICATE_PREFIX + trade_end_id, certificates.keep(row)))
        effects += [Drop(CERTIFICATE_PREFIX + gone) for gone in self._certificates.file(row)]
        self.awards += 1
        self.wallet.add(trade_end_id, coin_ug, expires)
        self._close(purchase, certificate[4])
        effects.append(Keep(WALLET_KEY, self.wallet.keep()))
        self._forget(purchase, effects)

    def _close(self, purchase: "Purchase", settled_wh: int) -> None:
        """An ended contract came to this: coins burn or are free, the book learns how the plant did."""
        self.under_way.close(purchase, settled_wh)
        self.book.observe(
            purchase.plant_id, purchase.last_slot_end, sum(purchase.delivered()), settled_wh
        )

    # -- after a power cut

    def take_back(self, key: bytes, kept: bytes) -> None:
        """One item of the store; keys come in ascending order, so purchases before awards. WireError if unreadable."""
        kind = key[:1]
        if kind == PREFIX:
            self.under_way.restore(kept)
        elif kind == CERTIFICATE_PREFIX:
            row = certificates.restore(key[1:], self.member.kid, kept)
            self._certificates.file(row)
            purchase = self.under_way.named(row[0])
            if purchase:
                self._unfinished.append((purchase, row))
        elif key == WALLET_KEY:
            self.wallet.restore(kept)

    def resume(self, now: int) -> "list[Effect]":
        """Everything kept is back: finish what was begun, and ask the last plant again if it may still answer."""
        effects: "list[Effect]" = []
        for end_id, data in self.member.outbox.published("trade_end"):
            trade_end = parse_as(TradeEnd, envelope.peek_payload(data))
            purchase = self.under_way.get(trade_end.contract_id)
            if purchase and not purchase.end_id:
                purchase.ended(end_id, trade_end)
                effects.append(self._keep(purchase))
        for purchase in self.purchases():
            self.under_way.lock(purchase)
            if purchase.state == life.ACCEPTED and not self.member.outbox.holds(
                purchase.contract_id
            ):
                purchase.submit_at = now
        for purchase, row in self._unfinished:
            if self.wallet.taken == row[0]:
                self._forget(purchase, effects)
            else:
                self._take(purchase, row, effects)
        self._unfinished = []
        asked = [
            (p.contract.accept_by, p.contract_id)
            for p in self.purchases()
            if p.state == life.PROPOSED and p.contract.accept_by > now
        ]
        if asked:
            last = self.under_way.get(max(asked)[1])
            bound = [p for p in self.purchases() if p.binds()]
            if last and not [p for p in bound if p.overlaps(*last.span())]:
                self._send(last, now, effects)
        return effects

    def _keep(self, purchase: "Purchase") -> Keep:
        return Keep(PREFIX + purchase.contract_id, purchase.keep())

    def _forget(self, purchase: "Purchase", effects: "list[Effect]") -> None:
        self.under_way.remove(purchase)
        effects.append(Drop(PREFIX + purchase.contract_id))
