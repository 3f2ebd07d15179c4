# SPDX-License-Identifier: Apache-2.0
"""MicroPython as a board runs it: with files, interrupts and the modules of its firmware."""
