# SPDX-License-Identifier: Apache-2.0
"""Generated files are committed, and the generator says so when they are stale."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent.parent


@pytest.mark.parametrize("tool", ["vectors.py", "protocol_tables.py"])
def test_what_is_committed_is_what_the_generator_makes(tool: str) -> None:
    """The vectors are the code's, the protocol's tables are messages.py's, its examples are the vectors."""
    command = [sys.executable, str(ROOT / "tools" / tool), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
