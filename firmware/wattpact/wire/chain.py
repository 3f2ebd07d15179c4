# SPDX-License-Identifier: Apache-2.0
"""What founds a chain, admits to it and reports from it: messages of issuer, registrar, sequencer and host."""

from ..compat import const
from ..errors import WireError
from ..units import POWER_W_MAX, PRICE_MAX, TIME_MAX, UG_MAX
from .codec import decode_first
from .envelope import ENVELOPE_MAX
from .kinds import Array, Blob, Raw, Row, Text, UInt
from .message import (
    CHECKPOINT,
    CONTRACT_SLOTS_MAX,
    FACTOR,
    FACTORS,
    GENESIS,
    ID,
    IDS_MAX,
    KEY,
    KID,
    LOW,
    PANELS_MAX,
    PRICE,
    PROOF,
    PROVE,
    REGISTER,
    REVOKE,
    REVOKES_MAX,
    SHARE,
    SHORTFALL,
    SLOT_WH,
    STORED,
    TIME,
    Message,
    message_id,
)

ROLE_METER = const(1)
ROLE_PLANT = const(2)

# A genesis cannot name the network it founds: the id is the hash of its payload.
SELF_NETWORK = b"\x00" * 8

ROLES = Array(UInt(ROLE_PLANT, ROLE_METER), 2, 1)
NUMBER = UInt(1 << 32)
TREE_SIZE = UInt(1 << 48)
PANEL = Row(("panel_id", KID), ("rated_w", UInt(POWER_W_MAX, 1)), ("preset_wh", SLOT_WH))


class Genesis(Message):
    """Founds the network; signed by the issuer. The network id is the first 8 bytes of its payload's hash."""

    TYPE = GENESIS
    FIELDS = (
        (3, "issuer", KEY),
        (4, "registrar", KEY),
        (5, "sequencer", KEY),
        (6, "witnesses", Array(KEY, 16)),
        (7, "quorum", UInt(16)),
        (8, "slot_s", UInt(3600, 60)),
        (9, "currency", UInt(999)),
        (10, "grid_prices", Array(Row(("from_s", UInt(86399)), ("price", PRICE)), 24, 1)),
        (11, "hurdle", UInt(PRICE_MAX)),
        (
            12,
            "timeouts",
            Row(
                ("settle_s", UInt(TIME_MAX, 1)),
                ("withheld_s", UInt(TIME_MAX, 1)),
                ("late_s", UInt(TIME_MAX, 1)),
                ("clock_s", UInt(3600, 1)),
            ),
        ),
        (13, "coin_nano_per_g", UInt(10000000)),
        (14, "coin_cap_ppm", SHARE),
        (15, "coin_life_s", UInt(TIME_MAX, 86400)),
        (16, "funder", KID),
        (17, "factors", Array(FACTOR, 16, 1)),
        (18, "debt_limit_nano", UInt(UG_MAX)),
        (19, "region", Text(8)),
        (20, "utc_offset_s", UInt(86399)),
        (21, "contract_slots_max", UInt(CONTRACT_SLOTS_MAX, 1)),
        (22, "created_at", TIME),
        (23, "name", Text(32)),
    )
    issuer: bytes
    registrar: bytes
    sequencer: bytes
    witnesses: "list[bytes]"
    quorum: int
    slot_s: int
    currency: int
    grid_prices: "list[tuple[int, int]]"
    hurdle: int
    timeouts: "tuple[int, int, int, int]"
    coin_nano_per_g: int
    coin_cap_ppm: int
    coin_life_s: int
    funder: bytes
    factors: "list[tuple[str, int, int, int, int, str]]"
    debt_limit_nano: int
    region: str
    utc_offset_s: int
    contract_slots_max: int
    created_at: int
    name: str

    def network_id(self) -> bytes:
        """First 8 bytes of SHA-256(payload)."""
        return message_id(self.payload())[:8]

    def grid_price(self, time: int) -> int:
        """Micro-currency per kWh from the public grid at `time`, by local time of day."""
        second = (time + self.utc_offset_s) % 86400
        price = self.grid_prices[0][1]
        for from_s, step_price in self.grid_prices:
            if from_s <= second:
                price = step_price
        return price


class Register(Message):
    """A key, its roles and, for a plant, its panels; signed by the registrar."""

    TYPE = REGISTER
    FIELDS = (
        (3, "public_key", KEY),
        (4, "roles", ROLES),
        (5, "owner", KID),
        (6, "neighbourhood", NUMBER),
        (7, "plant_id", Raw(0, 8)),
        (8, "panels", Array(PANEL, PANELS_MAX)),
        (9, "service", Array(Row(("from_s", UInt(86400)), ("to_s", UInt(86400))), 12)),
        (10, "issued_at", TIME),
    )
    public_key: bytes
    roles: "list[int]"
    owner: bytes
    neighbourhood: int
    plant_id: bytes
    panels: "list[tuple[bytes, int, int]]"
    service: "list[tuple[int, int]]"
    issued_at: int


def peek_register(payload: bytes) -> "tuple[bytes, bytes, list[int], int]":
    """(network, public key, roles, neighbourhood) that a REGISTER claims, without reading what its panels are.

    Cheap, and proves nothing: for the decision whether to check the signature. WireError if it is no REGISTER.
    """
    fields = decode_first(payload, 7)
    if fields.get(1) != REGISTER or sorted(fields) != [0, 1, 2, 3, 4, 5, 6]:
        raise WireError("not a Register")
    return (
        KID.check(fields[2], "network"),
        KEY.check(fields[3], "public_key"),
        ROLES.check(fields[4], "roles"),
        NUMBER.check(fields[6], "neighbourhood"),
    )


class Revoke(Message):
    """From the block that records it on, `kid` signs nothing any more; signed by the registrar."""

    TYPE = REVOKE
    FIELDS = ((3, "kid", KID), (4, "issued_at", TIME))
    kid: bytes
    issued_at: int


class Factors(Message):
    """New emission factors; signed by the issuer."""

    TYPE = FACTORS
    FIELDS = ((3, "rows", Array(FACTOR, 16, 1)),)
    rows: "list[tuple[str, int, int, int, int, str]]"


class Stored(Message):
    """The host has committed `ids`, and refuses `refused` for good: both leave the sender's outbox."""

    TYPE = STORED
    FIELDS = (
        (3, "ids", Array(ID, IDS_MAX)),
        (4, "refused", Array(Row(("id", ID), ("rule", UInt(999, 1))), IDS_MAX)),
        (5, "height", UInt(1 << 40)),
    )
    ids: "list[bytes]"
    refused: "list[tuple[bytes, int]]"
    height: int


class Checkpoint(Message):
    """The signed tree head: sequencer's Sign1, each witness's detached Sign1 over the same payload."""

    TYPE = CHECKPOINT
    FIELDS = (
        (3, "height", UInt(1 << 40)),
        (4, "size", TREE_SIZE),
        (5, "root", ID),
        (6, "app_hash", ID),
        (7, "time", TIME),
        (8, "previous", ID),
    )
    height: int
    size: int
    root: bytes
    app_hash: bytes
    time: int
    previous: bytes


class Shortfall(Message):
    """When a plant generated less than it had contracted, for meters that hold no chain; signed by the sequencer."""

    TYPE = SHORTFALL
    FIELDS = ((3, "plant_id", KID), (4, "height", UInt(1 << 40)), (5, "low", LOW))
    plant_id: bytes
    height: int
    low: "list[tuple[int, int]]"


class Prove(Message):
    """What did I miss? Asks the host to prove its newest checkpoint from `size` on; signed by any member.

    `size` is the kept checkpoint's, 0 if there is none; up to `revoked_size` leaves the sender knows all revocations.
    """

    TYPE = PROVE
    FIELDS = ((3, "size", TREE_SIZE), (4, "revoked_size", TREE_SIZE), (5, "issued_at", TIME))
    size: int
    revoked_size: int
    issued_at: int


class Proof(Message):
    """The answer to a PROVE: a checkpoint bundle, and the next revocations as signed; signed by the sequencer.

    No others stand among the first `revoked_size` leaves of the tree after those the question knew.
    """

    TYPE = PROOF
    FIELDS = (
        (3, "prove_id", ID),
        (4, "bundle", Blob(ENVELOPE_MAX)),
        (5, "revokes", Array(Blob(ENVELOPE_MAX), REVOKES_MAX)),
        (6, "revoked_size", TREE_SIZE),
    )
    prove_id: bytes
    bundle: bytes
    revokes: "list[bytes]"
    revoked_size: int
