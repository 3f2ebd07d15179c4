# SPDX-License-Identifier: Apache-2.0
"""The line of a board, and what is said on it."""
