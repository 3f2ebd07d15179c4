# SPDX-License-Identifier: Apache-2.0
"""A ledger and everybody who writes to it: each message is well made unless a caller changes a field of it.

The ledger's vectors and its tests are written with this. Keys are hashes of names, times are fixed, so that the same
calls give the same app hash everywhere. Signatures are real.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

from host.genesis import Roles, Terms, found
from host.keys import OpensslSigner, OpensslVerifier
from wattpact.crypto.hashes import kid
from wattpact.ledger.machine import Finalized, Ledger
from wattpact.wire.envelope import accept1, join_record, peek_payload, sign1, split_record
from wattpact.wire.messages import (
    ROLE_METER,
    ROLE_PLANT,
    Award,
    Contract,
    Factors,
    Generation,
    Message,
    Offer,
    Register,
    Revoke,
    TradeEnd,
    message_id,
    parse_as,
)

SLOT = 900
HOUR = 3600
DAY = 24 * HOUR
START = 1_735_725_600  # 2025-01-01 10:00 UTC, a slot's start
FIRST = START + 2 * SLOT  # the first slot that offers cover
SETTLE = 2 * HOUR
WITHHELD = DAY
LATE = 7 * DAY
PRICE = 200_000
RATED_W = 8_000  # at most 2200 Wh a slot
SERVICE = [(6 * HOUR, 20 * HOUR)] * 12
WITNESSES = ("witness 1", "witness 2")
VERIFIER = OpensslVerifier()


def signer(name: str) -> OpensslSigner:
    """The key of that name, as public as this line."""
    return OpensslSigner(hashlib.sha256(name.encode()).digest())


def kid_of(name: str) -> bytes:
    """Of the key of that name."""
    return kid(signer(name).public_key)


def named(name: str) -> bytes:
    """An 8-byte id."""
    return hashlib.sha256(name.encode()).digest()[:8]


def id_of(stored: bytes) -> bytes:
    """A transaction's id, from its stored bytes."""
    envelope = split_record(stored)[0] if stored[:1] == b"\x82" else stored
    return message_id(peek_payload(envelope))


def slots(count: int, first: int = FIRST) -> list[int]:
    """Starts of `count` slots."""
    return [first + index * SLOT for index in range(count)]


def genesis(terms: Terms | None = None) -> bytes:
    """The envelope that founds the network of every test."""
    witnesses = [signer(name).public_key for name in WITNESSES]
    keys = [signer(name).public_key for name in ("registrar", "sequencer")]
    return found(
        signer("issuer"), Roles(keys[0], keys[1], witnesses, 2), START - DAY, "test", terms
    )


class World:
    """One ledger at `now`. `run` makes blocks; every other method makes a transaction's bytes and submits nothing.

    `change` replaces fields of the message before it is signed.
    """

    def __init__(self, terms: Terms | None = None) -> None:
        self.genesis = genesis(terms)
        self.ledger = Ledger(self.genesis, VERIFIER)
        self.network = self.ledger.network
        self.now = START
        self.blocks: list[tuple[Finalized, list[bytes]]] = []
        self._made = 0  # nonces and seqs
        self._register: dict[str, int] = {}

    # ---- blocks

    def run(self, *stored: bytes, at: int = 0) -> list[int]:
        """A block, at `at` if given and else at `now`, committed; the codes."""
        self.now = max(self.now, at)
        done = self.ledger.finalize(self.ledger.height + 1, self.now, list(stored))
        self.ledger.commit()
        self.blocks.append((done, list(stored)))
        return done.codes

    def record(self, *stored: bytes, at: int = 0) -> list[bytes]:
        """A block in which nothing may be refused; the ids."""
        codes = self.run(*stored, at=at)
        if any(codes):
            raise AssertionError("refused: %s" % codes)
        return [id_of(each) for each in stored]

    def settle(self, first: int = FIRST, count: int = 4) -> None:
        """An empty block when the slots are settled."""
        self.run(at=first + count * SLOT + SETTLE)

    # ---- transactions

    def send(self, name: str, message: Message) -> bytes:
        """Signed by the key of that name."""
        return sign1(message.payload(), signer(name))

    def register(
        self,
        name: str,
        plant: str = "",
        panel_names: Sequence[str] = (),
        meter: bool = True,
        signed_by: str = "registrar",
        **change: Any,
    ) -> bytes:
        """A key's owner is the first word of its name, so that two keys of a user are easy to make."""
        fields: dict[str, Any] = {
            "network": self.network,
            "public_key": signer(name).public_key,
            "roles": [ROLE_METER] * meter + [ROLE_PLANT] * bool(plant),
            "owner": named("owner " + name.split(maxsplit=1)[0]),
            "neighbourhood": 1,
            "plant_id": named(plant) if plant else b"",
            "panels": [(named(panel), RATED_W, 100) for panel in panel_names],
            "service": SERVICE if plant else [],
            "issued_at": self.now,
        }
        return self.send(signed_by, Register(**{**fields, **change}))

    def revoke(self, name: str, signed_by: str = "registrar") -> bytes:
        """The key of that name holds no longer."""
        message = Revoke(network=self.network, kid=kid_of(name), issued_at=self.now)
        return self.send(signed_by, message)

    def factors(
        self, *rows: tuple[str, int, int, int, int, str], signed_by: str = "issuer"
    ) -> bytes:
        """New factor rows."""
        return self.send(signed_by, Factors(network=self.network, rows=list(rows)))

    def offer(
        self,
        name: str = "sun",
        wh: Sequence[int] = (1000,) * 8,
        panel_names: Sequence[str] = ("south",),
        **change: Any,
    ) -> bytes:
        """Of the plant that has the node's name, the same figures for each panel."""
        self._made += 1
        fields: dict[str, Any] = {
            "network": self.network,
            "plant_id": named(name),
            "seq": self._made,
            "start": FIRST,
            "price": PRICE,
            "currency": self.ledger.genesis.currency,
            "panels": [(named(panel), list(wh)) for panel in panel_names],
            "remaining_wh": sum(wh) * len(panel_names),
            "low": [],
            "issued_at": self.now,
        }
        return self.send(name, Offer(**{**fields, **change}))

    def contract(
        self,
        offer: bytes,
        meter: str = "ann",
        wh: Sequence[int] = (300,) * 4,
        plant: str = "sun",
        **change: Any,
    ) -> bytes:
        """A record, signed by both: the offer's first slots of its first panel."""
        message = self.proposal(offer, meter, wh, plant, **change)
        return self.seal(message, meter, plant)

    def proposal(
        self,
        offer: bytes,
        meter: str = "ann",
        wh: Sequence[int] = (300,) * 4,
        plant: str = "sun",
        **change: Any,
    ) -> Contract:
        """The contract that `contract` signs."""
        self._made += 1
        offered = parse_as(Offer, peek_payload(offer))
        fields: dict[str, Any] = {
            "network": self.network,
            "offer_id": id_of(offer),
            "meter": kid_of(meter),
            "plant": kid_of(plant),
            "panel_id": offered.panels[0][0],
            "price": offered.price,
            "currency": offered.currency,
            "start": offered.start,
            "wh": list(wh),
            "total_wh": sum(wh),
            "remaining_wh": max(0, offered.remaining_wh - sum(wh)),
            "coins": [],
            "nonce": self._made.to_bytes(8, "big"),
            "accept_by": change.get("start", offered.start) - 1,
        }
        return Contract(**{**fields, **change})

    def seal(self, contract: Contract, meter: str, plant: str) -> bytes:
        """The record of a contract signed by the keys of these names, whoever it names."""
        payload = contract.payload()
        return join_record(sign1(payload, signer(meter)), accept1(payload, signer(plant)))

    def generation(
        self, wh: Sequence[int], panel: str = "south", name: str = "sun", **change: Any
    ) -> bytes:
        """From the first slot on."""
        fields: dict[str, Any] = {
            "network": self.network,
            "panel_id": named(panel),
            "start": FIRST,
            "wh": list(wh),
            "low": [],
        }
        return self.send(name, Generation(**{**fields, **change}))

    def end(
        self,
        contract: bytes,
        meter: str = "ann",
        wh: Sequence[int] | None = None,
        valid: Sequence[bool] | None = None,
        **change: Any,
    ) -> bytes:
        """All delivered unless `wh` says less; the meter's register counts twice as much, other use included."""
        terms = parse_as(Contract, peek_payload(split_record(contract)[0]))
        delivered = list(terms.wh if wh is None else wh)
        flags = list(valid or [True] * len(delivered))
        before = self._register.get(meter, 0)
        self._register[meter] = before + 2 * sum(delivered)
        fields: dict[str, Any] = {
            "network": self.network,
            "contract_id": id_of(contract),
            "slots": list(zip(slots(len(delivered), terms.start), delivered, flags)),
            "register_start_wh": before,
            "register_end_wh": before + 2 * sum(delivered),
            "reason": 0,
        }
        return self.send(meter, TradeEnd(**{**fields, **change}))

    def award(self, *ends: bytes, rows: Sequence[Any] = (), signed_by: str = "issuer") -> bytes:
        """For these trade ends, or of exactly these rows."""
        derived = list(rows) or [self.ledger.derive_award(end) for end in ends]
        return self.send(signed_by, Award(network=self.network, awards=derived))

    # ---- what most stories begin with

    def enrol(self) -> "World":
        """Plants `sun` (panels south and west) and `hill`, meters `ann` and `bob`, a prosumer `roof`."""
        self.record(
            self.register("sun", plant="sun", panel_names=("south", "west"), meter=False),
            self.register("hill", plant="hill", panel_names=("ridge",), meter=False),
            self.register("ann"),
            self.register("bob"),
            self.register("roof", plant="roof", panel_names=("tiles",)),
        )
        return self

    def trade(
        self, meter: str = "ann", wh: Sequence[int] = (300,) * 4, first: int = FIRST, **change: Any
    ) -> bytes:
        """A whole trade with `sun`, settled at what was contracted; the id of its trade end. Time goes on."""
        offer = self.offer(start=first, wh=(1000,) * len(wh))
        self.record(offer)
        contract = self.contract(offer, meter, wh, **change)
        self.record(contract)
        ended = self.end(contract, meter)
        self.record(
            self.generation((1000,) * len(wh), start=first), ended, at=first + len(wh) * SLOT
        )
        self.settle(first, len(wh))
        return id_of(ended)

    def earn(self, meter: str = "ann", first: int = FIRST) -> bytes:
        """A trade and its award; the id of the coin lot, which is that of the trade end."""
        end_id = self.trade(meter, first=first)
        self.record(self.award(end_id))
        return end_id
