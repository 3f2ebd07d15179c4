# SPDX-License-Identifier: Apache-2.0
"""A small network that trades for a day: two plants, three meters, every kind of transaction and row.

Whatever a test wants of a chain it finds here; keys and times are fixed, so every town has the same app hash.
"""

from collections.abc import Sequence
from pathlib import Path

from host.engine import BlockResult, EmbeddedEngine
from host.genesis import GERMANY_2024, Roles, found
from host.issuer import Delivery, Issuer
from host.registry import Member, Plant, Registrar
from host.store import ChainStore
from host.witness import Witness
from tools.vector_cases.ledger_world import PRICE, SLOT, START, VERIFIER, kid_of, named, signer
from wattpact.wire.envelope import accept1, join_record, sign1
from wattpact.wire.messages import (
    Contract,
    Factors,
    Generation,
    Message,
    Offer,
    TradeEnd,
    message_id,
)


class HandClock:
    """Stands where it is put."""

    def __init__(self, time: int) -> None:
        self.time = time

    def now(self) -> int:
        return self.time


ROLES = Roles(
    signer("registrar").public_key,
    signer("sequencer").public_key,
    [signer("witness 1").public_key, signer("witness 2").public_key],
    2,
)
GENESIS = found(signer("issuer"), ROLES, START - 3600, "town")


class Town:
    """Founded or reopened at `path`; `step` is the only thing that makes blocks."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = HandClock(START)
        self.store = ChainStore.open(path) if path.exists() else ChainStore.create(path, GENESIS)
        self.witnesses = [
            Witness(GENESIS, signer(name), VERIFIER, self.clock)
            for name in ("witness 1", "witness 2")
        ]
        self.engine = EmbeddedEngine(self.store, signer("sequencer"), self.witnesses, VERIFIER)
        self.ledger = self.engine.ledger
        self.network = self.ledger.network
        self.registrar = Registrar(self.network, signer("registrar"))
        self.issuer = Issuer(signer("issuer"))
        self.delivered: list[Delivery] = []
        self.sequence = self.ledger.height

    def submit(self, name: str, transaction: bytes) -> bytes:
        return self.engine.submit(transaction, kid_of(name))

    def send(self, name: str, message: Message) -> bytes:
        """Signed by `name` and submitted; the id."""
        return self.submit(name, sign1(message.payload(), signer(name)))

    def step(self, time: int) -> BlockResult:
        """A block at `time`, with awards for whatever earned one before."""
        self.clock.time = time
        for award in self.issuer.awards(self.ledger):
            self.engine.submit(award, self.issuer.kid)
        result = self.engine.make_block(time)
        self.delivered += self.issuer.on_block(result)
        return result

    def enrol(self, name: str, plant: str | None = None, meter: bool = True) -> bytes:
        described = None
        if plant:
            panels = [(named(plant + " panel"), 8_000, 100)]
            described = Plant(named(plant), panels, [(6 * 3600, 20 * 3600)] * 12)
        member = Member(signer(name).public_key, named(name + " owner"), 1, meter, described)
        return self.submit("registrar", self.registrar.register(member, self.ledger.time))

    def revoke(self, name: str) -> bytes:
        return self.submit("registrar", self.registrar.revoke(kid_of(name), self.ledger.time))

    def offer(self, plant: str, start: int, seq: int, wh: int = 1_000, slots: int = 8) -> Offer:
        """Signed by the plant's node of the same name; not submitted."""
        return Offer(
            network=self.network,
            plant_id=named(plant),
            seq=seq,
            start=start,
            price=PRICE,
            currency=978,
            panels=[(named(plant + " panel"), [wh] * slots)],
            remaining_wh=wh * slots,
            low=[],
            issued_at=self.ledger.time,
        )

    def contract(
        self,
        meter: str,
        plant: str,
        offer: Offer,
        start: int,
        wh: Sequence[int],
        coins: Sequence[tuple[bytes, int]] = (),
    ) -> tuple[bytes, bytes]:
        """(id, record), signed by both; not submitted."""
        total = sum(wh)
        contract = Contract(
            network=self.network,
            offer_id=message_id(offer.payload()),
            meter=kid_of(meter),
            plant=kid_of(plant),
            panel_id=named(plant + " panel"),
            price=PRICE,
            currency=978,
            start=start,
            wh=list(wh),
            total_wh=total,
            remaining_wh=offer.remaining_wh - total,
            coins=list(coins),
            nonce=named(meter + plant + str(start)),
            accept_by=start - 1,
        )
        payload = contract.payload()
        record = join_record(sign1(payload, signer(meter)), accept1(payload, signer(plant)))
        return message_id(payload), record

    def trade(self, meter: str, plant: str, offer: Offer, start: int, wh: Sequence[int]) -> bytes:
        """A contract submitted by both parties; its id."""
        contract_id, record = self.contract(meter, plant, offer, start, wh)
        self.submit(meter, record)
        self.submit(plant, record)
        return contract_id

    def generation(self, plant: str, start: int, wh: Sequence[int]) -> bytes:
        return self.submit(plant, self.generated(plant, start, wh))

    def generated(self, plant: str, start: int, wh: Sequence[int]) -> bytes:
        """A GENERATION envelope, not submitted."""
        generation = Generation(
            network=self.network,
            panel_id=named(plant + " panel"),
            start=start,
            wh=list(wh),
            low=[],
        )
        return sign1(generation.payload(), signer(plant))

    def end(
        self, meter: str, contract_id: bytes, start: int, wh: Sequence[int], register: int
    ) -> bytes:
        """The trade end of a contract whose every slot was valid; `register` is the start's."""
        return self.submit(meter, self.ended(meter, contract_id, start, wh, register))

    def ended(
        self, meter: str, contract_id: bytes, start: int, wh: Sequence[int], register: int
    ) -> bytes:
        """The same as an envelope, not submitted."""
        end = TradeEnd(
            network=self.network,
            contract_id=contract_id,
            slots=[(start + SLOT * index, each, True) for index, each in enumerate(wh)],
            register_start_wh=register,
            register_end_wh=register + sum(wh) + 10,
            reason=0,
        )
        return sign1(end.payload(), signer(meter))

    def close(self) -> None:
        self.store.close()


def trading_day(town: Town) -> None:
    """From registration to awards, coins spent, an expired contract, evidence, a revocation."""
    for name in ("anna", "ben", "clara"):
        town.enrol(name)
    town.enrol("sunny", plant="sunny", meter=False)
    town.enrol("roof", plant="roof")
    town.step(START)
    sunny = town.offer("sunny", START + SLOT, seq=1)
    roof = town.offer("roof", START + SLOT, seq=1)
    town.send("sunny", sunny)
    town.send("roof", roof)
    town.step(START + 10)
    first = town.trade("anna", "sunny", sunny, START + SLOT, [300, 400])
    second = town.trade("ben", "roof", roof, START + SLOT, [200])
    withheld = town.trade("clara", "sunny", sunny, START + SLOT, [100])
    town.step(START + 20)
    over = START + 3 * SLOT
    town.generation("sunny", START + SLOT, [900, 350])
    town.generation("roof", START + SLOT, [500, 500])
    town.end("anna", first, START + SLOT, [300, 400], register=10_000)
    town.end("ben", second, START + SLOT, [200], register=5_000)
    town.step(over)
    settled = over + 7_200
    town.step(settled)  # settlement falls due
    town.step(settled + 1)  # awards
    second_offer = town.offer("roof", settled + SLOT, seq=2)
    town.send("roof", second_offer)
    town.send("roof", town.offer("roof", settled + SLOT, seq=1, wh=999))  # equivocates
    row = ("FR", *GERMANY_2024[1:5], "a source")
    town.send("issuer", Factors(network=town.network, rows=[row]))
    town.step(settled + 2)
    lot = town.ledger.lots(kid_of("anna"))[0]
    slot = settled - settled % SLOT + 2 * SLOT
    _id, record = town.contract("anna", "roof", second_offer, slot, [50], [(lot[0], 1_000_000)])
    town.submit("anna", record)
    town.step(settled + 3)
    town.revoke("ben")
    town.step(settled + 4)
    expired = START + 2 * SLOT + 86_400
    assert town.ledger.contract(withheld)
    town.step(expired + 1)
