# SPDX-License-Identifier: Apache-2.0
"""The ledger's memory: rows of byte key and value, the writes of one block, and the app hash that chains them.

The first byte of a key says what its row is (docs/ledger.md lists them). A value once put is never changed in
place: replicas, blocks and questions share it. Nothing here iterates a dict into anything that matters.
"""

from ..crypto.hashes import sha256
from ..wire.codec import decode, encode
from .life import RECORDED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterable, Iterator, TypeVar

    R = TypeVar("R", bound="Record")
    Row = tuple[bytes, "bytes | None"]

TX = b"T"  # id -> [type, ...]: what later rules ask of a recorded transaction
NODE = b"N"  # kid -> Node
PLANT = b"L"  # plant id -> Plant
HISTORY = b"S"  # plant id -> OfferHistory
SEQ = b"Q"  # plant id, seq -> id of the offer
EVIDENCE = b"V"  # id of the offer -> Evidence
PANEL = b"G"  # panel id -> Panel
RANGE = b"R"  # panel id -> first Wh number that no certificate has
BOOK = b"B"  # panel id, slot -> Book
SHORT = b"H"  # plant id -> slot of its newest shortfall; plant id, slot -> [Wh owed, slot of the one before]
BUSY = b"M"  # meter, slot -> id of its contract
REGISTER = b"X"  # meter, start of an ended contract -> [register start, register end, start of the one before]
PROGRESS = b"P"  # contract id -> Progress, from its end or expiry on
CLOSING = b"C"  # contract id -> Closing
ACCOUNT = b"A"  # kid -> Account
LOT = b"K"  # trade end id -> Lot
OWNER = b"U"  # owner -> reduction so far, ug
FACTORS = b"F"  # -> factor rows added to the genesis'
TOTALS = b"Z"  # -> Totals
DUE = b"D"  # time, kind, id -> what happens by itself at that time
WAITING = b"W"  # number -> id of a trade end that waits for its award

ORDERED = (DUE, WAITING, PLANT)  # rows that are asked for in order of their keys

_SIZE_MAX = 1 << 24
_ITEMS_MAX = 1 << 20


def time_key(time: int) -> bytes:
    """A time inside a key: keys sort as times do. Deadlines may pass TIME_MAX, hence 5 bytes."""
    return time.to_bytes(5, "big")


def place_of(keys: "list[bytes]", key: bytes) -> int:
    """Where `key` stands or would stand in ascending `keys`."""
    low, high = 0, len(keys)
    while low < high:
        middle = (low + high) // 2
        if keys[middle] < key:
            low = middle + 1
        else:
            high = middle
    return low


class State:
    """The rows of the last committed block."""

    def __init__(self) -> None:
        self._rows: "dict[bytes, Any]" = {}
        self._ordered: "dict[bytes, list[bytes]]" = {prefix: [] for prefix in ORDERED}

    def get(self, key: bytes) -> "Any":
        """The row's value, not to be changed in place; None if there is no such row."""
        return self._rows.get(key)

    def keys(self, prefix: bytes) -> "list[bytes]":
        """Keys of one kind, ascending: at once for an ORDERED kind, by a walk through everything for another."""
        if prefix in self._ordered:
            return self._ordered[prefix]
        return sorted([key for key in self._rows if key[:1] == prefix])

    def commit(self, writes: "dict[bytes, Any]") -> None:
        """Take over a block's writes; a value of None deletes."""
        for key in writes:
            value = writes[key]
            ordered = self._ordered.get(key[:1])
            if ordered is not None and (value is None) == (key in self._rows):
                place = place_of(ordered, key)
                if value is None:
                    del ordered[place]
                else:
                    ordered.insert(place, key)
            if value is None:
                self._rows.pop(key, None)
            else:
                self._rows[key] = value

    def rows(self) -> "Iterator[tuple[bytes, bytes]]":
        """Every row as (key, CBOR), keys ascending."""
        for key in sorted(self._rows):
            yield key, encode(self._rows[key])

    def restore(self, rows: "Iterable[tuple[bytes, bytes]]") -> None:
        """Replace everything by rows that `rows()` gave. WireError if a value is no CBOR of ours."""
        self._rows = {key: decode(value, _SIZE_MAX, _ITEMS_MAX) for key, value in rows}
        self._ordered = {
            prefix: sorted([key for key in self._rows if key[:1] == prefix]) for prefix in ORDERED
        }


class Writes:
    """What a block changes, over the state it starts from; reads see the writes."""

    def __init__(self, state: State) -> None:
        self.rows: "dict[bytes, Any]" = {}
        self._state = state

    def get(self, key: bytes) -> "Any":
        """As State.get."""
        if key in self.rows:
            return self.rows[key]
        return self._state.get(key)

    def put(self, key: bytes, value: "Any") -> None:
        """Write a row; `value` must not be changed afterwards."""
        self.rows[key] = value

    def delete(self, key: bytes) -> None:
        """Remove a row."""
        self.rows[key] = None

    def encoded(self) -> "list[Row]":
        """The writes as (key, CBOR or None for a deletion), keys ascending."""
        return [
            (key, None if self.rows[key] is None else encode(self.rows[key]))
            for key in sorted(self.rows)
        ]


def chain_hash(before: bytes, height: int, time: int, writes: "list[Row]") -> bytes:
    """The app hash after a block: SHA-256(before || CBOR([height, time, [[key, value], ...]])).

    The CBOR is put together from values encoded already: each row is encoded once, for the hash and for storage.
    """
    parts = [before, b"\x83", encode(height), encode(time), _array_head(len(writes))]
    for key, value in writes:
        parts.append(b"\x82")
        parts.append(encode(key))
        parts.append(b"\xf6" if value is None else value)
    return sha256(b"".join(parts))


def _array_head(count: int) -> bytes:
    """The head of a CBOR array is that of the integer `count` with another major type."""
    head = encode(count)
    return bytes([head[0] | 0x80]) + head[1:]


class Record:
    """A row with names: FIELDS in the order of the stored array, under PREFIX and a key."""

    PREFIX = b""
    FIELDS: "tuple[str, ...]" = ()

    def __init__(self, *values: "Any") -> None:
        for name, value in zip(self.FIELDS, values):
            setattr(self, name, value)

    @classmethod
    def find(cls: "type[R]", rows: "State | Writes", key: bytes) -> "R | None":
        """The record under `key`, or None."""
        row = rows.get(cls.PREFIX + key)
        return None if row is None else cls(*row)

    @classmethod
    def read(cls: "type[R]", rows: "State | Writes", key: bytes) -> "R":
        """The record under `key`; where there is none yet, one as it begins: only for records that have a beginning."""
        row = rows.get(cls.PREFIX + key)
        return cls() if row is None else cls(*row)

    def write(self, rows: Writes, key: bytes) -> None:
        """Store under `key`."""
        rows.put(self.PREFIX + key, [getattr(self, name) for name in self.FIELDS])


class Node(Record):
    """A registered key. `revoked` is the height of its REVOKE, 0 while it holds."""

    PREFIX = NODE
    FIELDS = ("public_key", "roles", "owner", "neighbourhood", "plant_id", "revoked")
    public_key: bytes
    roles: "list[int]"
    owner: bytes
    neighbourhood: int
    plant_id: bytes
    revoked: int


class Plant(Record):
    """A plant id: who may speak for it now, and what was registered with that key."""

    PREFIX = PLANT
    FIELDS = ("owner", "kid", "panels", "service")
    owner: bytes
    kid: bytes
    panels: "list[bytes]"
    service: "list[tuple[int, int]]"


class OfferHistory(Record):
    """What a plant's offers left behind; `evidence` is the newest."""

    PREFIX = HISTORY
    FIELDS = ("seq", "offer_id", "low", "evidence")
    seq = -1  # the greatest recorded, evidence included
    offer_id = b""
    low: "list[tuple[int, int]]" = []
    evidence = b""


class Evidence(Record):
    """An offer that convicts its plant: the code, what it contradicts, and the evidence before it."""

    PREFIX = EVIDENCE
    FIELDS = ("plant_id", "code", "against", "previous")
    plant_id: bytes
    code: int
    against: bytes
    previous: bytes


class Panel(Record):
    """A panel; `first_seen` is block time and stays when the panel is registered with another key."""

    PREFIX = PANEL
    FIELDS = ("plant_id", "rated_w", "preset_wh", "first_seen")
    plant_id: bytes
    rated_w: int
    preset_wh: int
    first_seen: int


class Offered(Record):
    """A recorded offer that is no evidence; `panels` as the message has them."""

    PREFIX = TX
    FIELDS = ("type", "plant_id", "start", "price", "remaining_wh", "panels")
    type: int
    plant_id: bytes
    start: int
    price: int
    remaining_wh: int
    panels: "list[tuple[bytes, list[int]]]"


class Book(Record):
    """One panel in one slot, Wh. `generated` is -1 while nothing is reported; `last` leads to all contracts."""

    PREFIX = BOOK
    FIELDS = ("contracted", "generated", "settled", "last")
    contracted = 0
    generated = -1
    settled = 0
    last = b""


class Terms(Record):
    """A recorded contract. `links[k]` is the contract recorded before it for the same panel and slot, or b""."""

    PREFIX = TX
    FIELDS = (
        "type",
        "meter",
        "plant",
        "panel_id",
        "offer_id",
        "start",
        "price",
        "wh",
        "coins",
        "links",
    )
    type: int
    meter: bytes
    plant: bytes
    panel_id: bytes
    offer_id: bytes
    start: int
    price: int
    wh: "list[int]"
    coins: "list[tuple[bytes, int]]"
    links: "list[bytes]"


class Progress(Record):
    """Where a contract stands: a state of life.py, what its end said, and Wh settled per slot."""

    PREFIX = PROGRESS
    FIELDS = ("state", "end_id", "late", "contested", "delivered", "advance_wh", "settled")
    state = RECORDED
    end_id = b""
    late = False  # it had expired before its end came
    contested = False  # the meter was not valid in some slot
    delivered: "list[int]" = []
    advance_wh = 0  # of the meter's register
    settled: "list[int]" = []


class Closing(Record):
    """What settlement fixed for good, so that the award can be derived at any later height.

    `award` is the number under which its trade end waits for the award; 0, like the five figures before it, if there
    is none to come. `factor_year` names the factor row: a row added later changes nothing that is settled.
    """

    PREFIX = CLOSING
    FIELDS = (
        "time",
        "wh",
        "amount_nano",
        "discount_nano",
        "burned_ug",
        "factor_year",
        "reduction_ug",
        "user_ug",
        "network_ug",
        "range_start",
        "award",
    )
    time: int
    wh: int
    amount_nano: int
    discount_nano: int
    burned_ug: int
    factor_year: int
    reduction_ug: int
    user_ug: int
    network_ug: int
    range_start: int
    award: int


class Account(Record):
    """A node's money and what is under way. `open_nano` is the most that its open contracts may cost."""

    PREFIX = ACCOUNT
    FIELDS = ("balance_nano", "open_nano", "withheld", "last_end", "last_lot")
    balance_nano = 0
    open_nano = 0
    withheld = 0  # count of its expired contracts without an end
    last_end = -1  # start of the latest of its ended contracts
    last_lot = b""


class Lot(Record):
    """Coins of one award. `free_ug` is neither spent nor locked."""

    PREFIX = LOT
    FIELDS = ("owner", "issued_ug", "free_ug", "expires", "previous")
    owner: bytes
    issued_ug: int
    free_ug: int
    expires: int
    previous: bytes


class Totals(Record):
    """Sums over everything so far."""

    PREFIX = TOTALS
    FIELDS = (
        "issued_ug",
        "spent_ug",
        "expired_ug",
        "locked_ug",
        "settled_wh",
        "reduction_ug",
        "awards",
    )
    issued_ug = 0
    spent_ug = 0
    expired_ug = 0
    locked_ug = 0
    settled_wh = 0
    reduction_ug = 0
    awards = 0  # count of settlements that earn one
