# SPDX-License-Identifier: Apache-2.0
"""The board's own parts behind the seams; only firmware/main.py imports this package."""
