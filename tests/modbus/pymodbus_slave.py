# SPDX-License-Identifier: Apache-2.0
"""A slave by pymodbus in a process of its own: `python pymodbus_slave.py DEVICE`, its registers as JSON on stdin.

    {"unit": 1, "function": 4, "floats": {"0": 230.1}, "words": {"6": 1}}

Prints "ready" when it listens. To other units it is silent: pymodbus would answer exception 04 for them.
"""

import asyncio
import json
import sys
from typing import Any

from pymodbus import FramerType
from pymodbus.server import ModbusSerialServer
from pymodbus.simulator import DataType, SimData, SimDevice

BITS = [SimData(0, datatype=DataType.BITS, values=[False] * 16)]
UNUSED = [SimData(0xFFFF, datatype=DataType.REGISTERS, values=[0])]
READ_HOLDING = 3


def device(spec: dict[str, Any]) -> SimDevice:
    """Only the registers that are named; any other is exception 02."""
    words = [
        SimData(int(at), datatype=DataType.REGISTERS, values=[word])
        for at, word in spec.get("words", {}).items()
    ]
    floats = [
        SimData(int(at), datatype=DataType.FLOAT32, values=value)
        for at, value in spec.get("floats", {}).items()
    ]
    found = sorted(words + floats, key=lambda each: each.address)
    blocks = (found, UNUSED) if spec["function"] == READ_HOLDING else (UNUSED, found)
    return SimDevice(spec["unit"], simdata=(BITS, BITS, *blocks))


async def serve(path: str, spec: dict[str, Any]) -> None:
    """Until it is ended."""
    unit = spec["unit"]

    def only_ours(sending: bool, packet: bytes) -> bytes:
        return b"" if sending and packet[:1] != bytes([unit]) else packet

    server = ModbusSerialServer(
        [device(spec)],
        framer=FramerType.RTU,
        port=path,
        baudrate=9_600,
        ignore_missing_devices=True,
        trace_packet=only_ours,
    )
    await server.serve_forever(background=True)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], json.loads(sys.stdin.read())))
