# SPDX-License-Identifier: Apache-2.0
"""What follows a contract: generation, trade end (R55 to R67), settlement, and what falls due by itself.

Settlement is per panel and slot, once, in recording order. Due work is found by its time in the key, never by a
walk through contracts; everything is judged by block time.
"""

from ..errors import RuleError
from ..units import money_nano, panel_slot_wh_max, reduction_ug
from ..wire.messages import CONTRACT, TRADE_END
from . import award
from .life import CONTEST, DELIVERING, END, ENDED, EXPIRE, EXPIRED, advance, timeout
from .life import SETTLE as SETTLED_EVENT
from .state import (
    DUE,
    OWNER,
    RANGE,
    REGISTER,
    SHORT,
    TX,
    Account,
    Book,
    Closing,
    Node,
    Panel,
    Progress,
    Terms,
    Totals,
    time_key,
)
from .view import require

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..wire.messages import Generation, TradeEnd
    from .view import Charter, Transaction, View

SETTLE = b"\x01"  # kinds of due work, in the order of their happening at one time
WITHHELD = b"\x02"


def slots_of(charter: "Charter", start: int, wh: "list[int]") -> "list[int]":
    """The slots of a contract or report, one for each figure."""
    return [start + i * charter.slot_s for i in range(len(wh))]


def end_of(charter: "Charter", terms: Terms) -> int:
    """When a contract's last slot is over."""
    return terms.start + len(terms.wh) * charter.slot_s


def check_generation(view: "View", tx: "Transaction") -> None:
    """R55 to R57."""
    message: "Generation" = tx.message
    charter = view.charter
    node = Node.find(view.rows, tx.kid)
    panel = Panel.find(view.rows, message.panel_id)
    if node is None or panel is None or panel.plant_id != node.plant_id:
        raise RuleError(55, "panel of another")
    slots = slots_of(charter, message.start, message.wh)
    books = [Book.read(view.rows, message.panel_id + time_key(slot)) for slot in slots]
    require(
        56,
        message.start % charter.slot_s == 0
        and slots[-1] + charter.slot_s <= view.time
        and all([book.generated < 0 for book in books])
        and not _settled_by(view, slots[0]),
        "not whole, not over, reported before, or settled",
    )
    most = panel_slot_wh_max(panel.rated_w, charter.slot_s)
    require(57, max(message.wh) <= most, "more than the panel can")


def _settled_by(view: "View", slot: int) -> bool:
    """Whether a slot's settlement is past: due work of a block runs before its transactions."""
    return slot + view.charter.slot_s + view.charter.settle_s <= view.time


def apply_generation(view: "View", tx: "Transaction") -> None:
    """Wait for settlement."""
    message: "Generation" = tx.message
    for slot, wh in zip(slots_of(view.charter, message.start, message.wh), message.wh):
        key = message.panel_id + time_key(slot)
        book = Book.read(view.rows, key)
        book.generated = wh
        book.write(view.rows, key)


def check_trade_end(view: "View", tx: "Transaction") -> None:
    """R60 to R67."""
    message: "TradeEnd" = tx.message
    charter, rows = view.charter, view.rows
    row = rows.get(TX + message.contract_id)
    if row is None or row[0] != CONTRACT:
        raise RuleError(60, "no such contract")
    terms = Terms(*row)
    require(61, terms.meter == tx.kid, "another meter's contract")
    progress = Progress.read(rows, message.contract_id)
    require(62, not progress.end_id, "ended before")
    over = end_of(charter, terms)
    named = [slot for slot, _wh, _valid in message.slots]
    exact = named == slots_of(charter, terms.start, terms.wh)
    require(63, exact and over <= view.time, "not the contract's slots, or not over")
    within = [
        wh <= (contracted if valid else 0)
        for (_slot, wh, valid), contracted in zip(message.slots, terms.wh)
    ]
    require(64, all(within), "more than contracted, or in a slot that is not valid")
    delivered = sum([wh for _slot, wh, _valid in message.slots])
    advance_wh = message.register_end_wh - message.register_start_wh
    require(65, delivered <= advance_wh, "more than the register's advance")
    before, after = _neighbours(view, terms)
    require(
        66,
        (before < 0 or _register(view, terms.meter, before)[1] <= message.register_start_wh)
        and (after < 0 or message.register_end_wh <= _register(view, terms.meter, after)[0]),
        "register range overlaps or goes back",
    )
    require(67, view.time <= over + charter.late_s, "too late")


def _register(view: "View", meter: bytes, start: int) -> "list[int]":
    """[register start, register end, start of the ended contract before] of an ended contract."""
    return view.rows.get(REGISTER + meter + time_key(start))


def _neighbours(view: "View", terms: Terms) -> "tuple[int, int]":
    """Starts of the meter's ended contracts just before and after this one, -1 where there is none.

    A walk back from the latest: ends come about in order, and a late one is at most `late_s` late.
    """
    before, after = Account.read(view.rows, terms.meter).last_end, -1
    while before > terms.start:
        before, after = _register(view, terms.meter, before)[2], before
    return before, after


def apply_trade_end(view: "View", tx: "Transaction") -> None:
    """The contract is ended; what of its slots is past settlement settles now, from what their panel has left."""
    message: "TradeEnd" = tx.message
    rows, contract_id = view.rows, message.contract_id
    terms = Terms(*rows.get(TX + contract_id))
    progress = Progress.read(rows, contract_id)
    progress.late = progress.state == EXPIRED
    progress.state = advance(EXPIRED if progress.late else DELIVERING, END)
    progress.end_id = tx.id
    progress.contested = not all([valid for _slot, _wh, valid in message.slots])
    progress.delivered = [wh for _slot, wh, _valid in message.slots]
    progress.advance_wh = message.register_end_wh - message.register_start_wh
    rows.put(TX + tx.id, [TRADE_END, contract_id])
    _insert_register(view, terms, message)
    account = Account.read(rows, terms.meter)
    account.last_end = max(account.last_end, terms.start)
    if progress.late:
        account.withheld -= 1
    account.write(rows, terms.meter)
    given: "list[int]" = []
    for i, slot in enumerate(slots_of(view.charter, terms.start, terms.wh)):
        if not _settled_by(view, slot):
            break
        book = Book.read(rows, terms.panel_id + time_key(slot))
        given.append(min(terms.wh[i], progress.delivered[i], max(0, book.generated) - book.settled))
        book.settled += given[i]
        book.write(rows, terms.panel_id + time_key(slot))
    progress.settled = given
    if len(given) < len(terms.wh):
        progress.write(rows, contract_id)
        return
    if not progress.late:
        rows.delete(_withheld_key(view, contract_id, terms))
    _close(view, contract_id, terms, progress)


def _insert_register(view: "View", terms: Terms, message: "TradeEnd") -> None:
    """Put the range between its neighbours."""
    before, after = _neighbours(view, terms)
    row = [message.register_start_wh, message.register_end_wh, before]
    view.rows.put(REGISTER + terms.meter + time_key(terms.start), row)
    if after >= 0:
        next_row = _register(view, terms.meter, after)[:2] + [terms.start]
        view.rows.put(REGISTER + terms.meter + time_key(after), next_row)


def run_due(view: "View", keys: "list[bytes]") -> None:
    """Do what these DUE rows ask for, in their order: settle, expire contracts, expire coins."""
    charter = view.charter
    for key in keys:
        kind, name = key[6:7], key[7:]
        time = int.from_bytes(key[1:6], "big")
        ug = view.rows.get(key)
        view.rows.delete(key)
        if kind == SETTLE:
            _settle_slot(view, name, time - charter.settle_s - charter.slot_s)
        elif kind == WITHHELD:
            _expire(view, name, Terms(*view.rows.get(TX + name)))
        else:
            totals = Totals.read(view.rows, b"")
            totals.expired_ug += ug
            totals.write(view.rows, b"")


def _settle_slot(view: "View", panel_id: bytes, slot: int) -> None:
    """Share what the panel generated among its ended contracts, in recording order."""
    rows, key = view.rows, panel_id + time_key(slot)
    book = Book.read(rows, key)
    generated = left = max(0, book.generated)
    for contract_id, terms in _contracts_of(view, book, slot):
        index = (slot - terms.start) // view.charter.slot_s
        last = index == len(terms.wh) - 1
        progress = Progress.read(rows, contract_id)
        if progress.state == ENDED:
            given = min(terms.wh[index], progress.delivered[index], left)
            left -= given
            progress.settled = progress.settled + [given]
            if last:
                _close(view, contract_id, terms, progress)
            else:
                progress.write(rows, contract_id)
        elif last:
            _await_end(view, contract_id, terms)
    book.settled = generated - left
    book.write(rows, key)
    if book.contracted > generated:
        _note_shortfall(view, panel_id, slot, book.contracted - generated)


def _contracts_of(view: "View", book: Book, slot: int) -> "list[tuple[bytes, Terms]]":
    """The contracts of a panel in `slot`, in recording order."""
    found: "list[tuple[bytes, Terms]]" = []
    contract_id = book.last
    while contract_id:
        terms = Terms(*view.rows.get(TX + contract_id))
        found.append((contract_id, terms))
        contract_id = terms.links[(slot - terms.start) // view.charter.slot_s]
    found.reverse()
    return found


def _await_end(view: "View", contract_id: bytes, terms: Terms) -> None:
    """All slots are past settlement and there is no end: from when on is it withheld?"""
    if _withheld_at(view, terms) <= view.time:
        _expire(view, contract_id, terms)
    else:
        view.rows.put(_withheld_key(view, contract_id, terms), True)


def _withheld_at(view: "View", terms: Terms) -> int:
    charter = view.charter
    return timeout(DELIVERING, 0, terms.start, end_of(charter, terms), charter.genesis.timeouts)


def _withheld_key(view: "View", contract_id: bytes, terms: Terms) -> bytes:
    return DUE + time_key(_withheld_at(view, terms)) + WITHHELD + contract_id


def _expire(view: "View", contract_id: bytes, terms: Terms) -> None:
    """Nothing is posted, coins come back, and the meter buys no more until it has ended this contract (R49)."""
    progress = Progress.read(view.rows, contract_id)
    progress.state = advance(DELIVERING, EXPIRE)
    progress.write(view.rows, contract_id)
    account = Account.read(view.rows, terms.meter)
    account.withheld += 1
    account.open_nano -= money_nano(terms.price, sum(terms.wh))
    account.write(view.rows, terms.meter)
    award.release_coins(view, terms.coins, 0)


def _note_shortfall(view: "View", panel_id: bytes, slot: int, wh: int) -> None:
    """Remember that a plant owed `wh` in this slot; slots come in order, several panels may fail in one."""
    panel = Panel.find(view.rows, panel_id)
    if panel is None:
        raise ValueError("a contract's panel is registered")
    head = SHORT + panel.plant_id
    newest: "int | None" = view.rows.get(head)
    before, owed = newest, 0
    if newest == slot:
        owed, before = view.rows.get(head + time_key(slot))
    view.rows.put(head, slot)
    view.rows.put(head + time_key(slot), [owed + wh, -1 if before is None else before])


def _close(view: "View", contract_id: bytes, terms: Terms, progress: Progress) -> None:
    """All slots are settled: post, burn, and fix what the award will say."""
    rows, genesis = view.rows, view.charter.genesis
    wh, contracted = sum(progress.settled), sum(terms.wh)
    coins = [] if progress.late else terms.coins  # at expiry they came back
    amount, burned, discount = award.bill(
        terms.price,
        wh,
        contracted,
        sum([ug for _lot, ug in coins]),
        genesis.coin_nano_per_g,
        genesis.coin_cap_ppm,
    )
    award.release_coins(view, coins, burned)
    account = Account.read(rows, terms.meter)
    account.balance_nano -= amount - discount
    if not progress.late:
        account.open_nano -= money_nano(terms.price, contracted)
    account.write(rows, terms.meter)
    _post(view, terms.plant, amount)
    _post(view, genesis.funder, -discount)
    totals = Totals.read(rows, b"")
    totals.settled_wh += wh
    totals.write(rows, b"")
    closing = Closing(view.time, wh, amount, discount, burned, 0, 0, 0, 0, 0, 0)
    if wh and not progress.late:
        _earn(view, terms, progress, closing)
    closing.write(rows, contract_id)
    progress.state = advance(ENDED, CONTEST if progress.contested else SETTLED_EVENT)
    progress.write(rows, contract_id)


def _post(view: "View", kid: bytes, nano: int) -> None:
    """Credit or debit; every settlement's postings sum to zero."""
    if nano:
        account = Account.read(view.rows, kid)
        account.balance_nano += nano
        account.write(view.rows, kid)


def _earn(view: "View", terms: Terms, progress: Progress, closing: Closing) -> None:
    """Fill in the figures of the certificate, and queue the trade end for its award."""
    rows = view.rows
    meter = Node.find(rows, terms.meter)
    if meter is None:
        raise ValueError("a contract's meter is registered")
    factor = award.factor_for(view.factors(), view.charter.genesis.region, award.year_of(terms))
    closing.factor_year = factor[1]
    closing.reduction_ug = reduction_ug(closing.wh, factor[3], factor[4])
    closing.user_ug = (rows.get(OWNER + meter.owner) or 0) + closing.reduction_ug
    rows.put(OWNER + meter.owner, closing.user_ug)
    closing.range_start = rows.get(RANGE + terms.panel_id) or 0
    rows.put(RANGE + terms.panel_id, closing.range_start + closing.wh)
    totals = Totals.read(rows, b"")
    totals.reduction_ug += closing.reduction_ug
    totals.awards += 1
    totals.write(rows, b"")
    closing.network_ug = totals.reduction_ug
    closing.award = totals.awards
    rows.put(award.waiting_key(closing), progress.end_id)
