# SPDX-License-Identifier: Apache-2.0
"""The host of a fleet as a process of its own, to be killed: the product's gateway on the fleet's time.

    python -m tests.broker.storm_host FOLDER URL SEED SPEED

`FOLDER` has chain.db, with all members on it, and clock.map. What comes in and what is refused goes to heard.log, line
by line, so that a kill takes nothing of it back.
"""

import os
import signal
import sys
from hashlib import sha256
from pathlib import Path

from host.desk import Desk, Outgoing
from host.engine import BlockResult, EmbeddedEngine
from host.gateway.gateway import Gateway, Pace
from host.gateway.line import Address
from host.issuer import Issuer
from host.keys import OpensslSigner, OpensslVerifier
from host.store import ChainStore
from host.witness import Witness
from sim.founding import BLOCK_S, WITNESSES
from sim.scenario import secret
from tests.broker.storm_clock import FollowingClock, SharedLines

ANNOUNCE_S = 600


class HeardDesk(Desk):
    """Writes down what comes, and since when something waits."""

    def __init__(
        self,
        engine: EmbeddedEngine,
        sequencer: OpensslSigner,
        issuer: Issuer,
        clock: FollowingClock,
        lines: SharedLines,
        log: Path,
    ) -> None:
        super().__init__(engine, sequencer, issuer)
        self._clock = clock
        self._lines = lines
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        lines.waits_since = 0

    def receive(self, data: bytes, sender: bytes) -> list[Outgoing]:
        os.write(self._log, b"came %s\n" % sha256(data).hexdigest().encode())
        answers = super().receive(data, sender)
        if self.engine.waiting and not self._lines.waits_since:
            self._lines.waits_since = self._clock.now()
        return answers

    def make_block(self, time: int) -> tuple[BlockResult, list[Outgoing]]:
        result, effects = super().make_block(time)
        self._lines.waits_since = 0
        for refused in result.refused:
            os.write(self._log, b"refused %s %d\n" % (refused.id.hex().encode(), refused.rule))
        return result, effects


def main(folder: Path, url: str, seed: int, speed: float) -> None:
    def signer(name: str) -> OpensslSigner:
        return OpensslSigner(secret(seed, name))

    lines = SharedLines(folder / "clock.map")
    clock, verifier, sequencer = (
        FollowingClock(speed, lines),
        OpensslVerifier(),
        signer("sequencer"),
    )
    store = ChainStore.open(folder / "chain.db")
    witnesses = [
        Witness(store.genesis, signer("witness %d" % number), verifier, clock)
        for number in range(WITNESSES)
    ]
    engine = EmbeddedEngine(store, sequencer, witnesses, verifier)
    desk = HeardDesk(
        engine, sequencer, Issuer(signer("issuer")), clock, lines, folder / "heard.log"
    )

    def say(text: str) -> None:
        if text.startswith(("connected", "no connection")):
            lines.up = text.startswith("connected")
        print(text, file=sys.stderr, flush=True)

    gateway = Gateway(
        desk,
        sequencer,
        clock,
        Address.parse(url),
        None,
        folder / "gateway.json",
        say,
        Pace(BLOCK_S, ANNOUNCE_S, speed),
    )
    signal.signal(signal.SIGTERM, lambda number, frame: gateway.stop())
    say("the host runs")
    gateway.run()
    store.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
