# SPDX-License-Identifier: Apache-2.0
"""What MicroPython's str lacks, as a function."""


def zfill(text: str, width: int) -> str:
    return "0" * (width - len(text)) + text
