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
    from wattpact.interfaces import Clock, Verifier

    from .founding import Founding


class Office:
    """Everybody of the founding is on the chain when it is made."""

    def __init__(
        self, founding: "Founding", verifier: "Verifier", clock: "Clock", chain: Path
    ) -> None:
        """`clock` shows `registered_at`. The chain's file is `store`, to be closed."""
        self.blocks: list[BlockResult] = []
        self.on_block: Callable[[BlockResult], None] | None = None
        self.witnesses = [
            Witness(founding.genesis_data, signer, verifier, clock) for signer in founding.witnesses
        ]
        self.store = ChainStore.create(chain, founding.genesis_data)
        engine = EmbeddedEngine(self.store, founding.sequencer, self.witnesses, verifier)
        self.ledger = engine.ledger
        self.desk = Desk(engine, founding.sequencer, Issuer(founding.issuer))
        registrar = kid_of(founding.registrar.public_key)
        for each in (*founding.plants, *founding.homes):
            self.desk.receive(each.register_data, registrar)
        waiting = 1
        while waiting:
            waiting = self.make_block(clock.now())[0].waiting

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
