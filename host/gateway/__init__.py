# SPDX-License-Identifier: Apache-2.0
"""The host at a broker: what comes in, what it costs a sender, and what must not be lost on its way out."""
