# SPDX-License-Identifier: Apache-2.0
"""The Link seam over one MQTT session: which topic a message goes to, and how much may wait for the broker."""

import asyncio

from ..compat import const
from ..errors import LinkError
from ..wire import topics

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .mqtt import MqttClient

    Note = Callable[[str, str], None]

WAITING_MAX = const(64)  # messages that wait for the broker
FILTERS_MAX = const(128)


class Carrier:
    """What the core sends, on its way to the broker; bounded, since the outbox sends again whatever matters."""

    def __init__(
        self, client: "MqttClient", network: bytes, kid: bytes, note: "Note", waiting_max: int
    ) -> None:
        self._client = client
        self._network = network
        self._kid = kid
        self._note = note
        self._waiting_max = waiting_max
        self._waiting: "list[tuple[str, bytes, bool]]" = []
        self._filters: "list[str]" = []
        self._asked = 0  # of them, for how many the broker was asked
        self._filled = asyncio.Event()

    def send(self, to: bytes, payload: bytes) -> None:
        """To one node's inbox."""
        self.carry(topics.inbox(self._network, to, self._kid), payload, False)

    def publish(self, kind: str, payload: bytes) -> None:
        """To every member, and if it is of a kind that is retained, to those who come later."""
        topic = topics.broadcast(self._network, self._kid, kind)
        self.carry(topic, payload, kind in topics.RETAINED)

    def listen(self, kind: str, sender: bytes) -> None:
        """Hear broadcasts `kind` of `sender`, or of everybody if it is empty."""
        self.hear(topics.broadcasts(self._network, sender, kind))

    def inbox(self) -> None:
        """Hear what is sent to us."""
        self.hear(topics.inboxes(self._network, self._kid))

    def again(self) -> None:
        """Ask the broker for everything once more: it then tells what it retains to a core that has forgotten it."""
        self._asked = 0
        self._filled.set()

    async def run(self) -> None:
        """One of several that carry, until cancelled."""
        while True:
            if self._asked < len(self._filters):
                self._asked += 1
                try:
                    await self._client.subscribe(self._filters[self._asked - 1])
                except LinkError as error:
                    self._note("link", str(error))
            elif self._waiting:
                topic, payload, retain = self._waiting.pop(0)
                await self._client.publish(topic, payload, 1, retain)
            else:
                self._filled.clear()
                await self._filled.wait()

    def carry(self, topic: str, payload: bytes, retain: bool) -> None:
        """Anything to anybody."""
        message = (topic, payload, retain)
        if message in self._waiting:
            return  # the outbox repeats itself while the broker is away
        if len(self._waiting) >= self._waiting_max:
            self._note("link", "no room for a message to " + topic)
            return
        self._waiting.append(message)
        self._filled.set()

    def hear(self, topic_filter: str) -> None:
        """Whatever comes under this filter."""
        if topic_filter in self._filters:
            return
        if len(self._filters) >= FILTERS_MAX:
            self._note("link", "no room to hear " + topic_filter)
            return
        self._filters.append(topic_filter)
        self._filled.set()
