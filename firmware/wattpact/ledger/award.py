# SPDX-License-Identifier: Apache-2.0
"""Coins and certificates: the arithmetic, exact and rounded down once; the AWARD rules (R70 to R73); lots.

Nobody chooses an award: the ledger derives it, the issuer signs it, and anybody derives it again from the chain.
Wh, nano-currency, ug, ppm (units.py).
"""

from ..errors import RuleError
from ..units import DAY_S, PPM, TIME_MAX, civil, money_nano
from ..wire.messages import TRADE_END
from .state import DUE, TX, WAITING, Account, Closing, Lot, Node, Progress, Terms, Totals, time_key
from .view import OPERATIONAL, require

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..wire.messages import Award
    from .view import Factor, Transaction, View

COINS = b"\x03"  # kind of due work: coins expire


def factor_for(table: "list[Factor]", region: str, year: int) -> "Factor":
    """The row of `region` for delivery in `year`: of the greatest year not after it, else the earliest.

    The genesis has a row for its region (R9), so there is always one.
    """
    rows = [row for row in table if row[0] == region and row[2] == OPERATIONAL]
    past = [row for row in rows if row[1] <= year]
    return max(past, key=_year) if past else min(rows, key=_year)


def _year(row: "Factor") -> int:
    return row[1]


def year_of(terms: Terms) -> int:
    """The year of delivery: that of the first slot, UTC."""
    return civil(terms.start)[0]


def bill(
    price: int, settled_wh: int, contracted_wh: int, locked_ug: int, nano_per_g: int, cap_ppm: int
) -> "tuple[int, int, int]":
    """(amount, burned ug, discount) of a settlement; the meter pays amount - discount. contracted_wh > 0."""
    amount = money_nano(price, settled_wh)
    burned = locked_ug * settled_wh // contracted_wh
    discount = min(burned * nano_per_g // PPM, amount * cap_ppm // PPM)
    return amount, burned, discount


def burn(coins: "list[tuple[bytes, int]]", burned: int) -> "list[tuple[bytes, int]]":
    """(lot, ug that comes back to it) for each lot of a contract: the first ones burn first."""
    back: "list[tuple[bytes, int]]" = []
    for lot, ug in coins:
        gone = min(ug, burned)
        burned -= gone
        back.append((lot, ug - gone))
    return back


def coin_expiry(settled_at: int, life_s: int) -> int:
    """The end of the UTC day on which `life_s` after settlement falls; a message holds no time after TIME_MAX."""
    return min(TIME_MAX, ((settled_at + life_s) // DAY_S + 1) * DAY_S)


def share_ppm(part: int, whole: int) -> int:
    """part / whole, at most 10**6; 0 of nothing is 0."""
    return min(PPM, part * PPM // whole) if whole else 0


def _award_row(
    contract_id: bytes,
    terms: Terms,
    progress: Progress,
    closing: Closing,
    factor: "Factor",
    one_owner: bool,
    slot_s: int,
    coin_life_s: int,
) -> "tuple[Any, ...]":
    """The AWARD row (messages.AWARD_ROW) for a settled contract. `one_owner`: meter and plant are one user's."""
    certificate = (
        contract_id,
        terms.panel_id,
        terms.start,
        terms.start + slot_s * len(terms.wh),
        closing.wh,
        closing.range_start,
        closing.reduction_ug,
        closing.wh,  # every Wh settled displaced one from the grid
        closing.user_ug,
        closing.network_ug,
        share_ppm(closing.user_ug, closing.network_ug),
        share_ppm(closing.wh, progress.advance_wh),
        factor,
    )
    return (
        progress.end_id,
        terms.meter,
        0 if one_owner else closing.reduction_ug,
        coin_expiry(closing.time, coin_life_s),
        certificate,
    )


def waiting_key(closing: Closing) -> bytes:
    """Row that holds the trade end until its award; numbers count settlements, so the order is theirs."""
    return WAITING + closing.award.to_bytes(6, "big")


def check_award(view: "View", tx: "Transaction") -> None:
    """R70 to R73, row by row."""
    message: "Award" = tx.message
    seen: "list[bytes]" = []
    for row in message.awards:
        end = view.rows.get(TX + row[0])
        if end is None or end[0] != TRADE_END:
            raise RuleError(70, "no such trade end")
        closing = Closing.find(view.rows, end[1])
        if closing is None or not closing.award:
            raise RuleError(71, "nothing settled, or the end was withheld")
        waits = view.rows.get(waiting_key(closing)) is not None
        require(72, waits and row[0] not in seen, "awarded before")
        require(73, row == derive_award(view, end[1]), "not what the ledger derives")
        seen.append(row[0])


def derive_award(view: "View", contract_id: bytes) -> "tuple[Any, ...]":
    """The AWARD row of a contract that earned one, the same at every later height. ValueError if it earned none."""
    rows, genesis = view.rows, view.charter.genesis
    closing = Closing.find(rows, contract_id)
    if closing is None or not closing.award:
        raise ValueError("no award")
    terms = Terms(*rows.get(TX + contract_id))
    meter, plant = Node.find(rows, terms.meter), Node.find(rows, terms.plant)
    one_owner = meter is not None and plant is not None and meter.owner == plant.owner
    return _award_row(
        contract_id,
        terms,
        Progress.read(rows, contract_id),
        closing,
        factor_for(view.factors(), genesis.region, closing.factor_year),
        one_owner,
        genesis.slot_s,
        genesis.coin_life_s,
    )


def apply_award(view: "View", tx: "Transaction") -> None:
    """Issue the lots; an award of 0 ug makes no lot."""
    message: "Award" = tx.message
    rows = view.rows
    for end_id, meter, ug, expires, _certificate in message.awards:
        closing = Closing.find(rows, rows.get(TX + end_id)[1])
        if closing:
            rows.delete(waiting_key(closing))
        if not ug:
            continue
        account = Account.read(rows, meter)
        Lot(meter, ug, ug, expires, account.last_lot).write(rows, end_id)
        account.last_lot = end_id
        account.write(rows, meter)
        totals = Totals.read(rows, b"")
        totals.issued_ug += ug
        if expires <= view.time:  # the issuer slept for the coins' whole life
            totals.expired_ug += ug
        else:
            _count_free(view, expires, ug)
        totals.write(rows, b"")


def _count_free(view: "View", expires: int, ug: int) -> None:
    """Change the sum of free coins that expire at one time: expiry is one subtraction then, however many lots."""
    key = DUE + time_key(expires) + COINS
    free = (view.rows.get(key) or 0) + ug
    if free:
        view.rows.put(key, free)
    else:
        view.rows.delete(key)


def lock_coins(view: "View", coins: "list[tuple[bytes, int]]") -> None:
    """A contract takes coins that R50 and R51 have checked."""
    if not coins:
        return
    totals = Totals.read(view.rows, b"")
    for lot_id, ug in coins:
        lot = Lot.read(view.rows, lot_id)
        lot.free_ug -= ug
        lot.write(view.rows, lot_id)
        _count_free(view, lot.expires, -ug)
        totals.locked_ug += ug
    totals.write(view.rows, b"")


def release_coins(view: "View", coins: "list[tuple[bytes, int]]", burned: int) -> None:
    """Burn `burned` ug of a contract's coins and give back the rest, to expire at once if its time is over."""
    if not coins:
        return
    totals = Totals.read(view.rows, b"")
    totals.spent_ug += burned
    for (lot_id, back), (_lot, locked) in zip(burn(coins, burned), coins):
        totals.locked_ug -= locked
        lot = Lot.read(view.rows, lot_id)
        if lot.expires <= view.time:
            totals.expired_ug += back
        elif back:
            lot.free_ug += back
            lot.write(view.rows, lot_id)
            _count_free(view, lot.expires, back)
    totals.write(view.rows, b"")
