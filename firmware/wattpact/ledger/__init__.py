# SPDX-License-Identifier: Apache-2.0
"""The rules of the trade as a deterministic state machine, its tree, and what a board checks of it."""
