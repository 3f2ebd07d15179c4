# SPDX-License-Identifier: Apache-2.0
"""The broker's authority: what its certificates say, and what it takes for a key."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from host.broker.authority import (
    Authority,
    alternative,
    load_certificate,
    load_key,
    new_key,
    point,
    public_key,
    request_key,
)
from host.errors import BrokerError
from tests.broker.community import request_for

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KID = bytes(range(8))
AUTHORITY = Authority.founded(NOW)


def purposes(certificate: x509.Certificate) -> list[x509.ObjectIdentifier]:
    return list(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)


def test_a_devices_certificate_names_its_kid_and_is_good_for_a_client_only() -> None:
    """It begins a day early, for boards whose clocks are behind."""
    key = new_key().public_key()
    found = AUTHORITY.device(KID, key, 30, NOW)
    assert found.subject.rfc4514_string() == "CN=0001020304050607"
    assert found.public_key() == key
    assert purposes(found) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert found.not_valid_before_utc == NOW - timedelta(days=1)
    assert found.not_valid_after_utc == NOW + timedelta(days=30)
    found.verify_directly_issued_by(AUTHORITY.certificate)


def test_the_brokers_certificate_names_its_hosts_and_is_good_for_a_server_only() -> None:
    """Names and addresses are told apart."""
    found = AUTHORITY.server(new_key().public_key(), ["broker.example.org", "192.0.2.1"], NOW)
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["broker.example.org"]
    assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == ["192.0.2.1"]
    assert purposes(found) == [ExtendedKeyUsageOID.SERVER_AUTH]


def test_a_certificate_fits_a_small_board() -> None:
    """Both that it needs, as DER, are well under 600 bytes each."""
    device = AUTHORITY.device(KID, new_key().public_key(), 30, NOW)
    for certificate in (device, AUTHORITY.certificate):
        assert len(certificate.public_bytes(Encoding.DER)) < 600


def test_each_revocation_list_is_newer_than_the_one_before() -> None:
    """Also within one second, and none is from the future."""
    first = AUTHORITY.revocations([(7, 1_767_225_600)], NOW, None)
    second = AUTHORITY.revocations([], NOW, first)
    assert first.last_update_utc < second.last_update_utc < NOW
    assert [row.serial_number for row in first] == [7]
    assert first.next_update_utc == AUTHORITY.certificate.not_valid_after_utc
    assert first.is_signature_valid(AUTHORITY.key.public_key())


def test_a_request_shows_that_its_sender_has_the_key() -> None:
    """PEM and DER are taken; an altered one is not."""
    key = new_key()
    pem = request_for("0001020304050607", key)
    der = x509.load_pem_x509_csr(pem).public_bytes(Encoding.DER)
    for form in (pem, der):
        assert request_key(form) == (key.public_key(), "0001020304050607")
    altered = der.replace(b"0001020304050607", b"0001020304050608")
    with pytest.raises(BrokerError, match="not signed by its own key"):
        request_key(altered)


def test_a_public_key_is_taken_in_every_usual_form() -> None:
    """PEM, DER, the bare point, and the point in hex with a line end."""
    key = new_key().public_key()
    info = PublicFormat.SubjectPublicKeyInfo
    forms = [key.public_bytes(Encoding.PEM, info), key.public_bytes(Encoding.DER, info)]
    forms += [point(key), point(key).hex().encode() + b"\n"]
    for form in forms:
        assert public_key(form) == key


@pytest.mark.parametrize("text", [b"", b"x", b"\x04" + bytes(64), b"-----BEGIN", b"zz" * 65])
def test_what_is_no_key_is_refused_with_one_error(text: bytes) -> None:
    """Whatever the library made of it."""
    for read in (public_key, request_key):
        with pytest.raises(BrokerError):
            read(text)


def test_keys_of_another_kind_are_refused() -> None:
    """Boards and ciphers know P-256 only."""
    info = PublicFormat.SubjectPublicKeyInfo
    for key in (ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)):
        with pytest.raises(BrokerError, match="P-256"):
            public_key(key.public_key().public_bytes(Encoding.PEM, info))
    request = x509.CertificateSigningRequestBuilder(x509.Name([]))
    with pytest.raises(BrokerError, match="P-256"):
        request_key(request.sign(key, SHA256()).public_bytes(Encoding.PEM))


def test_the_authoritys_two_files_must_belong_together() -> None:
    """A key of another authority would give certificates that nobody believes."""
    with pytest.raises(BrokerError, match="do not belong together"):
        Authority(new_key(), AUTHORITY.certificate)


def test_damaged_files_are_named_and_no_key_is_shown() -> None:
    """The complaint holds the file's name and nothing of what is in it."""
    with pytest.raises(BrokerError, match=r"^ca\.key: is no private key$"):
        load_key(b"secret", "ca.key")
    with pytest.raises(BrokerError, match=r"^ca\.crt: is no certificate$"):
        load_certificate(b"nothing", "ca.crt")


@pytest.mark.parametrize(
    "host",
    [
        "",
        "a b",
        "a/b",
        "broker:8883",
        "*.example.org",
        "bröker.example",
        "fe80::1%a\nuser root",
        "name\n",
    ],
)
def test_what_cannot_be_a_brokers_name_is_refused(host: str) -> None:
    """No wildcards either: one broker, its names."""
    with pytest.raises(BrokerError, match="is no host name"):
        alternative(host)
