# SPDX-License-Identifier: Apache-2.0
"""What a plant's node is given, file by file, and who gives it.

trading.key trading.pub  tls.key tls.csr   made by `plant DIR --new`; the requests go to whoever runs the broker
tls.crt ca.crt  genesis.cbor register.cbor come back from `enrol`
plant.json                                 what the operator decides: settings.py
memory.db                                  the node's own
"""

import os
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from wattpact.crypto.hashes import kid as kid_of

from ..broker.authority import key_pem, load_key, new_key, point
from ..errors import PlantError
from ..keys import OpensslSigner

GIVEN = ("tls.crt", "ca.crt", "genesis.cbor", "register.cbor")
FILE_BYTES_MAX = 65_536


@dataclass(frozen=True)
class Credentials:
    """Who the node is and what it trusts. TLS files go by name: OpenSSL reads them itself."""

    signer: OpensslSigner
    genesis: bytes
    register: bytes
    tls: tuple[str, str, str]
    """ca.crt, tls.crt, tls.key."""


def make(path: Path) -> str:
    """Two new keys and the requests for them; the kid. PlantError if there is a key already: none is ever replaced."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        trading, tls = new_key(), new_key()
        kid = kid_of(point(trading.public_key())).hex()
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, kid)])
        request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(tls, SHA256())
        public = trading.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        _write(path / "trading.key", key_pem(trading), 0o600)
        _write(path / "tls.key", key_pem(tls), 0o600)
        _write(path / "trading.pub", public, 0o644)
        _write(path / "tls.csr", request.public_bytes(Encoding.PEM), 0o644)
    except FileExistsError as error:
        raise PlantError(
            "%s: is there already, and a key is never replaced" % error.filename
        ) from None
    except OSError as error:
        raise PlantError("%s: %s" % (error.filename or path, error.strerror)) from error
    return kid


def load(path: Path) -> Credentials:
    """PlantError names the first file that is missing, and where it comes from."""
    key = load_key(_read(path, "trading.key", "make it with --new"), "trading.key")
    _read(path, "tls.key", "make it with --new")
    given = {name: _read(path, name, "`enrol` gives it") for name in GIVEN}
    secret = key.private_numbers().private_value.to_bytes(32, "big")
    return Credentials(
        OpensslSigner(secret),
        given["genesis.cbor"],
        given["register.cbor"],
        (str(path / "ca.crt"), str(path / "tls.crt"), str(path / "tls.key")),
    )


def _read(path: Path, name: str, whence: str) -> bytes:
    try:
        with (path / name).open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
    except FileNotFoundError:
        raise PlantError("%s: is missing; %s" % (path / name, whence)) from None
    except OSError as error:
        raise PlantError("%s: %s" % (path / name, error.strerror)) from error
    if len(content) > FILE_BYTES_MAX:
        raise PlantError("%s: has more than %d bytes" % (path / name, FILE_BYTES_MAX))
    return content


def _write(path: Path, content: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
