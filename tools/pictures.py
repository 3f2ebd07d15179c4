# SPDX-License-Identifier: Apache-2.0
"""Draw docs/pictures/*.svg, or with --check say which of them is not what the code gives.

Layers come from tools/tidy.py, the states of a contract from ledger/life.py, seconds from contract/timing.py. The
picture of a report, docs/pictures/report.png, is the only one made by hand.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from drawings.layers import layers
from drawings.life import contract_life
from drawings.sequences import acceptance_lost, declined, normal, silent
from drawings.trade import trade

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "pictures"

PICTURES: "dict[str, Callable[[], str]]" = {
    "trade.svg": trade,
    "layers.svg": layers,
    "life.svg": contract_life,
    "sequence-normal.svg": normal,
    "sequence-declined.svg": declined,
    "sequence-silent.svg": silent,
    "sequence-acceptance-lost.svg": acceptance_lost,
}


def main() -> int:
    """0 if every picture is what it should be (with --check) or was drawn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing, exit 1 if a picture is stale"
    )
    check: bool = parser.parse_args().check
    stale = 0
    for name, draw in PICTURES.items():
        path, text = FOLDER / name, draw()
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        if check:
            print("docs/pictures/%s is stale: run python tools/pictures.py" % name)
            stale = 1
        else:
            FOLDER.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return stale


if __name__ == "__main__":
    sys.exit(main())
