# SPDX-License-Identifier: Apache-2.0
"""Runs after boot.py: starts the node. What that means is in wattpact/esp32/start.py."""

from wattpact.esp32.start import main

main()
