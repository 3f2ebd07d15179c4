# SPDX-License-Identifier: Apache-2.0
"""When Home Assistant is told what: its description after each connection and after Home Assistant's own birth, at a
moment drawn at random so that a neighbourhood does not speak at once; then what changes, once a minute.

    <prefix>/device/<kid>/config   retained: the description
    <prefix>/state/<kid>           figures, not retained: nobody else is to read what a home draws
    <prefix>/status                Home Assistant's birth and will

The prefix is the user's own, so that one home's Home Assistant neither sees nor disturbs another's.
"""

from ..compat import const

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

STATE_S = const(60)
SPREAD_S = const(30)
BIRTH = b"online"


class HomeAssistant:
    """Sans-io: `wake_at` says when `on_tick` is wanted, which gives (topic, payload, retain) to publish."""

    def __init__(
        self,
        prefix: str,
        kid: str,
        describe: "Callable[[str], bytes]",
        state: "Callable[[int], bytes]",
        jitter: "Callable[[int], int]",
    ) -> None:
        """`describe(state_topic)` gives the description, or b"" while it is not known; `state(now)` the figures;
        `jitter(n)` is 0 to n - 1."""
        self.filter = prefix + "/status"
        self.wake_at = 0
        self._config_topic = prefix + "/device/" + kid + "/config"
        self._state_topic = prefix + "/state/" + kid
        self._describe = describe
        self._state = state
        self._jitter = jitter
        self._describe_at = 0  # 0: it was
        self._state_at = 0

    def on_connected(self, now: int) -> None:
        """The broker may be another than before."""
        self._describe_at = now
        self._state_at = now
        self.wake_at = now

    def on_status(self, payload: bytes, now: int) -> None:
        """Home Assistant started, and knows nothing yet of what is not retained."""
        if payload == BIRTH:
            self._describe_at = now + 1 + self._jitter(SPREAD_S)
            self._state_at = self._describe_at
            self.wake_at = self._describe_at

    def on_tick(self, now: int) -> "list[tuple[str, bytes, bool]]":
        """What is due."""
        messages: "list[tuple[str, bytes, bool]]" = []
        if self._describe_at and self._describe_at <= now:
            description = self._describe(self._state_topic)
            self._describe_at = 0 if description else now + STATE_S
            if description:
                messages.append((self._config_topic, description, True))
        if self._state_at <= now:
            self._state_at = now + STATE_S
            messages.append((self._state_topic, self._state(now), False))
        self.wake_at = min(self._state_at, self._describe_at or self._state_at)
        return messages
