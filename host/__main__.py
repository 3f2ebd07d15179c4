# SPDX-License-Identifier: Apache-2.0
"""`python -m host`, also in a checkout where nothing is installed but the dependencies."""

import sys
from pathlib import Path

# The rules lie on the board's flash image; an installed package is found there by its mapping.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "firmware"))

from host.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
