# SPDX-License-Identifier: Apache-2.0
"""What a whole node takes of a board's heap: a home of a small fleet runs on the MicroPython VM, the rest here."""
