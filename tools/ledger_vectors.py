# SPDX-License-Identifier: Apache-2.0
"""Write tests/vectors/ledger/*.json, or with --check say which of them is not what the code gives.

Blocks and proofs for anybody's implementation of docs/ledger.md: one object a case, bytes in hex.
"""

import sys
from collections.abc import Callable
from functools import partial

from generated import ROOT, refresh
from vector_cases import ledger
from vector_cases.form import Case, text_of

FOLDER = ROOT / "tests" / "vectors" / "ledger"

FILES: "dict[str, Callable[[], list[Case]]]" = {
    "blocks.json": ledger.block_cases,
    "long.json": ledger.long_cases,
    "merkle.json": ledger.merkle_cases,
}


def blocks_apart(cases: "Callable[[], list[Case]]") -> str:
    """A block a line: a case is a whole story."""
    return text_of(cases).replace('{"height":', '\n{"height":')


if __name__ == "__main__":
    sys.exit(
        refresh(
            __doc__,
            "tools/ledger_vectors.py",
            {FOLDER / name: partial(blocks_apart, cases) for name, cases in FILES.items()},
        )
    )
