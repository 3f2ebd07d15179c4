# SPDX-License-Identifier: Apache-2.0
"""A host as an operator runs it: its folder, its keys, its commands, and the broker as its child."""
