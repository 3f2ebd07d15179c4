# SPDX-License-Identifier: Apache-2.0
"""Runs first at every start, also before a console: chooses the image in use, /a or /b (tools/flash.py)."""

import sys

try:
    with open("/slot") as file:
        sys.path.insert(0, "/" + file.read())
except OSError:
    pass  # an image that was copied by hand lies at the root
