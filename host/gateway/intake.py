# SPDX-License-Identifier: Apache-2.0
"""Between the thread that reads the network and the one that owns the chain: what came, in order, and bounded.

A full intake makes the reading thread wait, so that TCP makes the broker wait; nothing is thrown away here. What the
reading thread only reports (a PUBACK of ours, the connection up or down) never waits: it is bounded by what we sent.
"""

import threading
from collections import deque
from dataclasses import dataclass

MESSAGES_MAX = 4_096


@dataclass(frozen=True)
class Came:
    """A message. `connection` counts from 1: an acknowledgement is good on the connection that brought it only."""

    connection: int
    packet_id: int
    topic: str
    payload: bytes


@dataclass(frozen=True)
class Up:
    """The broker accepted the connection: it takes `window` messages at a time, and knew us before or not."""

    connection: int
    window: int
    known: bool


@dataclass(frozen=True)
class Down:
    """The connection is lost, or could not be made."""

    reason: str


@dataclass(frozen=True)
class Landed:
    """The broker answered our message; `code` below 128: it has it."""

    packet_id: int
    code: int


@dataclass(frozen=True)
class Deaf:
    """The broker does not let us subscribe to this."""

    topic_filter: str


Event = Up | Down | Landed | Deaf


class Intake:
    """One writer (the network's thread) and one reader (the chain's)."""

    def __init__(self, most: int = MESSAGES_MAX) -> None:
        self._most = most
        self._messages: deque[Came] = deque()
        self._events: deque[Event] = deque()
        self._changed = threading.Condition()
        self._open = True

    def put(self, message: Came) -> None:
        """Waits while there is no room; forgets the message if nobody reads any more."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._messages) < self._most or not self._open)
            if self._open:
                self._messages.append(message)
                self._changed.notify_all()

    def tell(self, event: Event) -> None:
        """Never waits."""
        with self._changed:
            self._events.append(event)
            self._changed.notify_all()

    def wake(self) -> None:
        """`take` returns, if it waits."""
        with self._changed:
            self._changed.notify_all()

    def take(self, wait_s: float) -> tuple[list[Event], list[Came]]:
        """All that is there; waits at most `wait_s` for something."""
        with self._changed:
            if not (self._events or self._messages) and wait_s > 0:
                self._changed.wait(wait_s)
            events, messages = list(self._events), list(self._messages)
            self._events.clear()
            self._messages.clear()
            self._changed.notify_all()
        return events, messages

    def close(self) -> None:
        """Nobody reads any more: whoever waits goes on."""
        with self._changed:
            self._open = False
            self._changed.notify_all()
