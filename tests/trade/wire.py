# SPDX-License-Identifier: Apache-2.0
"""What lies between boards and host: letters in the order they were posted, unless a test tampers with them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from wattpact.wire import codec, envelope
from wattpact.wire.messages import Message, parse
from wattpact.wire.topics import RETAINED


@dataclass(frozen=True)
class Letter:
    """One message under way. `kind` is "in" for an inbox, else the broadcast's."""

    kind: str
    sender: bytes
    to: bytes
    payload: bytes

    @property
    def message(self) -> Message:
        """What it says; of a parcel and of a record the inner message."""
        return message_in(self.payload)

    @property
    def word(self) -> str:
        """What it is: "register", "checkpoint", "proposal", "acceptance", or the message's name in lower case."""
        if self.kind in ("register", "checkpoint"):
            return self.kind
        name = type(self.message).__name__.lower()
        if name == "contract":
            return "acceptance" if envelope.is_record(self.payload) else "proposal"
        return name


def message_in(payload: bytes) -> Message:
    """The message of an envelope, a record or a parcel."""
    if envelope.is_record(payload):
        payload = envelope.split_record(payload)[0]
    elif payload[:1] != b"\xd2":
        payload = codec.decode(payload, 1 << 14)[1]
    return parse(envelope.peek_payload(payload))


Tamper = Callable[[Letter], Sequence[Letter]]
"""What arrives in place of one letter."""


@dataclass
class Wire:
    """Letters under way. `open` takes each that arrives; `log` has everything that was ever posted, untampered."""

    open: Callable[[Letter], None]
    host: bytes
    tampers: list[Tamper] = field(default_factory=list[Tamper])
    queue: list[Letter] = field(default_factory=list[Letter])
    log: list[Letter] = field(default_factory=list[Letter])
    _listeners: dict[tuple[str, bytes], list[bytes]] = field(
        default_factory=dict[tuple[str, bytes], list[bytes]]
    )
    _latest: dict[tuple[str, bytes], bytes] = field(default_factory=dict[tuple[str, bytes], bytes])

    def listen(self, listener: bytes, kind: str, sender: bytes) -> None:
        """Broadcasts `kind` of `sender` reach `listener` from now on, the retained one at once.

        Nobody hears everybody: whose registrations reach whom is the test's to say.
        """
        listeners = self._listeners.setdefault((kind, sender), [])
        if sender and listener not in listeners:
            listeners.append(listener)
            if (kind, sender) in self._latest:
                self.post(Letter(kind, sender, listener, self._latest[kind, sender]))

    def wipe(self) -> None:
        """The broker forgets what it retained and who listens."""
        self._latest.clear()
        self._listeners.clear()

    def post(self, letter: Letter) -> None:
        """On its way."""
        self.log.append(letter)
        letters: list[Letter] = [letter]
        for tamper in self.tampers:
            letters = [out for each in letters for out in tamper(each)]
        self.queue += letters

    def publish(self, kind: str, sender: bytes, payload: bytes) -> None:
        """To the host, which overhears everything but presence, and to all who listen; the newest is retained."""
        if kind in RETAINED:
            self._latest[kind, sender] = payload
        if kind != "register" and sender != self.host:
            self.post(Letter(kind, sender, self.host, payload))
        for listener in self._listeners.get((kind, sender), ()):
            self.post(Letter(kind, sender, listener, payload))

    def retained(self, listener: bytes) -> None:
        """What a broker sends to whoever comes back."""
        for (kind, sender), payload in list(self._latest.items()):
            if listener in self._listeners.get((kind, sender), ()):
                self.post(Letter(kind, sender, listener, payload))

    def deliver(self) -> None:
        """Everything that is under way, and what follows from it."""
        while self.queue:
            self.open(self.queue.pop(0))

    def words(self, sender: bytes | None = None) -> list[str]:
        """What was posted, by one sender or by all."""
        return [each.word for each in self.log if sender in (None, each.sender)]

    def sent(self, word: str) -> list[Letter]:
        """Every letter of this word, in order."""
        return [each for each in self.log if each.word == word]


def lost(word: str, times: int = 1 << 30, to: bytes | None = None) -> Tamper:
    """The next letters of this word, to anybody or to one node, never arrive."""
    left = [times]

    def tamper(letter: Letter) -> Sequence[Letter]:
        if left[0] and letter.word == word and to in (None, letter.to):
            left[0] -= 1
            return []
        return [letter]

    return tamper


def doubled(letter: Letter) -> Sequence[Letter]:
    """Everything arrives twice."""
    return [letter, letter]
