# SPDX-License-Identifier: Apache-2.0
"""What a meter has heard, how it judges plants, what it needs, which plant it picks (acquisition and determination)."""
