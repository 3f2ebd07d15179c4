# SPDX-License-Identifier: Apache-2.0
"""Modbus meters as they look from the line, driven by the world's electricity, and the line itself."""
