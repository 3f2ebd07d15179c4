# SPDX-License-Identifier: Apache-2.0
"""A board's machine code, run on this machine and counted instruction by instruction: an instrument."""
