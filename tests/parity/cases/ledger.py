# SPDX-License-Identifier: Apache-2.0
"""The ledger's vectors: the same codes, hashes and rows from the same blocks, and the same verdicts on proofs."""

from binascii import unhexlify

from tests.parity.shown import shown, vectors
from wattpact.crypto.signer import SoftwareVerifier
from wattpact.ledger.machine import Ledger
from wattpact.ledger.merkle import verify_consistency, verify_inclusion

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from wattpact.interfaces import Verifier


class Trusting:
    """For blocks whose signatures another test verifies: here only what follows from them is compared."""

    def verify(self, items: "list[tuple[bytes, bytes, bytes]]") -> "list[bool]":
        return [True] * len(items)


def blocks(case: "dict[str, Any]", verifier: "Verifier") -> "Iterator[str]":
    """A line a block, then one a row of the state at the end."""
    ledger = Ledger(unhexlify(case["genesis"]), verifier)
    for block in case["blocks"]:
        stored = [unhexlify(each) for each in block["txs"]]
        done = ledger.finalize(block["height"], block["time"], stored)
        ledger.commit()
        told = [done.codes, done.ids, done.app_hash, done.root, done.size, ledger.due_at()]
        expected = [block["codes"], unhexlify(block["app_hash"]), unhexlify(block["root"])]
        if [done.codes, done.app_hash, done.root] != expected:
            raise ValueError("not what the vector says")
        yield shown([block["height"], told])
    for key, value in ledger.rows():
        yield shown([key, value])


def proof(case: "dict[str, Any]") -> bool:
    """The verdict on a case of merkle.json."""
    hashes = [unhexlify(each) for each in case["proof"]]
    if "leaf" in case:
        leaf, root = unhexlify(case["leaf"]), unhexlify(case["root"])
        return verify_inclusion(leaf, case["index"], case["size"], hashes, root)
    roots = [unhexlify(case["first_root"]), unhexlify(case["second_root"])]
    return verify_consistency(case["first"], case["second"], hashes, roots[0], roots[1])


def lines() -> "Iterator[str]":
    """Blocks and rows, then proofs."""
    for name, verifier in (("ledger/blocks", SoftwareVerifier()), ("ledger/long", Trusting())):
        for case in vectors(name):
            for line in blocks(case, verifier):
                yield line
    for case in vectors("ledger/merkle"):
        yield case["name"] + ": " + shown(proof(case))
