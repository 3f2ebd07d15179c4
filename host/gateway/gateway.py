# SPDX-License-Identifier: Apache-2.0
"""The host's loop: one thread owns desk, chain file and everything here; paho's only fills the intake.

    bounds -> mempool -> block executed and on the disk -> PUBACK -> STORED and awards

What is killed in between comes again: unacknowledged messages from the broker, unanswered ones from their senders'
outboxes, and what later blocks owe from the chain (`owed`). A message that breaks a rule or a limit is acknowledged and
counted; so is one that makes us fail, or it would come again for ever. Only a block that cannot be made for a reason
nobody foresaw ends the loop: then the file is right and the memory may not be.
"""

import ssl
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wattpact.errors import WireError
from wattpact.node.effects import Publish, Send
from wattpact.wire import topics

from ..desk import Desk
from ..engine import BLOCK_TRANSACTIONS_MAX, BlockResult
from ..errors import BlockStopped
from .entrance import Entrance
from .intake import Came, Down, Event, Intake, Landed, Up
from .limits import Limits, Meters
from .line import Address, BrokerLine
from .memory import Memory
from .outgoing import Outgoing
from .owed import owed

if TYPE_CHECKING:
    from wattpact.interfaces import Clock, Signer

TICK_S = 1.0
AGAIN_S = 5.0
"""Between two tries of what can not be recorded yet, when nothing new comes."""
LAST_WORDS_S = 3.0
REFUSED = 128
FAULTS_TOLD = 20


@dataclass(frozen=True)
class Pace:
    """How fast things go. `speed` is how many seconds of the host's clock pass in one of the machine's."""

    block_s: int = 1
    """From one round of blocks to the next, in seconds of the host's clock, unless a whole block waits."""
    announce_s: int = 3600
    speed: float = 1.0


class Gateway:
    """A desk at a broker. `run` works in the thread that opened the chain file, until `stop`."""

    def __init__(
        self,
        desk: Desk,
        sequencer: "Signer",
        clock: "Clock",
        address: Address,
        tls: ssl.SSLContext | None,
        memory: Path,
        say: Callable[[str], None],
        pace: Pace | None = None,
        limits: Limits | None = None,
    ) -> None:
        """`memory` is a small file of the gateway's own; `say` takes lines for an operator."""
        self.counts: Counter[str] = Counter()
        """What came, what was turned away and why, and what went out."""
        self.on_block: Callable[[BlockResult], None] = lambda result: None
        """Called with every block, and with answers that need no block."""
        self.on_tick: Callable[[], None] = lambda: None
        """Called about once a second of the machine's, in the loop's thread."""
        self.up = False
        self._desk = desk
        self._sequencer = sequencer
        self._clock = clock
        self._say = say
        self._pace = pace = pace or Pace()
        self._engine = desk.engine
        network = self._engine.ledger.network
        self._path = memory
        self._memory = Memory.load(memory, self._engine.ledger.height)
        self._entrance = Entrance(network, desk.kid)
        self._meters = Meters(limits or Limits())
        self._intake = Intake()
        self._outgoing = Outgoing(network, desk.kid, self._memory.handed)
        presence = topics.broadcast(network, desk.kid, "presence")
        self._line = BrokerLine(
            address,
            tls,
            desk.kid,
            presence,
            self._memory.boot_count,
            self._entrance.filters(),
            self._intake,
        )
        self._window = 0
        self._unanswered: list[Came] = []
        """In the mempool, not in a block yet, not acknowledged."""
        self._stopped = False  # by witnesses who did not agree
        self._block_at = 0.0  # not before, on the machine's monotonic clock
        self._again_at = 0.0  # when to try again what waits
        self._tick_at = 0.0
        self._announce_at = clock.now()
        self._stopping = False
        self._down_since = ""  # the reason that was told

    def stop(self) -> None:
        """From any thread or signal: `run` says what it has to say, hangs up and returns."""
        self._stopping = True
        self._intake.wake()

    def submit(self, transaction: bytes, sender: bytes) -> None:
        """A transaction that did not come over the broker; from the loop's own thread."""
        self._outgoing.add(self._desk.receive(transaction, sender))

    def run(self) -> None:
        """Until `stop`. ChainFileError if the disk does not take a block; the chain is closed by whoever opened it."""
        self._line.start()
        try:
            while not self._stopping:
                self._turn()
            self._finish()
        finally:
            self._intake.close()
            self._line.leave()
            self._keep()

    def _turn(self) -> None:
        events, messages = self._intake.take(self._wait_s())
        for event in events:
            self._on_event(event)
        for came in messages:
            self._receive(came)
        if time.monotonic() >= self._tick_at:
            self._tick()
        if self._block_is_due():
            self._record()
        if self._clock.now() >= self._announce_at:
            self._announce_at = self._clock.now() + self._pace.announce_s
            self._outgoing.add(self._desk.announce())
        self._send()

    # -- what comes

    def _on_event(self, event: Event) -> None:
        if isinstance(event, Up):
            self.up = True
            self._window = event.window
            self.counts["connections"] += 1
            known = "the broker kept our messages" if event.known else "a new session"
            self._say("connected to the broker: %s" % known)
            self._outgoing.add(self._desk.on_connected(fresh=not event.known))
        elif isinstance(event, Landed):
            self._on_landed(event)
        elif isinstance(event, Down):
            self._on_down(event)
        else:
            self._fault("deaf", "the broker does not let us hear %s" % event.topic_filter)

    def _on_down(self, event: Down) -> None:
        if self.up or self._down_since != event.reason:
            self._say("no connection to the broker: %s" % event.reason)
        self._down_since = event.reason
        self.up = False

    def _on_landed(self, event: Landed) -> None:
        letter = self._outgoing.landed(event.packet_id)
        if letter is None:
            return
        self.counts["sent"] += 1
        if event.code >= REFUSED:
            self._fault("refused by the broker", "code %d for %s" % (event.code, letter.topic))

    def _receive(self, came: Came) -> None:
        """Into the mempool, to be acknowledged with its block; or out again at once."""
        self.counts["came"] += 1
        try:
            if self._admit(came):
                self._unanswered.append(came)
                return
        except WireError:
            self.counts["malformed"] += 1
        except Exception as error:  # noqa: BLE001 - whatever it is, the next message must be heard
            self._fault("failed on a message", "%s: %r" % (came.topic, error))
        self._line.acknowledge(came)

    def _admit(self, came: Came) -> bool:
        """Whether the desk has it for the next block; WireError if it cannot be what it should."""
        sender, kind = self._entrance.sender(came.topic)
        if not self._meters.spend(sender, len(came.payload), self._clock.now()):
            self.counts["over the limit"] += 1
            return False
        self._entrance.check(kind, came.payload)
        answers = self._desk.receive(came.payload, sender)
        self._outgoing.add(answers)
        return not answers

    # -- blocks

    def _block_is_due(self) -> bool:
        if len(self._unanswered) >= BLOCK_TRANSACTIONS_MAX and not self._stopped:
            return True
        now = time.monotonic()
        if now < self._block_at:
            return False
        if self._unanswered or self._due_s() <= 0:
            return True
        return bool(self._engine.waiting) and now >= self._again_at

    def _due_s(self) -> float:
        """Until something in the ledger falls due, in seconds of the machine."""
        due_at = self._engine.ledger.due_at()
        return 3600.0 if due_at is None else (due_at - self._clock.now()) / self._pace.speed

    def _wait_s(self) -> float:
        """How long nothing has to be done unless something comes."""
        now = time.monotonic()
        block_s = self._due_s()
        if self._unanswered:
            block_s = 0.0
        elif self._engine.waiting:
            block_s = min(block_s, self._again_at - now)
        block_s = max(block_s, self._block_at - now)
        announce_s = (self._announce_at - self._clock.now()) / self._pace.speed
        return max(0.0, min(block_s, announce_s, self._tick_at - now))

    def _record(self) -> None:
        """Blocks until all that waits was judged once and what it earned is awarded; then it is acknowledged."""
        again_at = time.monotonic() + self._pace.block_s / self._pace.speed
        left = self._engine.waiting
        committed = False
        try:
            while True:
                now = max(self._clock.now(), self._engine.ledger.time)
                result, effects = self._desk.make_block(now)
                committed = committed or result.committed
                self._tell(result, effects)
                left -= BLOCK_TRANSACTIONS_MAX
                if left <= 0 and not result.awardable:
                    break
        except BlockStopped as stopped:
            self._fault("no block", str(stopped))
            self._stopped = True
            self._block_at = time.monotonic() + max(1.0, self._pace.block_s / self._pace.speed)
            self._again_at = self._block_at
            return
        self._stopped = False
        for came in self._unanswered:
            self._line.acknowledge(came)
        self._unanswered.clear()
        self._block_at = again_at
        again_s = AGAIN_S / self._pace.speed
        self._again_at = self._block_at if committed else time.monotonic() + again_s

    def _tell(self, result: BlockResult, effects: list[Send | Publish]) -> None:
        if result.committed:
            self.counts["blocks"] += 1
            self.counts["recorded"] += len(result.transactions)
            self._outgoing.add_block(result.height, effects)
        else:
            self._outgoing.add(effects)
        self.counts["refused"] += len(result.refused)
        if result.committed or result.stored or result.refused:
            self.on_block(result)

    # -- what goes out

    def _send(self) -> None:
        """What there is room for. Blocks that found none, or were made before a kill, are derived again."""
        self._refill()
        while self.up:
            letter = self._outgoing.next(self._window)
            if letter is None:
                if not self._refill():
                    break
                continue
            packet_id = self._line.publish(letter.topic, letter.payload, retain=letter.retain)
            if packet_id is None:
                break
            self._outgoing.sent(packet_id)

    def _refill(self) -> bool:
        """Queue what the next block owes, if it is not queued yet and there is room."""
        height = self._outgoing.queued + 1
        ledger = self._engine.ledger
        if height > ledger.height or not self._outgoing.has_room():
            return False
        transactions = self._engine.store.block_transactions(height)
        self._outgoing.add_block(
            height, owed(self._sequencer, ledger.network, height, transactions)
        )
        return True

    # -- now and then

    def _tick(self) -> None:
        self._tick_at = time.monotonic() + TICK_S
        if self._line.watch():
            self._fault("the network's thread had ended", "it was started again")
        if self._outgoing.handed > self._memory.handed:
            self._keep()
        self.on_tick()

    def _keep(self) -> None:
        self._memory.handed = self._outgoing.handed
        self._memory.keep(self._path)

    def _finish(self) -> None:
        """Record what waits, and give the broker a little time to take what is said of it."""
        if self._unanswered:
            self._record()
        until = time.monotonic() + LAST_WORDS_S
        while self.up and not self._outgoing.is_empty() and time.monotonic() < until:
            self._send()
            for event in self._intake.take(0.05)[0]:
                self._on_event(event)

    def _fault(self, kind: str, detail: str) -> None:
        """Counted always; told the first FAULTS_TOLD times of each kind, so that no log runs over."""
        self.counts[kind] += 1
        if self.counts[kind] <= FAULTS_TOLD:
            self._say("%s: %s" % (kind, detail))
