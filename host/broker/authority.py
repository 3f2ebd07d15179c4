# SPDX-License-Identifier: Apache-2.0
"""The broker's own small authority: P-256 keys and X.509, nothing that signs a trade.

A device's TLS certificate names it by its kid, the thumbprint of its *trading* key; the key inside is another one,
made for TLS only. Purposes are fixed (client or server), so that no device can pass for the broker. Every certificate
begins a day early: boards' clocks differ.
"""

import ipaddress
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256, Hash
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ..errors import BrokerError

AUTHORITY_DAYS = 20 * 365
SERVER_DAYS = 2 * 365
DEVICE_DAYS = 2 * 365
EARLY = timedelta(days=1)
LIST_EARLY = timedelta(hours=1)
"""How long ago a revocation list says it was made; each is at least a second newer than the one before, because of two
of one age OpenSSL goes by the first it met."""

PublicKey = ec.EllipticCurvePublicKey
PrivateKey = ec.EllipticCurvePrivateKey
Extension = tuple[x509.ExtensionType, bool]
SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH


class Authority:
    """One key that vouches for the broker and its devices."""

    def __init__(self, key: PrivateKey, certificate: x509.Certificate) -> None:
        """BrokerError if the two do not belong together."""
        if certificate.public_key() != key.public_key():
            raise BrokerError("ca.key and ca.crt do not belong together")
        self.key = key
        self.certificate = certificate

    @classmethod
    def founded(cls, now: datetime) -> "Authority":
        """A new one, under a name that no other has."""
        key = new_key()
        name = _named("Wattpact broker authority %s" % fingerprint(key.public_key()).hex()[:8])
        usage = _usage(key_cert_sign=True, crl_sign=True)
        extensions: list[Extension] = [
            (x509.BasicConstraints(ca=True, path_length=0), True),
            (usage, True),
        ]
        certificate = _signed(name, key.public_key(), now, AUTHORITY_DAYS, extensions, name, key)
        return cls(key, certificate)

    def server(self, key: PublicKey, hosts: Sequence[str], now: datetime) -> x509.Certificate:
        """For a broker that is reached under `hosts`, names or IP addresses."""
        names = x509.SubjectAlternativeName([alternative(host) for host in hosts])
        return self._end("broker", key, SERVER, SERVER_DAYS, now, [(names, False)])

    def device(self, kid: bytes, key: PublicKey, days: int, now: datetime) -> x509.Certificate:
        """For the TLS key of the device whose trading key has this kid."""
        return self._end(kid.hex(), key, CLIENT, days, now, [])

    def revocations(
        self,
        rows: Iterable[tuple[int, int]],
        now: datetime,
        before: x509.CertificateRevocationList | None,
    ) -> x509.CertificateRevocationList:
        """The list of (serial, Unix time of revoking); it holds as long as the authority itself."""
        made = now - LIST_EARLY
        if before is not None:
            made = max(made, before.last_update_utc + timedelta(seconds=1))
        builder = x509.CertificateRevocationListBuilder(
            issuer_name=self.certificate.subject,
            last_update=made,
            next_update=self.certificate.not_valid_after_utc,
        )
        for serial, revoked_at in rows:
            row = x509.RevokedCertificateBuilder().serial_number(serial)
            row = row.revocation_date(datetime.fromtimestamp(revoked_at, UTC))
            builder = builder.add_revoked_certificate(row.build())
        builder = builder.add_extension(_issuer(self.key), critical=False)
        builder = builder.add_extension(x509.CRLNumber(int(made.timestamp())), critical=False)
        return builder.sign(self.key, SHA256())

    def _end(
        self,
        name: str,
        key: PublicKey,
        purpose: x509.ObjectIdentifier,
        days: int,
        now: datetime,
        more: list[Extension],
    ) -> x509.Certificate:
        extensions: list[Extension] = [
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (_usage(digital_signature=True), True),
            (x509.ExtendedKeyUsage([purpose]), False),
            *more,
        ]
        subject = self.certificate.subject
        return _signed(_named(name), key, now, days, extensions, subject, self.key)


def new_key() -> PrivateKey:
    """A fresh key of P-256."""
    return ec.generate_private_key(ec.SECP256R1())


def alternative(host: str) -> x509.GeneralName:
    """The broker's name or address as X.509 has it; BrokerError if it cannot be one."""
    if "%" not in host:  # a zone may hold anything
        with suppress(ValueError):
            return x509.IPAddress(ipaddress.ip_address(host))
    if not re.fullmatch(r"[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?", host):
        raise BrokerError("%r: is no host name and no IP address" % host)
    return x509.DNSName(host)


def request_key(request: bytes) -> tuple[PublicKey, str]:
    """(public key, common name or "") of a signing request, PEM or DER; BrokerError unless its signature holds."""
    try:
        pem = request.lstrip().startswith(b"-----")
        csr = x509.load_pem_x509_csr(request) if pem else x509.load_der_x509_csr(request)
        sound = csr.is_signature_valid
        key = csr.public_key()
        names = csr.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    except Exception as error:
        raise BrokerError("not a certificate signing request") from error
    if not sound:
        raise BrokerError("the signing request is not signed by its own key")
    return _p256(key), str(names[0].value) if names else ""


def request_for(name: str, key: PrivateKey) -> bytes:
    """A signing request, PEM."""
    return (
        x509.CertificateSigningRequestBuilder(_named(name))
        .sign(key, SHA256())
        .public_bytes(Encoding.PEM)
    )


def public_key(text: bytes) -> PublicKey:
    """A public key of P-256: PEM, DER, or the point as 65 bytes or 130 hex digits; else BrokerError."""
    stripped = text.strip()
    try:
        if stripped.startswith(b"-----"):
            return _p256(load_pem_public_key(stripped))
        if len(stripped) == 130:
            text = bytes.fromhex(stripped.decode("ascii"))
        if len(text) == 65:
            return PublicKey.from_encoded_point(ec.SECP256R1(), text)
        return _p256(load_der_public_key(text))
    except BrokerError:
        raise
    except Exception as error:
        raise BrokerError("not a public key of P-256") from error


def point(key: PublicKey) -> bytes:
    """The point, 65 bytes."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def fingerprint(key: PublicKey) -> bytes:
    """SHA-256 of the point, 32 bytes."""
    digest = Hash(SHA256())
    digest.update(point(key))
    return digest.finalize()


def key_pem(key: PrivateKey) -> bytes:
    """The private key as PEM, not encrypted."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def load_key(pem: bytes, name: str) -> PrivateKey:
    """BrokerError, with `name` and without the key, if it is none of P-256."""
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError) as error:
        raise BrokerError("%s: is no private key" % name) from error
    if not isinstance(key, PrivateKey) or key.curve.name != "secp256r1":
        raise BrokerError("%s: is no private key of P-256" % name)
    return key


def load_certificate(pem: bytes, name: str) -> x509.Certificate:
    """BrokerError, with `name`, if it is none."""
    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise BrokerError("%s: is no certificate" % name) from error


def _p256(key: object) -> PublicKey:
    if not isinstance(key, PublicKey) or key.curve.name != "secp256r1":
        raise BrokerError("the key is not one of P-256")
    return key


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _issuer(key: PrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def _usage(
    *, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _signed(
    subject: x509.Name,
    key: PublicKey,
    now: datetime,
    days: int,
    extensions: Sequence[Extension],
    issuer: x509.Name,
    issuer_key: PrivateKey,
) -> x509.Certificate:
    builder = x509.CertificateBuilder(
        issuer_name=issuer,
        subject_name=subject,
        public_key=key,
        serial_number=x509.random_serial_number(),
        not_valid_before=now - EARLY,
        not_valid_after=now + timedelta(days=days),
    )
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    builder = builder.add_extension(_issuer(issuer_key), critical=False)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(issuer_key, SHA256())
