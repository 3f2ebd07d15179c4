# SPDX-License-Identifier: Apache-2.0
"""A host at work: lock, chain, engine with its witnesses, issuer, gateway, spool, and maybe the broker as a child.

One thread does it all but read the network. SIGTERM and Ctrl-C end it in order: what waits is recorded, the broker
hears that the host goes, the chain is folded into one file.
"""

import signal
import ssl
import sys
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from wattpact.crypto.hashes import kid

from ..broker.authority import DEVICE_DAYS, fingerprint, load_certificate, load_key
from ..broker.folder import RENEW_SHARE, opened
from ..broker.members import Device
from ..clock import SystemClock
from ..desk import Desk
from ..engine import EmbeddedEngine
from ..gateway.gateway import Gateway, Pace
from ..gateway.line import Address, tls_context
from ..issuer import Issuer
from ..keys import OpensslVerifier
from ..store import ChainStore
from ..witness import Witness
from .child import Broker
from .folder import WITNESSES, HostFolder
from .spool import Spool

STATUS_S = 60


@dataclass
class Link:
    """Which broker, with which files (PEM); names are "" without TLS."""

    address: Address
    authority: str = ""
    certificate: str = ""

    def tls(self, key: Path) -> ssl.SSLContext | None:
        """None for mqtt://; GatewayError if the files are not what they must be."""
        if not self.address.secure:
            return None
        return tls_context(self.authority, self.certificate, str(key))


def serve(folder: HostFolder, link: Link, broker: Broker | None, block_s: int) -> None:
    """Until SIGTERM or SIGINT. HostError if it cannot begin, or the disk does not take a block."""
    with ExitStack() as ending:
        ending.enter_context(folder.served())
        verifier, clock = OpensslVerifier(), SystemClock()
        sequencer = folder.signer("sequencer")
        store = ChainStore.open(folder.chain)
        ending.callback(store.close)
        witnesses = [
            Witness(store.genesis, folder.signer(name), verifier, clock) for name in WITNESSES
        ]
        engine = EmbeddedEngine(store, sequencer, witnesses, verifier)
        desk = Desk(engine, sequencer, Issuer(folder.signer("issuer")))
        gateway = Gateway(
            desk,
            sequencer,
            clock,
            link.address,
            link.tls(folder.tls_key),
            folder.memory,
            say,
            Pace(block_s=block_s),
        )
        # What is told to the host itself is told to nobody: the registrar has no inbox.
        spool = Spool(folder.spool, lambda data: gateway.submit(data, desk.kid), say)
        status = _Status(gateway, engine)
        _stop_on_signals(gateway)
        if broker:
            broker.start()
            ending.callback(broker.stop)

        def tick() -> None:
            if broker:
                broker.look()
            spool.look()
            status.look()

        gateway.on_tick = tick
        gateway.on_block = spool.on_block
        say("serving network %s at height %d" % (store.network.hex(), engine.ledger.height))
        gateway.run()
        say("stopped at height %d" % engine.ledger.height)


def own_link(folder: HostFolder, broker: Path, address: Address | None) -> Link:
    """To the broker whose folder this is: the host is enrolled there, and its certificate renewed when it is due."""
    now = datetime.now(UTC).replace(microsecond=0)
    own = kid(folder.signer("sequencer").public_key).hex()
    key = load_key(folder.tls_key.read_bytes(), str(folder.tls_key)).public_key()
    given = broker.resolve() / "devices" / own
    with opened(broker, now) as opened_broker:
        settings = opened_broker.settings()
        if not _holds(given / "tls.crt", now):
            device = Device(["host"], own, 0, fingerprint(key).hex())
            opened_broker.enrol(own, key, device, DEVICE_DAYS, replace_key=False)
    if address is None:
        near = [
            name for name in ("localhost", "127.0.0.1", settings.bind) if name in settings.hosts
        ]
        address = Address((near or settings.hosts)[0], settings.port, secure=True)
    return Link(address, str(given / "ca.crt"), str(given / "tls.crt"))


def say(text: str) -> None:
    """A line for the operator, with the time."""
    stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    sys.stderr.write("%s %s\n" % (stamp, text))
    sys.stderr.flush()


class _Status:
    """One line now and then: where the chain stands, and what happened since the line before."""

    def __init__(self, gateway: Gateway, engine: EmbeddedEngine) -> None:
        self._gateway = gateway
        self._engine = engine
        self._at = time.monotonic() + STATUS_S
        self._before: Counter[str] = Counter()

    def look(self) -> None:
        if time.monotonic() < self._at:
            return
        self._at = time.monotonic() + STATUS_S
        since = self._gateway.counts - self._before
        self._before = self._gateway.counts.copy()
        happened = ", ".join("%s %d" % item for item in sorted(since.items()) if item[1])
        say(
            "height %d, %d transactions, %d waiting, %s; %s"
            % (
                self._engine.ledger.height,
                self._engine.ledger.tree.size,
                self._engine.waiting,
                "connected" if self._gateway.up else "NOT CONNECTED",
                happened or "nothing happened",
            )
        )


def _holds(path: Path, now: datetime) -> bool:
    """Whether there is a certificate with more than a third of its time left."""
    if not path.exists():
        return False
    certificate: x509.Certificate = load_certificate(path.read_bytes(), str(path))
    whole = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    return (certificate.not_valid_after_utc - now) * RENEW_SHARE > whole


def _stop_on_signals(gateway: Gateway) -> None:
    def stop(number: int, frame: object) -> None:
        gateway.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
