# SPDX-License-Identifier: Apache-2.0
"""Chips as their drivers meet them: bytes on a bus, time that passes, faults on demand. Stricter than the real ones."""
