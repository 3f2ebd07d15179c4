# SPDX-License-Identifier: Apache-2.0
"""The rules up to a contract: any transaction, membership, offers, contracts (R11 to R52 of docs/ledger.md).

Each number stands at exactly one place in the code, and the checks run in the order of the numbers: two replicas that
refuse a message name the same rule. `check_` functions raise RuleError and change nothing; `apply_` functions
follow a check that passed, and cannot fail.
"""

from ..compat import const
from ..crypto.hashes import kid as kid_of
from ..crypto.p256 import on_curve
from ..errors import RuleError
from ..units import DAY_S, HOUR_S, money_nano, panel_slot_wh_max
from ..wire.messages import (
    AWARD,
    CONTRACT,
    FACTORS,
    GENERATION,
    OFFER,
    REGISTER,
    REVOKE,
    ROLE_METER,
    ROLE_PLANT,
    TRADE_END,
)
from .award import lock_coins
from .settlement import SETTLE, slots_of
from .state import (
    BUSY,
    DUE,
    EVIDENCE,
    SEQ,
    TX,
    Account,
    Book,
    Evidence,
    Lot,
    Node,
    Offered,
    OfferHistory,
    Panel,
    Plant,
    Terms,
    time_key,
)
from .state import FACTORS as FACTOR_ROWS
from .view import all_new, require

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..wire.messages import Contract, Factors, Offer, Register, Revoke
    from .view import Factor, Transaction, View

HISTORY_S = 30 * DAY_S
EQUIVOCATION = const(32)
SHRUNK_HISTORY = const(33)

_ROLES = {OFFER: ROLE_PLANT, GENERATION: ROLE_PLANT, CONTRACT: ROLE_METER, TRADE_END: ROLE_METER}
_RECORDED = (REGISTER, REVOKE, FACTORS, OFFER, CONTRACT, GENERATION, TRADE_END, AWARD)


def check_any(view: "View", tx: "Transaction") -> None:
    """R11 to R17: who signed, whether they may, and whether it is new."""
    number = tx.message.TYPE
    require(11, tx.message.network == view.charter.network, "another network")
    authority = view.charter.authority(number)
    if authority and authority[0] == tx.kid:
        public_key, revoked, able = authority[1], 0, True
    else:
        node = Node.find(view.rows, tx.kid)
        if node is None:
            raise RuleError(12, "unknown signer")
        role = _ROLES.get(number)
        public_key, revoked = node.public_key, node.revoked
        able = not authority and (role is None or role in node.roles)
    require(13, not revoked, "signer revoked")
    require(14, view.signatures.valid(public_key, tx.digest, tx.signature), "signature")
    require(15, able, "role")
    require(16, view.rows.get(TX + tx.id) is None, "recorded already")
    require(17, number in _RECORDED, "not a type the ledger records")


def check_register(view: "View", tx: "Transaction") -> None:
    """R20 to R24."""
    message: "Register" = tx.message
    rows, roles = view.rows, message.roles
    require(20, _free_key(view, message.public_key), "key")
    require(21, all([a < b for a, b in zip(roles, roles[1:])]), "roles")
    require(22, _plant_described(message, view.charter.slot_s), "plant")
    plant = Plant.find(rows, message.plant_id)
    if plant:
        former = Node.find(rows, plant.kid)
        require(
            23,
            plant.owner == message.owner and former is not None and former.revoked > 0,
            "plant id of another",
        )
    for panel_id, rated_w, _preset_wh in message.panels:
        panel = Panel.find(rows, panel_id)
        require(
            24,
            panel is None or (panel.plant_id, panel.rated_w) == (message.plant_id, rated_w),
            "panel id of another",
        )


def _free_key(view: "View", public_key: bytes) -> bool:
    if not on_curve(public_key):
        return False
    kid = kid_of(public_key)
    return kid not in view.charter.kids and Node.find(view.rows, kid) is None


def _plant_described(message: "Register", slot_s: int) -> bool:
    """Whether plant id, panels and service windows are whole, or absent with the role."""
    if ROLE_PLANT not in message.roles:
        return not (message.plant_id or message.panels or message.service)
    ids = [panel_id for panel_id, _rated_w, _preset_wh in message.panels]
    return (
        len(message.plant_id) == 8
        and 0 < len(ids) == len(set(ids))
        and all([preset <= rated_w * slot_s // HOUR_S for _id, rated_w, preset in message.panels])
        and len(message.service) == 12
        and all([from_s <= to_s for from_s, to_s in message.service])
    )


def apply_register(view: "View", tx: "Transaction") -> None:
    """The key may act from the next transaction on."""
    message: "Register" = tx.message
    rows, kid, plant_id = view.rows, kid_of(message.public_key), message.plant_id
    Node(
        message.public_key, message.roles, message.owner, message.neighbourhood, plant_id, 0
    ).write(rows, kid)
    if plant_id:
        ids = [panel_id for panel_id, _rated_w, _preset_wh in message.panels]
        Plant(message.owner, kid, ids, message.service).write(rows, plant_id)
        for panel_id, rated_w, preset_wh in message.panels:
            known = Panel.find(rows, panel_id)
            seen = known.first_seen if known else view.time
            Panel(plant_id, rated_w, preset_wh, seen).write(rows, panel_id)


def check_revoke(view: "View", tx: "Transaction") -> None:
    """R25."""
    message: "Revoke" = tx.message
    node = Node.find(view.rows, message.kid)
    require(25, node is not None and not node.revoked, "no key that holds")


def apply_revoke(view: "View", tx: "Transaction") -> None:
    """Every later transaction of the key fails with R13, also in this block."""
    message: "Revoke" = tx.message
    node = Node.find(view.rows, message.kid)
    if node:
        node.revoked = view.height
        node.write(view.rows, message.kid)


def check_factors(view: "View", tx: "Transaction") -> None:
    """R27."""
    message: "Factors" = tx.message
    require(27, all_new(view.factors(), message.rows), "factor rows")


def apply_factors(view: "View", tx: "Transaction") -> None:
    """For deliveries settled from now on."""
    message: "Factors" = tx.message
    added: "list[Factor]" = view.rows.get(FACTOR_ROWS) or []
    view.rows.put(FACTOR_ROWS, added + message.rows)


def check_offer(view: "View", tx: "Transaction") -> int:
    """R30 to R38. Returns 0, or 32 or 33 for an offer that is recorded as evidence against its plant only."""
    offer: "Offer" = tx.message
    node = Node.find(view.rows, tx.kid)
    require(30, node is not None and node.plant_id == offer.plant_id, "plant id")
    history = OfferHistory.read(view.rows, offer.plant_id)
    if view.rows.get(SEQ + _seq_key(offer)) is not None:
        return EQUIVOCATION
    require(31, offer.seq > history.seq, "seq")
    if not _covered(history.low, offer):
        return SHRUNK_HISTORY
    slot_s, clock_s = view.charter.slot_s, view.charter.clock_s
    slots = len(offer.panels[0][1])
    offered = sum([sum(wh) for _panel_id, wh in offer.panels])
    require(34, _figures_hold(view, offer, slots), "window, panels or figures")
    require(35, offer.currency == view.charter.genesis.currency, "currency")
    require(36, offer.remaining_wh <= offered, "remaining_wh")
    latest = view.time + clock_s
    ends = [0] + [start + duration_s for start, duration_s in offer.low]
    orderly = all([end <= low[0] for end, low in zip(ends, offer.low)])
    require(37, orderly and ends[-1] <= latest and offer.issued_at <= latest, "low supply or time")
    require(38, offer.start + slots * slot_s > view.time, "window is over")
    return 0


def _seq_key(offer: "Offer") -> bytes:
    return offer.plant_id + offer.seq.to_bytes(6, "big")


def _covered(before: "list[tuple[int, int]]", offer: "Offer") -> bool:
    """Whether `offer` still admits every interval of `before` that R33 keeps alive, be it as part of a longer one."""
    low = sorted(offer.low)
    for start, duration_s in before:
        end = start + duration_s
        if end <= offer.issued_at - HISTORY_S:
            continue
        reached = start
        for first, length_s in low:
            if first <= reached:
                reached = max(reached, first + length_s)
        if reached < end:
            return False
    return True


def _figures_hold(view: "View", offer: "Offer", slots: int) -> bool:
    slot_s = view.charter.slot_s
    ids = [panel_id for panel_id, _wh in offer.panels]
    if offer.start % slot_s or len(set(ids)) < len(ids):
        return False
    for panel_id, wh in offer.panels:
        panel = Panel.find(view.rows, panel_id)
        if panel is None or panel.plant_id != offer.plant_id or len(wh) != slots:
            return False
        if max(wh) > panel_slot_wh_max(panel.rated_w, slot_s):
            return False
    return True


def apply_offer(view: "View", tx: "Transaction") -> None:
    """From now on contracts may cite it."""
    offer: "Offer" = tx.message
    Offered(
        OFFER, offer.plant_id, offer.start, offer.price, offer.remaining_wh, offer.panels
    ).write(view.rows, tx.id)
    history = OfferHistory.read(view.rows, offer.plant_id)
    history.seq, history.offer_id, history.low = offer.seq, tx.id, offer.low
    history.write(view.rows, offer.plant_id)
    view.rows.put(SEQ + _seq_key(offer), tx.id)


def apply_evidence(view: "View", tx: "Transaction", code: int) -> None:
    """It stays on the plant's record; the last offer that was none keeps its place."""
    offer: "Offer" = tx.message
    history = OfferHistory.read(view.rows, offer.plant_id)
    against = history.offer_id
    if code == EQUIVOCATION:
        against = view.rows.get(SEQ + _seq_key(offer))
    else:
        history.seq = offer.seq
        view.rows.put(SEQ + _seq_key(offer), tx.id)
    Evidence(offer.plant_id, code, against, history.evidence).write(view.rows, tx.id)
    history.evidence = tx.id
    history.write(view.rows, offer.plant_id)


def check_contract(view: "View", tx: "Transaction") -> None:
    """R40 to R52."""
    contract: "Contract" = tx.message
    rows, genesis = view.rows, view.charter.genesis
    plant = Node.find(rows, contract.plant)
    if plant is None or not _signed_by_both(view, tx, contract, plant):
        raise RuleError(40, "not signed by the meter and the plant it names")
    row = rows.get(TX + contract.offer_id)
    if row is None or not _is_offer_of(view, row, contract, plant):
        raise RuleError(41, "no such offer")
    offer = Offered(*row)
    same_terms = (contract.price, contract.currency) == (offer.price, genesis.currency)
    require(42, same_terms, "price or currency")
    offered = _offered_wh(view, offer, contract)
    require(43, len(offered) > 0, "panel, slots or total")
    require(44, contract.remaining_wh == offer.remaining_wh - contract.total_wh, "remaining_wh")
    require(45, view.time <= contract.accept_by and view.time < contract.start, "too late")
    slots = [time_key(slot) for slot in slots_of(view.charter, contract.start, contract.wh)]
    busy = [rows.get(BUSY + contract.meter + slot) for slot in slots]
    require(46, not any(busy), "the meter has a contract in that time")
    books = [Book.read(rows, contract.panel_id + slot) for slot in slots]
    fits = [b.contracted + wh <= most for b, wh, most in zip(books, contract.wh, offered)]
    require(47, all(fits), "not enough energy left")
    require(48, contract.meter != contract.plant, "one key on both sides")
    account = Account.read(rows, contract.meter)
    require(49, not account.withheld, "an end is withheld")
    _check_coins(view, contract, plant.owner)
    cost = money_nano(contract.price, contract.total_wh)
    left = account.balance_nano - account.open_nano - cost
    require(52, left >= -genesis.debt_limit_nano, "debt limit")


def _signed_by_both(view: "View", tx: "Transaction", contract: "Contract", plant: Node) -> bool:
    if tx.acceptance is None or plant.revoked or ROLE_PLANT not in plant.roles:
        return False
    digest, signature, kid = tx.acceptance
    return (
        tx.kid == contract.meter
        and kid == contract.plant
        and view.signatures.valid(plant.public_key, digest, signature)
    )


def _is_offer_of(view: "View", row: "list[Any]", contract: "Contract", plant: Node) -> bool:
    return (
        row[0] == OFFER
        and view.rows.get(EVIDENCE + contract.offer_id) is None
        and Offered(*row).plant_id == plant.plant_id
    )


def _offered_wh(view: "View", offer: Offered, contract: "Contract") -> "list[int]":
    """The offer's Wh for the contract's panel and slots; empty if the contract is not within the offer."""
    charter, count = view.charter, len(contract.wh)
    first, rest = divmod(contract.start - offer.start, charter.slot_s)
    if rest or first < 0 or count > charter.genesis.contract_slots_max:
        return []
    for panel_id, wh in offer.panels:
        if panel_id == contract.panel_id:
            within = first + count <= len(wh) and contract.total_wh == sum(contract.wh)
            return wh[first : first + count] if within else []
    return []


def _check_coins(view: "View", contract: "Contract", seller: bytes) -> None:
    """R50 and R51. Who trades with himself may not spend coins: the funder's discount would be his to keep."""
    buyer = Node.find(view.rows, contract.meter)
    foreign = buyer is not None and buyer.owner != seller
    order: "list[tuple[int, bytes]]" = []
    unspent = True
    for lot_id, ug in contract.coins:
        lot = Lot.find(view.rows, lot_id)
        if lot and lot.owner == contract.meter:
            order.append((lot.expires, lot_id))
            unspent = unspent and ug <= lot.free_ug and lot.expires > view.time
    oldest_first = all([a < b for a, b in zip(order, order[1:])])
    own = len(order) == len(contract.coins) and (foreign or not contract.coins)
    require(50, own and oldest_first, "coin lots")
    require(51, unspent, "coins spent, locked or expired")


def apply_contract(view: "View", tx: "Transaction") -> None:
    """Energy, slots, money and coins are taken; what settles them is due."""
    contract: "Contract" = tx.message
    rows, charter = view.rows, view.charter
    links: "list[bytes]" = []
    for slot, wh in zip(slots_of(charter, contract.start, contract.wh), contract.wh):
        key = contract.panel_id + time_key(slot)
        book = Book.read(rows, key)
        if not book.last:
            due = slot + charter.slot_s + charter.settle_s
            rows.put(DUE + time_key(due) + SETTLE + contract.panel_id, True)
        links.append(book.last)
        book.contracted += wh
        book.last = tx.id
        book.write(rows, key)
        rows.put(BUSY + contract.meter + time_key(slot), tx.id)
    Terms(
        CONTRACT,
        contract.meter,
        contract.plant,
        contract.panel_id,
        contract.offer_id,
        contract.start,
        contract.price,
        contract.wh,
        contract.coins,
        links,
    ).write(rows, tx.id)
    account = Account.read(rows, contract.meter)
    account.open_nano += money_nano(contract.price, contract.total_wh)
    account.write(rows, contract.meter)
    lock_coins(view, contract.coins)
