# SPDX-License-Identifier: Apache-2.0
"""The ledger's vectors: they are what the generator gives, what the code does, and small enough for a board's VM."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from host.keys import OpensslVerifier
from tests.vectors.reading import cases
from wattpact.crypto.signer import SoftwareVerifier
from wattpact.ledger.machine import Ledger
from wattpact.ledger.merkle import verify_consistency, verify_inclusion

ROOT = Path(__file__).resolve().parents[3]
SIGNATURES_MOST = 40


class Counting:
    """The board's own verifier, counted."""

    def __init__(self) -> None:
        self.count = 0

    def verify(self, items: list[tuple[bytes, bytes, bytes]]) -> list[bool]:
        self.count += len(items)
        return SoftwareVerifier().verify(items)


@pytest.mark.parametrize("case", cases("ledger/blocks.json"))
def test_blocks_give_the_codes_and_hashes_that_are_written(case: dict[str, Any]) -> None:
    """With signatures verified in pure Python, as a board would, and few of them."""
    counting = Counting()
    execute(case, counting)
    assert counting.count <= SIGNATURES_MOST


@pytest.mark.parametrize("case", cases("ledger/long.json"))
def test_long_stories_give_the_codes_and_hashes_that_are_written(case: dict[str, Any]) -> None:
    """With signatures verified by OpenSSL."""
    execute(case, OpensslVerifier())


def execute(case: dict[str, Any], verifier: Any) -> None:
    """All blocks, compared one by one."""
    ledger = Ledger(bytes.fromhex(case["genesis"]), verifier)
    assert ledger.network.hex() == case["network"]
    for block in case["blocks"]:
        stored = [bytes.fromhex(each) for each in block["txs"]]
        done = ledger.finalize(block["height"], block["time"], stored)
        ledger.commit()
        assert done.codes == block["codes"]
        assert [each.hex() for each in done.ids] == block["ids"]
        assert (done.app_hash.hex(), done.root.hex()) == (block["app_hash"], block["root"])
        assert (done.size, ledger.due_at() or 0) == (block["size"], block["due_at"])
    assert len(list(ledger.rows())) == case["rows"]


@pytest.mark.parametrize("case", cases("ledger/merkle.json"))
def test_proofs_verify_or_not_as_it_is_written(case: dict[str, Any]) -> None:
    """Good ones and spoiled ones."""
    proof = [bytes.fromhex(each) for each in case["proof"]]
    if "leaf" in case:
        leaf, head = bytes.fromhex(case["leaf"]), bytes.fromhex(case["root"])
        verified = verify_inclusion(leaf, case["index"], case["size"], proof, head)
    else:
        roots = [bytes.fromhex(case[name]) for name in ("first_root", "second_root")]
        verified = verify_consistency(case["first"], case["second"], proof, roots[0], roots[1])
    assert verified == case["ok"]


def test_vectors_cover_most_refusals() -> None:
    """Or another implementation would learn little from them."""
    read = json.loads((ROOT / "tests" / "vectors" / "ledger" / "blocks.json").read_text())
    codes = {code for case in read["cases"] for block in case["blocks"] for code in block["codes"]}
    assert len(codes) > 20


def test_vectors_are_what_the_generator_gives() -> None:
    """`tools/ledger_vectors.py --check` says so, too, for `make check`."""
    command = [sys.executable, "tools/ledger_vectors.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
