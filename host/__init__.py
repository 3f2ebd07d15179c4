# SPDX-License-Identifier: Apache-2.0
"""The CPython service: chain replica, sequencer, witnesses, issuer, and the tools of an operator."""
