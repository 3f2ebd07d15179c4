# SPDX-License-Identifier: Apache-2.0
"""Runs one parity case in CPython: python cpython.py CASE, started in the checkout's root. The twin of vm.mjs."""

import sys

sys.path[:1] = ["", "firmware"]
for line in __import__("tests.parity.cases." + sys.argv[1], None, None, ["lines"]).lines():
    print(line)
print("END")
