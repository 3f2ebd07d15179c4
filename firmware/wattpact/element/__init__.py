# SPDX-License-Identifier: Apache-2.0
"""A secure element behind the Signer and Entropy seams: the key is made in it and never leaves it."""
