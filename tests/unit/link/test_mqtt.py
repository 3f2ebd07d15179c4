# SPDX-License-Identifier: Apache-2.0
"""When the client dials again."""

import asyncio
from collections.abc import Callable
from typing import Any

from wattpact.link.mqtt import BACKOFF_MS_MAX, MqttClient
from wattpact.link.session import Session

WATCH_MS = (
    7000  # what the task that watches a connection sleeps, or 1 if it is late; neither is a pause
)


def pauses_of(jitter: Callable[[int], int], lasted_ms: "list[int]") -> "list[int]":
    """How long the client waits after each of the connections that lasted so long."""
    seen: list[int] = []
    times = list(lasted_ms)
    now = 0

    async def dial() -> Any:
        nonlocal now
        now += times.pop(0)
        raise OSError("nobody there")

    async def sleep_ms(span_ms: int) -> None:
        if span_ms in {1, WATCH_MS}:
            await asyncio.Event().wait()
        seen.append(span_ms)
        if not times:
            await client.close()

    async def on_message(topic: str, payload: bytes) -> None:
        raise AssertionError

    def note(text: str, error: BaseException | None) -> None:
        assert isinstance(error, OSError)

    session = Session("m", "p", 1, 2 * WATCH_MS // 1000, 1)
    client = MqttClient(session, dial, on_message, seen.append, note, lambda: now, sleep_ms, jitter)
    asyncio.run(asyncio.wait_for(client.run(), 20))
    return seen


def test_each_pause_is_twice_as_long_up_to_a_minute() -> None:
    """Half of it is fixed and half is drawn: between a half and the whole of 1 s, 2 s, 4 s, ... 60 s."""
    whole = [1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000]
    assert pauses_of(lambda n: n - 1, [0] * 8) == whole
    assert pauses_of(lambda n: 0, [0] * 8) == [span // 2 for span in whole]


def test_after_a_connection_that_lasted_the_pauses_begin_anew() -> None:
    """One that lasts less than the longest pause is no reason to hurry."""
    lasted = [0, 0, 0, BACKOFF_MS_MAX + 1, 0, BACKOFF_MS_MAX]
    assert pauses_of(lambda n: n - 1, lasted) == [1000, 2000, 4000, 1000, 2000, 4000]
