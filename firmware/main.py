# SPDX-License-Identifier: Apache-2.0
"""Runs after boot.py: starts the node. What that means is in wattpact/esp32/start.py."""

# Each import stands on the stack of the one that asked for it: what lies deepest comes first.
for name in ("wattpact.contract.purchase", "wattpact.node.meter"):
    __import__(name)

from wattpact.esp32.start import main  # noqa: E402  (it comes after what it needs)

main()
