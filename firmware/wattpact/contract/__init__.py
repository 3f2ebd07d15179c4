# SPDX-License-Identifier: Apache-2.0
"""One contract from the device's side: propose, accept, deliver, end (the signing module of C11)."""
