# SPDX-License-Identifier: Apache-2.0
"""What a chip or a meter counted, as Readings. Nothing else leaves this package."""
