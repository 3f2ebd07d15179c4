# SPDX-License-Identifier: Apache-2.0
"""report.html: everything a run did, on one page that needs nothing but itself."""

from sim.report.page import render

__all__ = ["render"]
