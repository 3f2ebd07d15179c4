# SPDX-License-Identifier: Apache-2.0
"""What a connected client takes of a board's heap, as .mpy files; frozen, the code would take none."""

from pathlib import Path

import pytest

from sim.vm.bytecode import compile_module, guest_modules
from sim.vm.least_heap import least_heap

FIRMWARE = Path(__file__).resolve().parents[3] / "firmware"
LINK = "wattpact/link/"
USED = (
    *("wattpact/__init__.py", "wattpact/compat.py", "wattpact/errors.py", LINK + "__init__.py"),
    *(LINK + "packets.py", LINK + "session.py", LINK + "mqtt.py"),
)
HEAP_BYTES_MOST = 18 * 1024

# Without the client: asyncio, a stream that says CONNACK and SUBACK, a main task.
SURROUNDINGS = """\
import asyncio
import wattpact.errors, wattpact.compat

class Wire:
    def __init__(self):
        self.content = bytes((0x20, 2, 0, 0, 0x90, 3, 0, 2, 1))
    async def read(self, n):
        if not self.content:
            await never()
        given, self.content = self.content[:n], self.content[n:]
        return given
    def write(self, data):
        pass
    async def drain(self):
        await asyncio.sleep(0)

async def never(*arguments):
    await asyncio.Event().wait()

async def dial():
    wire = Wire()
    return wire, wire

async def main():
    await dial()
    %s
    for _ in range(80):
        await asyncio.sleep(0)
    %s

asyncio.run(main())
"""
CLIENT = """\
from wattpact.link.mqtt import MqttClient
from wattpact.link.session import Session
"""
START = """\
node = "wattpact/1/0011223344556677/0011223344556677/"
    session = Session("0011223344556677", node + "out/presence", 1, 60, 4)
    client = MqttClient(session, dial, never, print, print, lambda: 0, never, lambda n: 0)
    asyncio.create_task(client.run())
    asyncio.create_task(client.subscribe(node + "in/+"))
"""
UP = "assert session.up and session._requests[0].granted"


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a board, compiled."""
    folder = tmp_path_factory.mktemp("board")
    for name in USED:
        compile_module(FIRMWARE / name, folder / name)
    return folder


def needed(board: Path, name: str, text: str) -> int:
    """The least heap for `text`, which is compiled first, too."""
    source = board / (name + ".py")
    source.write_text(text)
    compile_module(source, source)
    source.unlink()
    folders = {"/board": board, "/modules": guest_modules()}
    return least_heap("import %s\nprint('END')" % name, 4 << 10, 64 << 10, folders)


def test_a_connected_client_fits_beside_the_rest(board: Path) -> None:
    """Modules, session, three tasks and a subscription together."""
    without = needed(board, "without", SURROUNDINGS % ("pass", "pass"))
    client = needed(board, "client", CLIENT + SURROUNDINGS % (START.strip(), UP))
    assert 0 < client - without <= HEAP_BYTES_MOST
