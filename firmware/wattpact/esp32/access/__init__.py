# SPDX-License-Identifier: Apache-2.0
"""The ways of a board into a network, behind one seam (interfaces.py, Access): claim C10."""
