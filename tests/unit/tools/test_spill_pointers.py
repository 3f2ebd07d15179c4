# SPDX-License-Identifier: Apache-2.0
"""The build that sim/vm runs is the one that was tested: pinned as it comes, and pinned as it is made."""

import pytest

from sim.vm.image import IMAGE
from tools.spill_pointers import (
    RECEIVED_SHA256,
    SPILLED_SHA256,
    SetupError,
    check_sha256,
    received_file,
)


def test_both_files_here_are_the_pinned_ones() -> None:
    """What the registry gave, and what setup made of it."""
    check_sha256("received", received_file().read_bytes(), RECEIVED_SHA256)
    check_sha256("made", IMAGE.read_bytes(), SPILLED_SHA256)


def test_another_file_stops_the_setup() -> None:
    """It says which file, what was found and what was wanted."""
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    with pytest.raises(SetupError, match="x.wasm has the SHA-256 %s, not %s" % (empty, "0" * 64)):
        check_sha256("x.wasm", b"", "0" * 64)
