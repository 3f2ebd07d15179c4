# SPDX-License-Identifier: Apache-2.0
"""A virtual board: the real MicroPython behind a pseudo-terminal; its flash, buses and networks are models."""
