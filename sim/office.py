# SPDX-License-Identifier: Apache-2.0
"""The host of a fleet: chain file, embedded engine with its witnesses, desk. Whoever carries the bytes drives it.

Keeps every block's result, since a run's figures are counted from them.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from host.desk import Desk, Outgoing
from host.engine import BlockResult, EmbeddedEngine
from host.issuer import Issuer
from host.store import ChainStore
from host.witness import Witness
from wattpact.crypto.hashes import kid as kid_of

if TYPE_CHECKING:
    from wattpact.interfaces import Clock, Signer, Verifier

    from .founding import Founding


class WatchedDesk(Desk):
    """A desk that knows how long what came has waited for a block."""

    def __init__(
        self, engine: EmbeddedEngine, sequencer: "Signer", issuer: Issuer, clock: "Clock"
    ) -> None:
        super().__init__(engine, sequencer, issuer)
        self.late_s = 0
        """The longest so far, in the clock's seconds."""
        self._clock = clock
        self._since: int | None = None

    def waits_s(self) -> int:
        """How long the first that came after the last block has waited; from any thread."""
        since = self._since
        return 0 if since is None else self._clock.now() - since

    def receive(self, data: bytes, sender: bytes) -> list[Outgoing]:
        """As any desk."""
        answers = super().receive(data, sender)
        if self._since is None and self.engine.waiting:
            self._since = self._clock.now()
        return answers

    def make_block(self, time: int) -> tuple[BlockResult, list[Outgoing]]:
        """As any desk."""
        result = super().make_block(time)
        self.late_s = max(self.late_s, self.waits_s())
        self._since = None
        return result


class Office:
    """Everybody of the founding is on the chain when it is made."""

    def __init__(
        self, founding: "Founding", verifier: "Verifier", clock: "Clock", chain: Path
    ) -> None:
        """`clock` shows `registered_at`. The chain's file is `store`, to be closed."""
        self.blocks: list[BlockResult] = []
        self.on_block: Callable[[BlockResult], None] | None = None
        self.witnesses = [
            Witness(founding.genesis_data, signer, verifier, clock)
            for signer in founding.keys.witnesses
        ]
        self.store = ChainStore.create(chain, founding.genesis_data)
        engine = EmbeddedEngine(self.store, founding.keys.sequencer, self.witnesses, verifier)
        self.ledger = engine.ledger
        self.desk = WatchedDesk(
            engine, founding.keys.sequencer, Issuer(founding.keys.issuer), clock
        )
        registrar = kid_of(founding.keys.registrar.public_key)
        for each in (*founding.plants, *founding.homes):
            self.desk.receive(each.register_data, registrar)
        waiting = 1
        while waiting:
            waiting = self.make_block(clock.now())[0].waiting
        self.desk.late_s = 0

    def make_block(self, time: int) -> tuple[BlockResult, list[Outgoing]]:
        """As the desk does, and counted."""
        result, effects = self.desk.make_block(time)
        self.count(result)
        return result, effects

    def count(self, result: BlockResult) -> None:
        """A block was made, or what waited was refused; nothing else is told to whoever watches."""
        if result.committed or result.refused:
            self.blocks.append(result)
            if self.on_block:
                self.on_block(result)
