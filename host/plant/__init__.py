# SPDX-License-Identifier: Apache-2.0
"""A plant's node on a PC: the firmware's core and shell, with a folder for a flash and files for a board.json."""
