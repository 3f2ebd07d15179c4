# SPDX-License-Identifier: Apache-2.0
"""The meter in its user's own home: Home Assistant finds it over MQTT and shows what it measures and trades."""
