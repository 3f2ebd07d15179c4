# SPDX-License-Identifier: Apache-2.0
"""A TCP relay that puts an access network between a node and the broker; it goes by the fleet's clock.

Bytes arrive late, in order, and all of them; when the line is gone both sides are cut off, and whoever dials then is
hung up on.
"""

import asyncio
import contextlib
from typing import Any

from ..world.access import DOWN, UP, AccessLine
from .clock import LeasedClock

HERE = "127.0.0.1"
CHUNK = 1_400
PIECES_MAX = 64
"""Under way in one direction: beyond that the sender has to wait."""

Piece = tuple[int, bytes]


class Relay:
    """One node's; `open` begins to listen, and gives what to dial."""

    def __init__(self, line: AccessLine, name: str, number: int, clock: LeasedClock) -> None:
        """To the broker at `name`, TCP `number`."""
        self._line = line
        self._far = (name, number)
        self._clock = clock
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> tuple[str, int]:
        """Address and number of what to dial instead of the broker."""
        self._server = await asyncio.start_server(self._serve, HERE, 0)
        self._begin(self._cut())
        return HERE, self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """No more; what it carried has been cancelled with the loop's other tasks."""
        if self._server is not None:
            self._server.close()
        self._abort()

    def _begin(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _abort(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _cut(self) -> None:
        """Both sides lose the connection whenever the line is gone."""
        while True:
            now_ms = self._clock.now_ms()
            gone_ms, back_ms = self._line.outage(now_ms)
            if now_ms < gone_ms:
                await self._clock.sleep_ms(min(gone_ms - now_ms, 3_600_000))
                continue
            self._abort()
            await self._clock.sleep_ms(back_ms - now_ms)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        now_ms = self._clock.now_ms()
        if self._line.outage(now_ms)[0] <= now_ms:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._far)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, far_writer}
        self._carry(reader, far_writer, UP)
        self._carry(far_reader, writer, DOWN)

    def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: int) -> None:
        pieces: asyncio.Queue[Piece] = asyncio.Queue(PIECES_MAX)
        self._begin(self._take(reader, pieces, way))
        self._begin(self._give(pieces, writer))

    async def _take(
        self, reader: asyncio.StreamReader, pieces: "asyncio.Queue[Piece]", way: int
    ) -> None:
        chunk = b"-"
        while chunk:
            try:
                chunk = await reader.read(CHUNK)
            except OSError:
                chunk = b""
            arrival_ms = self._line.arrival_ms(way, len(chunk), self._clock.now_ms())
            await pieces.put((arrival_ms, chunk))

    async def _give(self, pieces: "asyncio.Queue[Piece]", writer: asyncio.StreamWriter) -> None:
        """An empty piece ends it."""
        with contextlib.suppress(OSError):
            while True:
                arrival_ms, chunk = await pieces.get()
                await self._clock.sleep_ms(arrival_ms - self._clock.now_ms())
                if not chunk:
                    break
                writer.write(chunk)
                await writer.drain()
        writer.close()
        self._writers.discard(writer)
