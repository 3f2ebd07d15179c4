# SPDX-License-Identifier: Apache-2.0
"""What `make bench` measures, a module for each kind of figure; tools/bench.py is the command."""
