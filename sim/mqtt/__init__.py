# SPDX-License-Identifier: Apache-2.0
"""The fleet over a broker: each node with a runtime and an MQTT client of its own."""
