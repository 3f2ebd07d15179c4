# SPDX-License-Identifier: Apache-2.0
"""Meters on a serial line that speak Modbus RTU: frames, a master that only reads, and a driver for each family."""
