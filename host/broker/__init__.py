# SPDX-License-Identifier: Apache-2.0
"""The broker's configuration, its small authority, and who may say what over it."""
