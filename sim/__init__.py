# SPDX-License-Identifier: Apache-2.0
"""A fleet of the real nodes in virtual time: everything random here comes from one seed."""
