# SPDX-License-Identifier: Apache-2.0
"""The peer `ecdsa` imports this name and does not call it here."""

reduce = None
