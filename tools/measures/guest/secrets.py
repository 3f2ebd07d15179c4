# SPDX-License-Identifier: Apache-2.0
"""Of CPython's secrets what starkbank-ecdsa uses, without the secret: each round signs with the same nonces."""


def randbelow(exclusive_upper_bound: int) -> int:
    return int.from_bytes(b"\x55" * 32, "big") % exclusive_upper_bound
