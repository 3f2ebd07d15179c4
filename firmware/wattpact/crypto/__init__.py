# SPDX-License-Identifier: Apache-2.0
"""P-256 and SHA-256, the same bytes on both interpreters."""
