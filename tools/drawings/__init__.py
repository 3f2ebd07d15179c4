# SPDX-License-Identifier: Apache-2.0
"""What tools/pictures.py draws, one picture or one kind of picture a module."""
