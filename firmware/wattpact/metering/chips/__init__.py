# SPDX-License-Identifier: Apache-2.0
"""Metering chips on a board's own wires. Each driver knows registers; frames.py knows bytes; neither knows pins."""
