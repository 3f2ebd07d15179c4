# SPDX-License-Identifier: Apache-2.0
"""Every byte that crosses between nodes: codec, envelope, messages, topics."""
