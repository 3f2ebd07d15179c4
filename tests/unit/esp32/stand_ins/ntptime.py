# SPDX-License-Identifier: Apache-2.0
"""`ntptime` as far as the adapters use it, for CPython: it says what the test wants."""

host = "pool.ntp.org"
answers: list[int] = []
asked: list[str] = []


def time() -> int:
    """Seconds of the port's epoch; OSError while nothing answers."""
    asked.append(host)
    if not answers:
        raise OSError("ETIMEDOUT")
    return answers.pop(0)
