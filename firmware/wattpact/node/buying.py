# SPDX-License-Identifier: Apache-2.0
"""A meter's contracts under way (the signing module of C11): proposed, recorded, delivered, ended, awarded.

A contract that the plant accepted is delivered and ended even if the chain has not answered yet: the chain's
refusal makes it void, never its silence. So a lost answer cannot turn into a withheld end.
"""

from binascii import hexlify

from ..compat import const
from ..contract.proposing import propose
from ..contract.purchase import Purchase
from ..contract.wallet import Wallet
from ..errors import WireError
from ..ledger import life
from ..market.choice import TRIES_MAX
from ..units import DAY_S, money_nano
from ..wire.codec import encode
from .effects import Drop, Keep, Note, Send

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..contract.timing import Timing
    from ..market.book import Book
    from ..market.choice import Option
    from ..metering.reading import Reading
    from ..wire.messages import Award, Contract, Decline, Stored
    from .effects import Effect
    from .member import Member, Opened

RULE_RECORDED = const(16)  # the chain's answer to a record it has already
RECORD_S = const(60)  # after which the meter submits the record itself
PREFIX = b"c"
CERTIFICATE_PREFIX = b"k"


class Buying:
    """All purchases of one meter, from proposal to award; effects are appended to the list passed in."""

    def __init__(self, member: "Member", timing: "Timing", book: "Book") -> None:
        self.member = member
        self.timing = timing
        self.book = book
        self.wallet = Wallet(member.genesis)
        self.awards = 0
        self._purchases: "dict[bytes, Purchase]" = {}
        self._ranking: "list[Option]" = []
        self._tried = 0
        self._current: "Purchase | None" = None
        self._deadline = 0  # when the plant of the current proposal counts as silent
        self._register_wh = 0
        self._spent_day = 0
        self._spent_nano = 0

    def purchases(self) -> "list[Purchase]":
        """Contracts under way, oldest first."""
        return sorted(self._purchases.values(), key=lambda p: (p.contract.start, p.contract_id))

    def plant_ids(self) -> "set[bytes]":
        """Plants with a contract under way."""
        return {purchase.plant_id for purchase in self._purchases.values()}

    def restore(self, kept: bytes) -> None:
        """One contract back from the store after a reboot; its coins are locked again."""
        purchase = Purchase.restore(kept, self.timing.slot_s)
        self._purchases[purchase.contract_id] = purchase
        self.wallet.lock(purchase.contract.coins)

    def spent_nano(self, now: int) -> int:
        """What the contracts accepted today cost at most."""
        day = (now + self.member.genesis.utc_offset_s) // DAY_S
        if day != self._spent_day:
            self._spent_day = day
            self._spent_nano = 0
        return self._spent_nano

    def wake_at(self) -> int:
        """When `on_tick` is wanted; 0 if nothing is under way."""
        times = [self._look_at(purchase) for purchase in self._purchases.values()]
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
            if self._look_at(purchase) <= now:
                self._look(purchase, now, effects)

    # -- proposing: C5

    def begin(self, ranking: "list[Option]", now: int, effects: "list[Effect]") -> None:
        """Propose to the first of the ranking; to the next when it declines or is silent."""
        self._ranking = ranking
        self._tried = 0
        self._next(now, effects)

    def _next(self, now: int, effects: "list[Effect]") -> None:
        self._current = None
        if self._tried >= min(TRIES_MAX, len(self._ranking)):
            effects.append(Note("no-contract", "no plant accepted"))
            return
        option = self._ranking[self._tried]
        self._tried += 1
        member = self.member
        accept_by = now + self.timing.accept_s
        purchase = propose(
            option, member.genesis, member.network, member.kid, self.wallet, accept_by
        )
        self.wallet.lock(purchase.contract.coins)
        self._purchases[purchase.contract_id] = purchase
        self._current = purchase
        self._deadline = now + self.timing.answer_s
        data = member.sign(purchase.contract)[1]
        effects.append(Send(option.plant_kid, member.parcel(data)))

    def on_record(self, opened: "Opened", contract: "Contract", now: int) -> "list[Effect]":
        """The plant's acceptance, as the complete record."""
        purchase = self._purchases.get(opened.id)
        if purchase is None or opened.kid != contract.plant:
            raise WireError("acceptance of something not proposed")
        if purchase.record:
            return []
        purchase.record = opened.data
        purchase.submit_at = now + RECORD_S
        if (purchase.state, life.ACCEPT) in life.TABLE:
            purchase.advance(life.ACCEPT)
        self._spent_nano = self.spent_nano(now) + money_nano(contract.price, contract.total_wh)
        if self._current is purchase:
            self._current = None
        return [self._keep(purchase)]

    def on_decline(self, opened: "Opened", decline: "Decline", now: int) -> "list[Effect]":
        """The plant's no: remember what it has left, try the next."""
        purchase = self._purchases.get(decline.contract_id)
        if purchase is None or opened.kid != purchase.contract.plant:
            raise WireError("decline of something not proposed")
        effects: "list[Effect]" = []
        if (purchase.state, life.DECLINE) in life.TABLE:
            contract = purchase.contract
            effects.append(Note("declined", hexlify(purchase.plant_id).decode()))
            self.book.declined(purchase.plant_id, contract.offer_id, decline.remaining_wh)
            purchase.advance(life.DECLINE)
            self._release(purchase)
            if self._current is purchase:
                self._next(now, effects)
        return effects

    def on_stored(self, stored: "Stored") -> "list[Effect]":
        """What the chain says of our contracts; trade ends need no more than to leave the outbox."""
        effects: "list[Effect]" = []
        for message_id in stored.ids:
            self._recorded(message_id, effects)
        for message_id, rule in stored.refused:
            if rule == RULE_RECORDED:
                self._recorded(message_id, effects)
                continue
            effects.append(Note("refused", "refused by rule R%d" % rule))
            purchase = self._purchases.pop(message_id, None)
            if purchase:
                self._release(purchase)
                effects.append(Drop(PREFIX + message_id))
        return effects

    def _recorded(self, message_id: bytes, effects: "list[Effect]") -> None:
        """The chain has a contract of ours, whatever we believed of it: it binds."""
        purchase = self._purchases.get(message_id)
        if purchase and (purchase.state, life.RECORD) in life.TABLE:
            if purchase.state in (life.DECLINED, life.VOID):
                self.wallet.lock(purchase.contract.coins)
            if self._current is purchase:
                self._current = None
            purchase.advance(life.RECORD)
            purchase.submit_at = 0
            effects.append(self._keep(purchase))

    # -- delivery and end: C6

    def on_reading(self, reading: "Reading", now: int, effects: "list[Effect]") -> None:
        """One slot of our own meter; the last slot of a contract ends it."""
        register_wh = reading.import_register_wh
        self._register_wh = max(self._register_wh, register_wh)
        for purchase in self.purchases():
            last = purchase.on_slot(reading.slot, reading.import_wh, register_wh, reading.valid)
            if last and purchase.binds():
                self._end(purchase, now, effects)

    def _end(self, purchase: Purchase, now: int, effects: "list[Effect]") -> None:
        end_id, data = self.member.sign(purchase.end(self._register_wh))
        purchase.end_id = end_id
        effects.append(self._keep(purchase))
        effects += self.member.outbox.publish(end_id, "trade_end", data, now)

    def _look_at(self, purchase: Purchase) -> int:
        """When this contract needs a look if nothing happens to it."""
        settle_s, withheld_s, _late_s, clock_s = self.member.genesis.timeouts
        if purchase.end_id:
            return purchase.last_slot_end + settle_s + withheld_s
        if purchase.state in (life.PROPOSED, life.SILENT):
            return purchase.contract.accept_by + clock_s + 1
        give_up = purchase.last_slot_end + self.timing.grace_s
        return min(give_up, purchase.submit_at) if purchase.submit_at else give_up

    def _look(self, purchase: Purchase, now: int, effects: "list[Effect]") -> None:
        if purchase.end_id:
            self._close(purchase, 0, effects)
        elif purchase.state in (life.PROPOSED, life.SILENT):
            if self._current is purchase:
                self._current = None
            purchase.advance(life.LAPSE)
            self._release(purchase)
        elif not purchase.binds():
            del self._purchases[purchase.contract_id]
        elif purchase.submit_at and purchase.submit_at <= now:
            purchase.submit_at = 0
            effects += self.member.outbox.send(
                purchase.contract_id, self.member.host, purchase.record, now
            )
        else:
            effects.append(Note("meter", "a slot of a contract has no reading"))
            self._end(purchase, now, effects)

    # -- award: C7, C8, C9

    def on_award(self, opened: "Opened", award: "Award") -> "list[Effect]":
        """Coins and certificates of ours among the rows."""
        if opened.kid != self.member.issuer:
            raise WireError("award not by the issuer")
        effects: "list[Effect]" = []
        for row in award.awards:
            if row[1] == self.member.kid:
                for purchase in self.purchases():
                    if purchase.end_id == row[0]:
                        self._take(purchase, row, effects)
        return effects

    def _take(
        self,
        purchase: Purchase,
        row: "tuple[bytes, bytes, int, int, tuple[Any, ...]]",
        effects: "list[Effect]",
    ) -> None:
        """One award, believed only if it fits what this meter signed."""
        trade_end_id, _meter, coin_ug, expires, certificate = row
        settled_wh = certificate[4]
        if certificate[0] != purchase.contract_id or settled_wh > sum(purchase.delivered()):
            raise WireError("award does not fit the trade end")
        self.awards += 1
        self._close(purchase, settled_wh, effects)
        self.wallet.add(trade_end_id, coin_ug, expires)
        effects.append(Keep(CERTIFICATE_PREFIX + trade_end_id, encode(certificate)))

    def _close(self, purchase: Purchase, settled_wh: int, effects: "list[Effect]") -> None:
        """No more to come of an ended contract: coins burn or are free, the book learns how the plant did."""
        contract = purchase.contract
        self.wallet.settle(contract.coins, settled_wh, contract.total_wh)
        self.book.observe(
            purchase.plant_id, purchase.last_slot_end, sum(purchase.delivered()), settled_wh
        )
        del self._purchases[purchase.contract_id]
        effects.append(Drop(PREFIX + purchase.contract_id))

    def _keep(self, purchase: Purchase) -> Keep:
        return Keep(PREFIX + purchase.contract_id, purchase.keep())

    def _release(self, purchase: Purchase) -> None:
        """Nothing came of it: its coins are free again."""
        self.wallet.settle(purchase.contract.coins, 0, purchase.contract.total_wh)
