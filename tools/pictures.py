# SPDX-License-Identifier: Apache-2.0
"""Draw docs/pictures/*.svg, or with --check say which of them is not what the code gives.

Layers come from tools/tidy.py, the states of a contract from ledger/life.py, seconds from contract/timing.py. The
picture of a report, docs/pictures/report.png, is the only one made by hand.
"""

import sys
from collections.abc import Callable

from drawings.layers import layers
from drawings.life import contract_life
from drawings.sequences import acceptance_lost, declined, normal, silent
from drawings.trade import trade
from generated import ROOT, refresh

FOLDER = ROOT / "docs" / "pictures"

PICTURES: "dict[str, Callable[[], str]]" = {
    "trade.svg": trade,
    "layers.svg": layers,
    "life.svg": contract_life,
    "sequence-normal.svg": normal,
    "sequence-declined.svg": declined,
    "sequence-silent.svg": silent,
    "sequence-acceptance-lost.svg": acceptance_lost,
}


if __name__ == "__main__":
    sys.exit(
        refresh(
            __doc__, "tools/pictures.py", {FOLDER / name: draw for name, draw in PICTURES.items()}
        )
    )
