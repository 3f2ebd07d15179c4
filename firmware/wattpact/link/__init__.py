# SPDX-License-Identifier: Apache-2.0
"""How bytes travel; filled by the MQTT client."""
