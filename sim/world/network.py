# SPDX-License-Identifier: Apache-2.0
"""The fleet's network and clock: virtual milliseconds, seeded delays, broadcasts to whoever listens or comes later.

One heap orders everything that happens; equal times go by order of creation, so a run has one history.
"""

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

from wattpact.wire.topics import RETAINED

from .seeds import child

DELAY_MS = (20, 400)


class VirtualClock:
    """Events in virtual time. `now_ms` moves only when the next event is taken."""

    def __init__(self, now: int) -> None:
        """`now`: Unix s."""
        self.now_ms = now * 1000
        self._heap: list[tuple[int, int, Callable[..., None], tuple[Any, ...]]] = []
        self._created = 0

    def now(self) -> int:
        """Unix s; what a board's clock would say."""
        return self.now_ms // 1000

    def at_ms(self, time_ms: int, action: Callable[..., None], *arguments: Any) -> None:
        """Do something at `time_ms`, or now if that is past."""
        self._created += 1
        heappush(self._heap, (max(time_ms, self.now_ms), self._created, action, arguments))

    def at(self, time: int, action: Callable[..., None], *arguments: Any) -> None:
        """Do something at `time`, Unix s."""
        self.at_ms(time * 1000, action, *arguments)

    def run_until(self, end: int) -> None:
        """Take events in order until none is left before `end`, Unix s."""
        heap = self._heap
        while heap and heap[0][0] < end * 1000:
            self.now_ms, _created, action, arguments = heappop(heap)
            action(*arguments)
        self.now_ms = max(self.now_ms, end * 1000)


class Network:
    """Carries bytes between nodes with a delay of its own for each message; nothing is lost and order is not kept.

    It retains what a broker would. Broadcasts that everybody hears of everybody travel together, or a fleet of a
    thousand would begin with a million letters.
    """

    def __init__(self, clock: VirtualClock, seed: int) -> None:
        self._clock = clock
        self._bits = child(seed, "network").getrandbits
        self._inboxes: dict[bytes, Callable[[str, bytes, bytes], None]] = {}
        self._listeners: dict[tuple[str, bytes], dict[bytes, None]] = {}
        self._everybody: dict[str, dict[bytes, None]] = {}
        self._retained: dict[str, dict[bytes, bytes]] = {}
        self._replicas: list[bytes] = []

    def join(self, kid: bytes, deliver: Callable[[str, bytes, bytes], None]) -> None:
        """`deliver(kind, sender, payload)` takes what arrives for `kid`."""
        self._inboxes[kid] = deliver

    def listen(self, listener: bytes, kind: str, sender: bytes) -> None:
        """Broadcasts `kind` of `sender`, of all if it is empty, reach `listener` from now on, retained ones at once."""
        retained = self._retained.get(kind, {})
        if not sender:
            self._everybody.setdefault(kind, {})[listener] = None
            letters = [(each, listener, payload) for each, payload in retained.items()]
            self._carry_together(kind, letters)
            return
        self._listeners.setdefault((kind, sender), {})[listener] = None
        if sender in retained:
            self._carry(kind, sender, listener, retained[sender])

    def overhear(self, listener: bytes) -> None:
        """Every broadcast of every node reaches `listener`: it holds the chain."""
        self._replicas.append(listener)

    def send(self, sender: bytes, to: bytes, payload: bytes) -> None:
        """To one inbox; a kid nobody joined with is a node that is not there."""
        if to in self._inboxes:
            self._carry("in", sender, to, payload)

    def publish(self, sender: bytes, kind: str, payload: bytes) -> None:
        """To everybody who listens."""
        if kind in RETAINED:
            self._retained.setdefault(kind, {})[sender] = payload
        everybody = self._everybody.get(kind, ())
        self._carry_together(kind, [(sender, listener, payload) for listener in everybody])
        for listener in (*self._replicas, *self._listeners.get((kind, sender), ())):
            if listener != sender:
                self._carry(kind, sender, listener, payload)

    def _carry(self, kind: str, sender: bytes, to: bytes, payload: bytes) -> None:
        self._clock.at_ms(self._arrival(), self._inboxes[to], kind, sender, payload)

    def _carry_together(self, kind: str, letters: list[tuple[bytes, bytes, bytes]]) -> None:
        """(sender, to, payload) of each, in order; nobody hears himself."""
        if letters:
            self._clock.at_ms(self._arrival(), self._deliver, kind, letters)

    def _deliver(self, kind: str, letters: list[tuple[bytes, bytes, bytes]]) -> None:
        for sender, to, payload in letters:
            if to != sender:
                self._inboxes[to](kind, sender, payload)

    def _arrival(self) -> int:
        low, high = DELAY_MS
        return self._clock.now_ms + low + self._bits(16) * (high - low) // 65536
