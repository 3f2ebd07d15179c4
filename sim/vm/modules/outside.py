# SPDX-License-Identifier: Apache-2.0
"""A guest's way out: calls of the functions that sim/vm/services.py registers, by name, and waiting."""

from struct import pack_into

from uctypes import addressof

import host

woken = None  # called when this side was woken while it waited; may raise


def call(name, *arguments):
    """The service's answer, an integer. Arguments are integers, texts, or anything with bytes, which it may fill.

    OSError if the service fails, if there is none of that name, or if these are not its arguments.
    """
    payload = bytearray(9 * len(arguments))
    kept = []  # what stands at an address must not be collected
    at = 0
    for argument in arguments:
        if isinstance(argument, int):
            pack_into("<Bq", payload, at, 0, argument)
        else:
            content = argument.encode() if isinstance(argument, str) else argument
            kept.append(content)
            pack_into("<BII", payload, at, 1, addressof(content), len(content))
        at += 9
    answer = host.call(name, bytes(payload))
    if answer[0] == "!":
        raise OSError(int(answer[1:]))
    return int(answer)


def wait(span_ms, rows=b"", ready=b""):
    """Until one of `rows` comes about, each a handle and 1 to read, 4 to write ("<HB"), or `span_ms` are over.

    Below 0 there is no limit. How many rows then stand in `ready`, which is as large as `rows`.
    """
    count = call("wait", span_ms, rows, ready)
    if count < 0:
        if woken is not None:
            woken()
        return 0
    return count
