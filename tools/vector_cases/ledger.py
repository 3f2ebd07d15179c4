# SPDX-License-Identifier: Apache-2.0
"""Blocks with the codes and hashes that every implementation must give, and proofs of the tree, good and bad.

The story is short on purpose: a board's interpreter verifies all of its signatures in seconds.
"""

from collections.abc import Callable, Iterator

from wattpact.ledger.merkle import (
    consistency_proof,
    inclusion_proof,
    root,
    verify_consistency,
    verify_inclusion,
)

from .form import Case
from .ledger_world import DAY, FIRST, SETTLE, SLOT, START, World, id_of, kid_of, named

LOW = (START - DAY, 3600)
OVER = FIRST + 2 * SLOT
Told = list[tuple[str, bytes]]


class Teller:
    """Makes blocks of told transactions, and writes them down."""

    def __init__(self) -> None:
        self.world = World()
        self.blocks: list[Case] = []

    def block(self, *told: tuple[str, bytes], at: int = START) -> list[bytes]:
        """A block; the transactions."""
        stored = [each for _why, each in told]
        self.world.run(*stored, at=at)
        done, _stored = self.world.blocks[-1]
        self.blocks.append(
            {
                "height": done.height,
                "time": done.time,
                "about": [why for why, _each in told],
                "txs": [each.hex() for each in stored],
                "codes": done.codes,
                "ids": [each.hex() for each in done.ids],
                "app_hash": done.app_hash.hex(),
                "root": done.root.hex(),
                "size": done.size,
                "due_at": self.world.ledger.due_at() or 0,
            }
        )
        return stored


def _trade(teller: Teller) -> None:
    """Two contracts, one of them never ended; an award."""
    world = teller.world
    teller.block(
        ("a plant registers", world.register("sun", "sun", ("south",), meter=False)),
        ("a meter registers", world.register("ann")),
        ("another meter registers", world.register("bob")),
        ("a registered key", world.register("ann", neighbourhood=2)),
        ("an unknown signer", world.offer("stranger")),
        ("no message at all", b"\xd2\x84"),
    )
    offer = teller.block(
        ("an offer with a history", world.offer(seq=5, wh=(500, 500), low=[LOW])),
        ("another network's", world.offer(seq=6, network=bytes(8))),
        ("not a slot's start", world.offer(seq=6, start=FIRST + 1, low=[LOW])),
        ("a number below", world.offer(seq=4, low=[LOW])),
        ("another of the same number", world.offer(seq=5, wh=(500, 501), low=[LOW])),
        ("a history that shrank", world.offer(seq=6)),
    )[0]
    first = world.contract(offer, "ann", (300, 300))
    second = world.contract(offer, "bob", (200, 1))
    teller.block(
        ("a contract", first),
        ("too much with the first", world.contract(offer, "bob", (201, 0))),
        ("what is left", second),
        ("the plant's signature is missing", world.send("ann", world.proposal(offer, "ann", (1,)))),
        ("a second contract in the slot", world.contract(offer, "ann", (0, 1))),
        ("the contract again", first),
        at=START + 60,
    )
    ended = world.end(first, "ann", (300, 250))
    teller.block(
        ("generation", world.generation((400, 200))),
        ("more than the panel can", world.generation((9999,), start=FIRST - SLOT)),
        ("more delivered than contracted", world.end(first, "ann", (301, 0))),
        ("a trade end", ended),
        ("a second end", world.end(first, "ann", (0, 0))),
        at=OVER,
    )
    teller.block(
        ("generation after settlement", world.generation((1,), start=FIRST - SLOT)),
        at=OVER + SETTLE,
    )
    row = world.ledger.derive_award(id_of(ended))
    teller.block(
        ("an award of another amount", world.award(rows=[(*row[:2], row[2] + 1, *row[3:])])),
        ("an award", world.award(rows=[row])),
        ("the same trade end again", world.award(rows=[row, row])),
        at=OVER + SETTLE + 1,
    )


def _aftermath(teller: Teller) -> None:
    """Coins are spent, an end is withheld and comes late, coins expire."""
    world = teller.world
    second = bytes.fromhex(teller.blocks[2]["txs"][2])
    ended = bytes.fromhex(teller.blocks[3]["txs"][3])
    expired = OVER + DAY
    offer = world.offer(seq=7, start=expired + 2 * SLOT, wh=(500, 500), low=[LOW])
    free = world.ledger.derive_award(id_of(ended))[2]
    teller.block(
        ("an offer that tells all again", offer),
        ("coins are locked", world.contract(offer, "ann", (9,), coins=[(id_of(ended), 1000)])),
        (
            "coins locked elsewhere",
            world.contract(
                offer, "ann", (9,), start=expired + 3 * SLOT, coins=[(id_of(ended), free)]
            ),
        ),
        at=OVER + 2 * SETTLE,
    )
    teller.block(
        ("an end is withheld", world.contract(offer, "bob", (9,))),
        ("the late end", world.end(second, "bob")),
        ("a factor is added", world.factors(("DE", 2025, 0, 344_000, 0, "UBA"))),
        ("a key is revoked", world.revoke("sun")),
        ("a revoked signer", world.offer(seq=8, low=[LOW])),
        at=expired,
    )
    teller.block(at=expired + 3 * SLOT + SETTLE)
    teller.block(at=expired + 3 * SLOT + DAY)
    teller.block(at=expired + 200 * DAY)


def _fortnight(teller: Teller) -> None:
    """Everything that the short story leaves out, once: each block is named, its transactions are not."""
    world = teller.world

    def block(about: str, *stored: bytes, at: int = 0) -> None:
        teller.block(*[("", each) for each in stored], at=at or world.now)
        teller.blocks[-1]["about"] = [about]

    block(
        "everybody registers",
        world.register("sun", "sun", ("south", "west"), meter=False),
        world.register("roof", "roof", ("tiles",)),
        world.register("ann"),
        world.register("bob"),
        world.register("sun 2"),
    )
    wide = world.offer(panel_names=("south", "west"), low=[LOW])
    roof = world.offer("roof", panel_names=("tiles",))
    bought = [
        world.contract(wide, "ann", (300,)),
        world.contract(wide, "ann", (300, 200), start=FIRST + SLOT),
        world.contract(wide, "bob", (250, 250), panel_id=named("west")),
        world.contract(wide, "roof", (400,)),
        world.contract(wide, "sun 2", (100,)),
        world.contract(roof, "bob", (90,), plant="roof", start=FIRST + 2 * SLOT),
    ]
    block("offers and contracts of many", wide, roof, *bought)
    ends = [
        world.end(bought[1], "ann", register_start_wh=2000, register_end_wh=2600),
        world.end(bought[0], "ann", register_start_wh=1000, register_end_wh=2000),
        world.end(bought[2], "bob", (0, 250), valid=(False, True), reason=1),
        world.end(bought[4], "sun 2"),
    ]
    block(
        "reports, ends out of order, one contested",
        world.generation((600, 300, 100)),
        world.generation((100, 0), "west"),
        *ends,
        at=FIRST + 3 * SLOT,
    )
    block("the first slot settles, two panels of it short", at=FIRST + SLOT + SETTLE)
    block("an end after settlement", world.end(bought[3], "roof"), at=FIRST + 3 * SLOT + SETTLE)
    awardable = world.ledger.awardable()
    block("several awards in one, and one for a household's own", world.award(*awardable))
    lots = world.ledger.lots(kid_of("ann"))
    first = FIRST + DAY
    shrunk, paid = world.offer(), world.offer(start=first, low=[LOW])
    coins = [(lot_id, lot.free_ug) for lot_id, lot in lots]
    contract = world.contract(paid, "ann", (500,), coins=coins)
    block("evidence of both kinds", shrunk, world.offer(seq=1), paid, contract)
    block(
        "the plant changes its key, a factor is added",
        world.revoke("sun"),
        world.register("sun 3", "sun", ("south", "west"), meter=False),
        world.factors(("DE", 2025, 0, 344_000, 0, "UBA"), ("FR", 2025, 0, 30_000, 0, "RTE")),
    )
    moved = world.generation((400,), name="sun 3", start=first)
    most = world.end(contract, "ann", (333,), register_start_wh=3000, register_end_wh=3400)
    block("two thirds delivered", moved, most, at=first + SLOT)
    block("coins burn in part", at=first + SLOT + SETTLE)
    block("a withheld end", at=FIRST + 3 * SLOT + DAY)
    expires = world.ledger.lots(kid_of("ann"))[0][1].expires
    block("ended late", world.end(bought[5], "bob"), at=FIRST + 7 * DAY)
    last = world.offer("roof", panel_names=("tiles",), start=expires - SLOT)
    lot_id, lot = world.ledger.lots(kid_of("ann"))[-1]
    kept = world.contract(last, "ann", (1,), plant="roof", coins=[(lot_id, lot.free_ug)])
    block("coins locked on their last day", last, kept, at=expires - DAY)
    block("free coins expire", at=expires)
    block("and locked ones when they come back", at=expires + DAY)


def long_cases() -> list[Case]:
    """As blocks.json, with more signatures than a slow interpreter wants to verify. All are real."""
    teller = Teller()
    _fortnight(teller)
    return [_written("a fortnight", teller)]


def _written(name: str, teller: Teller) -> Case:
    return {
        "name": name,
        "genesis": teller.world.genesis.hex(),
        "network": teller.world.network.hex(),
        "blocks": teller.blocks,
        "rows": len(list(teller.world.ledger.rows())),
    }


def block_cases() -> list[Case]:
    """A genesis and blocks: each transaction's code and id, and the chain's app hash, root, size and next due time."""
    teller = Teller()
    _trade(teller)
    _aftermath(teller)
    return [_written("a trade and its aftermath", teller)]


LEAVES = [b"leaf %d" % index for index in range(13)]


def _turned(proof: list[bytes]) -> list[bytes]:
    return [bytes([proof[0][0] ^ 1]) + proof[0][1:], *proof[1:]] if proof else [bytes(32)]


SPOILED: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "": lambda proof: proof,
    ", a bit turned": _turned,
    ", cut short": lambda proof: proof[:-1],
    ", too long": lambda proof: [*proof, bytes(32)],
}


def merkle_cases() -> list[Case]:
    """Inclusion and consistency proofs over leaves; `ok` says whether they verify."""
    return [*_inclusions(), *_consistencies()]


def _inclusions() -> Iterator[Case]:
    for size in (1, 2, 7, 8, 13):
        leaves = LEAVES[:size]
        for index in sorted({0, size // 2, size - 1}):
            for how, spoil in SPOILED.items():
                proof = spoil(inclusion_proof(leaves, index))
                yield {
                    "name": "leaf %d of %d%s" % (index, size, how),
                    "leaf": leaves[index].hex(),
                    "index": index,
                    "size": size,
                    "proof": [each.hex() for each in proof],
                    "root": root(leaves).hex(),
                    "ok": verify_inclusion(leaves[index], index, size, proof, root(leaves)),
                }


def _consistencies() -> Iterator[Case]:
    for first, second in ((0, 5), (1, 2), (4, 8), (5, 5), (6, 13), (8, 13), (12, 13)):
        roots = (root(LEAVES[:first]), root(LEAVES[:second]))
        for how, spoil in SPOILED.items():
            proof = spoil(consistency_proof(LEAVES[:second], first))
            yield {
                "name": "%d leaves to %d%s" % (first, second, how),
                "first": first,
                "second": second,
                "proof": [each.hex() for each in proof],
                "first_root": roots[0].hex(),
                "second_root": roots[1].hex(),
                "ok": verify_consistency(first, second, proof, *roots),
            }
