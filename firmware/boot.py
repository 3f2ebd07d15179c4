# SPDX-License-Identifier: Apache-2.0
"""Runs first at every start, also before a console. There is nothing to do: whatever may fail is main.py's."""
