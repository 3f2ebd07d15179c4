# SPDX-License-Identifier: Apache-2.0
"""The host's folder: founded once, served by one process at a time.

    chain.db  genesis.cbor      the chain, and what is written on every board
    keys/                       issuer, registrar, sequencer, witnesses, and tls.key for the broker: mode 0600
    tls.csr                     the request for a TLS certificate, for a broker that stands elsewhere
    gateway.json                starts so far, and how far the broker was told
    spool/                      signed by the registrar, on its way to the chain
    broker/                     the broker's own folder, if it stands here (broker-config)

A key is made here and never shown, copied or written over.
"""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from wattpact.crypto.hashes import kid
from wattpact.errors import RuleError, WireError
from wattpact.ledger.machine import Ledger

from ..broker.authority import PrivateKey, key_pem, load_key, new_key, request_for
from ..errors import ServiceError
from ..genesis import Roles, Terms, found
from ..keys import OpensslSigner, OpensslVerifier
from ..registry import Registrar
from ..store import ChainReader, ChainStore

PRIVATE, FOLDER = 0o600, 0o700
WITNESSES = ("witness-1", "witness-2")
KEYS = ("issuer", "registrar", "sequencer", *WITNESSES)


class HostFolder:
    """One network's host; `path` is absolute."""

    def __init__(self, path: Path) -> None:
        """ServiceError if nothing was founded there."""
        self.path = path.resolve()
        self.chain = self.path / "chain.db"
        self.memory = self.path / "gateway.json"
        self.spool = self.path / "spool"
        self.broker = self.path / "broker"
        self.tls_key = self.path / "keys" / "tls.key"
        if not is_host_folder(self.path):
            raise ServiceError("%s: no network was founded there: init" % path)
        self.genesis = self._read("genesis.cbor")

    @classmethod
    def founded(cls, path: Path, name: str, terms: Terms, now: int) -> "HostFolder":
        """Keys, genesis and chain of a new network. ServiceError if there is something of one already."""
        path = path.resolve()
        for each in ("chain.db", "genesis.cbor", "keys"):
            if (path / each).exists():
                raise ServiceError(
                    "%s: exists; a network is founded once, in a folder of its own" % (path / each)
                )
        try:
            keys = {each: new_key() for each in (*KEYS, "tls")}
            signers = {each: signer_of(key) for each, key in keys.items()}
            witnesses = [signers[each].public_key for each in WITNESSES]
            roles = Roles(
                signers["registrar"].public_key,
                signers["sequencer"].public_key,
                witnesses,
                len(witnesses),
            )
            try:
                genesis = found(signers["issuer"], roles, now, name, terms)
                Ledger(genesis, OpensslVerifier())
            except (WireError, RuleError, ValueError) as error:
                raise ServiceError("a term is out of its limits: %s" % error) from error
            path.mkdir(mode=FOLDER, parents=True, exist_ok=True)
            for each in ("keys", "spool"):
                (path / each).mkdir(mode=FOLDER, exist_ok=True)
            for each, key in keys.items():
                write(path / "keys" / (each + ".key"), key_pem(key))
            own = kid(signers["sequencer"].public_key).hex()
            write(path / "tls.csr", request_for(own, keys["tls"]))
            write(path / "genesis.cbor", genesis)
            ChainStore.create(path / "chain.db", genesis).close()
        except OSError as error:
            raise ServiceError("%s: %s" % (error.filename or path, error.strerror)) from error
        return cls(path)

    @property
    def network(self) -> bytes:
        """First 8 bytes of the genesis' hash."""
        reader = ChainReader.open(self.chain)
        try:
            return reader.network
        finally:
            reader.close()

    def signer(self, name: str) -> OpensslSigner:
        """One of KEYS; ServiceError or BrokerError, without the key, if it is not there or no key."""
        path = "keys/%s.key" % name
        return signer_of(load_key(self._read(path), str(self.path / path)))

    def registrar(self) -> Registrar:
        """Who signs memberships of this network."""
        return Registrar(self.network, self.signer("registrar"))

    @contextmanager
    def served(self) -> Generator[None]:
        """By this process alone; ServiceError if another one does."""
        number = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, PRIVATE)
        try:
            try:
                fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise ServiceError("%s: another process serves it" % self.path) from error
            yield
        finally:
            os.close(number)

    def _read(self, name: str) -> bytes:
        try:
            return (self.path / name).read_bytes()
        except OSError as error:
            raise ServiceError("%s: %s" % (self.path / name, error.strerror)) from error


def is_host_folder(path: Path) -> bool:
    """Whether a network was founded there."""
    return (path / "genesis.cbor").exists() and (path / "chain.db").exists()


def signer_of(key: PrivateKey) -> OpensslSigner:
    """The same key behind the Signer seam."""
    return OpensslSigner(key.private_numbers().private_value.to_bytes(32, "big"))


def write(target: Path, content: bytes) -> None:
    """Whole and on the disk under its name, or not at all; readable by its owner only."""
    part = target.with_name(".%s.part" % target.name)
    with suppress(FileNotFoundError):
        part.unlink()
    number = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    with os.fdopen(number, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(number)
    part.replace(target)
