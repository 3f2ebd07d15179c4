# SPDX-License-Identifier: Apache-2.0
"""What the simulated fleet lives in: what homes draw, what the sun gives, what breaks. No message and no money."""
