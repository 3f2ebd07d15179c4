# SPDX-License-Identifier: Apache-2.0
"""The node: everything that runs on a board, and on a host in place of one."""

__version__ = "0.1.0"
