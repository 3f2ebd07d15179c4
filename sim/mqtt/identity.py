# SPDX-License-Identifier: Apache-2.0
"""Who a process' connections are to a broker: TLS keys out of the seed, certificates out of the broker's folder.

A node's kid is that of its trading key. Its TLS key is another one, so whoever has the seed can show the certificate
that the folder holds; with `devices/` alone, copied from the machine of the broker, another machine can run a shard.
"""

import ssl
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from host.broker.authority import PrivateKey, fingerprint, key_pem, load_certificate
from host.broker.folder import opened
from host.broker.members import Device, Members
from host.errors import BrokerError
from wattpact.link.dial import tls_context

CERTIFICATE_DAYS = 3650
LEFT_DAYS = 1
OWNER = "0" * 16


@dataclass(frozen=True)
class Identity:
    """One connection's: its kid, what it may do at the broker, and the name that its keys are drawn by."""

    name: str
    kid: bytes
    roles: tuple[str, ...]


def tls_key(seed: int, name: str) -> PrivateKey:
    """A key that protects nothing but a simulated node."""
    number = int.from_bytes(
        sha256(b"wattpact simulated TLS key %d " % seed + name.encode()).digest()
    )
    return ec.derive_private_key(number, ec.SECP256R1())


def enrol(folder: Path, seed: int, identities: Iterable[Identity]) -> list[Identity]:
    """Have the broker's folder list all of them; those that are new. BrokerError if it cannot be."""
    with opened(folder) as broker:
        path = folder / "members.json"
        try:
            listed = Members.read(path.read_text(encoding="utf-8"), str(path)).devices
        except FileNotFoundError:
            return []  # devices/ alone was copied: `contexts` says what is missing
        new: list[Identity] = []
        for each in identities:
            key = tls_key(seed, each.name).public_key()
            known = listed.get(each.kid.hex())
            print_ = fingerprint(key).hex()
            if known and known.tls_key == print_ and set(known.roles) == set(each.roles):
                if not known.revoked_at and _certificate(folder, each):
                    continue
            device = Device(list(each.roles), OWNER, 0, print_)
            broker.enrol(each.kid.hex(), key, device, CERTIFICATE_DAYS, replace_key=True)
            new.append(each)
    return new


class Contexts:
    """TLS contexts of enrolled identities."""

    def __init__(self, folder: Path, seed: int) -> None:
        """BrokerError if the folder has no authority's certificate."""
        self._folder = folder
        self._seed = seed
        path = next(
            (p for p in (folder / "ca.crt", *folder.glob("devices/*/ca.crt")) if p.exists()), None
        )
        if path is None:
            raise BrokerError("%s: no ca.crt is there: is it a broker's folder?" % folder)
        authority = load_certificate(path.read_bytes(), str(path))
        self._authority = authority.public_bytes(Encoding.DER)

    def of(self, identity: Identity) -> ssl.SSLContext:
        """Trusts the folder's authority alone. BrokerError if there is no certificate to show."""
        path = self._folder / "devices" / identity.kid.hex() / "tls.crt"
        key = tls_key(self._seed, identity.name)
        certificate = _certificate(self._folder, identity)
        if certificate is None or certificate.public_key() != key.public_key():
            raise BrokerError("%s: no certificate for %s of this seed" % (path, identity.name))
        with tempfile.NamedTemporaryFile("wb", suffix=".key") as file:
            file.write(key_pem(key))
            file.flush()
            try:
                return tls_context(self._authority, str(path), file.name)
            except (OSError, ValueError) as error:
                raise BrokerError("%s: %s" % (path, error)) from error


def _certificate(folder: Path, identity: Identity) -> x509.Certificate | None:
    """The one that was given out, if it holds for a while."""
    path = folder / "devices" / identity.kid.hex() / "tls.crt"
    try:
        certificate = load_certificate(path.read_bytes(), str(path))
    except OSError:
        return None
    left = certificate.not_valid_after_utc - datetime.now(UTC)
    return certificate if left > timedelta(days=LEFT_DAYS) else None
