# SPDX-License-Identifier: Apache-2.0
"""Write tests/vectors/ledger/*.json, or with --check say which of them is not what the code gives.

Blocks and proofs for anybody's implementation of docs/ledger.md: one object a case, bytes in hex.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from vector_cases import ledger
from vector_cases.form import Case

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "vectors" / "ledger"

FILES: "dict[str, Callable[[], list[Case]]]" = {
    "blocks.json": ledger.block_cases,
    "long.json": ledger.long_cases,
    "merkle.json": ledger.merkle_cases,
}


def text_of(cases: "Callable[[], list[Case]]") -> str:
    """One file: what its cases mean, and a case or a block a line, so that a change shows as a changed line."""
    about = json.dumps((cases.__doc__ or "").strip())
    lines = ",\n".join(json.dumps(case) for case in cases()).replace('{"height":', '\n{"height":')
    return '{"about": %s, "cases": [\n%s\n]}\n' % (about, lines)


def main() -> int:
    """0 if every file is what it should be (with --check) or was written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing, exit 1 if a file is stale"
    )
    check: bool = parser.parse_args().check
    stale = 0
    for name, cases in FILES.items():
        path, text = FOLDER / name, text_of(cases)
        if path.exists() and path.read_text() == text:
            continue
        if check:
            print("tests/vectors/ledger/%s is stale: run python tools/ledger_vectors.py" % name)
            stale = 1
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    return stale


if __name__ == "__main__":
    sys.exit(main())
