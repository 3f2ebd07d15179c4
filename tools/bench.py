# SPDX-License-Identifier: Apache-2.0
"""make bench: what a trade, a stored message, an idle meter and a signature cost, beside what each is judged by.

Writes out/bench.json, one entry a figure: value, unit, what it stands against, and the ratio. A figure that is not what
is promised of it is told and makes the exit code 1. tools/measures/ has a module for each kind.
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[0:1] = [str(ROOT), str(ROOT / "firmware")]

from tools.measures import gateway, idle, memory, signatures, trade  # noqa: E402  (the path must stand first)
from tools.measures.figures import Figures  # noqa: E402

PARTS = {
    "trade": trade.run,
    "gateway": gateway.run,
    "idle": idle.run,
    "memory": memory.run,
    "signatures": signatures.run,
}
ROUNDS = {"trade": 3, "gateway": 3, "idle": 1, "memory": 1, "signatures": 11}


def main() -> int:
    """0 if all is as promised."""
    parser = argparse.ArgumentParser(
        description="Cost of trade, ledger, gateway, idle meters and signatures."
    )
    parser.add_argument(
        "--rounds", type=int, help="default: 3 of trade and gateway, 1 of idle, 11 of signatures"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("out/bench.json"), help="default %(default)s"
    )
    parser.add_argument("--only", choices=PARTS, help="one of the parts")
    given = parser.parse_args()
    figures = Figures()
    for name, run in PARTS.items():
        if given.only in (None, name):
            run(given.rounds or ROUNDS[name], figures)
    figures.write(given.out)
    print(figures.text())
    for told in figures.missed:
        print("NOT AS PROMISED: " + told)
    said = "not all is as promised" if figures.missed else "all is as promised"
    print("%s; the figures are in %s" % (said, given.out))
    return 1 if figures.missed else 0


if __name__ == "__main__":
    sys.exit(main())
