# SPDX-License-Identifier: Apache-2.0
"""The peer `ecdsa` imports it and warns of nothing here."""
