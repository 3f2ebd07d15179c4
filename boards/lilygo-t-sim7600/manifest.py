# SPDX-License-Identifier: Apache-2.0
"""Frozen image: the port's own modules, and ours (docs/boards.md says how to build it)."""

include("$(PORT_DIR)/boards/manifest.py")
include("../manifest.py")
