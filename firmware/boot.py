# SPDX-License-Identifier: Apache-2.0
"""Runs first at every start, also before a console: nothing here can fail."""

import micropython

micropython.alloc_emergency_exception_buf(100)  # so that an error in an interrupt is told
