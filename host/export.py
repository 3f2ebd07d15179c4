# SPDX-License-Identifier: Apache-2.0
"""What a chain holds, as tables for people and spreadsheets.

Column names end in the unit; ids are hex, times ISO 8601 in UTC, and what is not known is empty. Certificates
and awards are derived from the contracts again, not copied from the issuer's messages.
"""

import csv
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from wattpact.errors import WattpactError
from wattpact.ledger.life import STATES
from wattpact.wire.envelope import is_record, peek_kid, peek_payload, split_record
from wattpact.wire.messages import parse

from .damage import DAMAGE, denied, one_line
from .errors import ChainFileError
from .keys import OpensslVerifier
from .output import opened, refuse_chain, standard_output
from .replica import Replica
from .store import ChainReader

if TYPE_CHECKING:
    from wattpact.ledger.machine import Ledger

Row = tuple[Any, ...]
DAMAGE_TO_STATE = (
    WattpactError,
    *DAMAGE,
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)
"""The state is taken as it lies there: what a forged row leads to is not known beforehand."""


@dataclass(frozen=True)
class Table:
    """Column names, and the rows in a fixed order."""

    columns: tuple[str, ...]
    rows: Callable[["Ledger", ChainReader], Iterator[Row]]


def export(path: Path, what: str, form: str, out: Path | None) -> None:
    """Write table `what` of the chain at `path` as csv or json to `out`, or to standard output.

    ChainFileError if the file is no chain or is damaged, OutputFailed if `out` cannot be written or is the chain.
    """
    table = TABLES[what]
    reader = ChainReader.open(path)
    try:
        refuse_chain(out, path)
        replica = Replica(reader.genesis, OpensslVerifier())
        replica.resume(reader)
        with standard_output() if out is None else opened(out) as stream:
            _write(stream, table.columns, table.rows(replica.ledger, reader), form)
    except DAMAGE_TO_STATE as error:
        if denied(error):
            raise ChainFileError("%s: %s" % (path, one_line(error))) from error
        raise ChainFileError("%s: is damaged; verify says where" % path) from error
    finally:
        reader.close()


def _write(stream: TextIO, columns: tuple[str, ...], rows: Iterator[Row], form: str) -> None:
    """One row at a time, so that a long chain needs no memory."""
    if form == "csv":
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
        return
    before = "[\n"
    for row in rows:
        stream.write(before + json.dumps(dict(zip(columns, row))))
        before = ",\n"
    stream.write("[]\n" if before == "[\n" else "\n]\n")


_CAPITAL = re.compile("(?<=[a-z])(?=[A-Z])")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _utc(time: int) -> str:
    return (_EPOCH + timedelta(seconds=time)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _contracts(ledger: "Ledger", _reader: ChainReader) -> Iterator[Row]:
    for deal in ledger.contracts():
        terms, progress, closing = deal.terms, deal.progress, deal.closing
        yield (
            deal.id.hex(),
            STATES[deal.state],
            terms.meter.hex(),
            terms.plant.hex(),
            terms.panel_id.hex(),
            terms.offer_id.hex(),
            _utc(terms.start),
            _utc(terms.start + ledger.genesis.slot_s * len(terms.wh)),
            terms.price,
            sum(terms.wh),
            sum(ug for _lot, ug in terms.coins),
            progress.end_id.hex() or None,
            sum(progress.delivered) if progress.end_id else None,
            progress.contested,
            closing.wh if closing else None,
            closing.amount_nano if closing else None,
            closing.discount_nano if closing else None,
            closing.burned_ug if closing else None,
        )


def _certificates(ledger: "Ledger", _reader: ChainReader) -> Iterator[Row]:
    for end_id, meter, _coin_ug, _expires, certificate in ledger.awards():
        contract_id, panel_id, start, end, *figures, factor = certificate
        yield (
            end_id.hex(),
            meter.hex(),
            contract_id.hex(),
            panel_id.hex(),
            _utc(start),
            _utc(end),
            *figures,
            *factor,
        )


def _awards(ledger: "Ledger", _reader: ChainReader) -> Iterator[Row]:
    for end_id, meter, coin_ug, expires, certificate in ledger.awards():
        yield end_id.hex(), meter.hex(), certificate[0].hex(), coin_ug, _utc(expires)


def _coins(ledger: "Ledger", _reader: ChainReader) -> Iterator[Row]:
    for end_id, meter, coin_ug, expires, _certificate in ledger.awards():
        if coin_ug:
            free = {lot_id: lot.free_ug for lot_id, lot in ledger.lots(meter)}
            expired = expires <= ledger.time
            yield end_id.hex(), meter.hex(), coin_ug, free.get(end_id, 0), _utc(expires), expired


def _generation(ledger: "Ledger", _reader: ChainReader) -> Iterator[Row]:
    for panel_id, slot, book in ledger.panel_slots():
        generated = book.generated if book.generated >= 0 else None
        yield panel_id.hex(), _utc(slot), book.contracted, generated, book.settled


def _transactions(_ledger: "Ledger", reader: ChainReader) -> Iterator[Row]:
    for position, height, time, tx_id, stored, code in reader.transactions():
        attached = split_record(stored)[0] if is_record(stored) else stored
        name = _CAPITAL.sub("_", type(parse(peek_payload(attached))).__name__).upper()
        signer = peek_kid(attached).hex()
        yield position, height, _utc(time), tx_id.hex(), name, signer, len(stored), code


TABLES = {
    "contracts": Table(
        (
            "contract_id",
            "state",
            "meter",
            "plant",
            "panel_id",
            "offer_id",
            "start_utc",
            "end_utc",
            "price_micro_per_kwh",
            "contracted_wh",
            "coins_ug",
            "trade_end_id",
            "delivered_wh",
            "contested",
            "settled_wh",
            "amount_nano",
            "discount_nano",
            "burned_ug",
        ),
        _contracts,
    ),
    "certificates": Table(
        (
            "trade_end_id",
            "meter",
            "contract_id",
            "panel_id",
            "start_utc",
            "end_utc",
            "quantity_wh",
            "range_start_wh",
            "reduction_ug",
            "displaced_wh",
            "user_reduction_ug",
            "network_reduction_ug",
            "contribution_ppm",
            "own_use_ppm",
            "factor_region",
            "factor_year",
            "factor_boundary",
            "factor_grid_mg_per_kwh",
            "factor_device_mg_per_kwh",
            "factor_source",
        ),
        _certificates,
    ),
    "awards": Table(
        ("trade_end_id", "meter", "contract_id", "coin_ug", "coin_expires_utc"), _awards
    ),
    "coins": Table(("lot", "owner", "issued_ug", "free_ug", "expires_utc", "expired"), _coins),
    "generation": Table(
        ("panel_id", "slot_utc", "contracted_wh", "generated_wh", "settled_wh"), _generation
    ),
    "transactions": Table(
        ("position", "height", "time_utc", "id", "type", "signer", "bytes", "code"), _transactions
    ),
}
