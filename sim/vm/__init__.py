# SPDX-License-Identifier: Apache-2.0
"""The real MicroPython in a heap of fixed size, run inside this process: an instrument for memory and for speed."""
