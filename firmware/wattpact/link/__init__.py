# SPDX-License-Identifier: Apache-2.0
"""How bytes travel between nodes. Empty until there is a client for a broker."""
