# SPDX-License-Identifier: Apache-2.0
"""The broker's folder: what is in it, made once or derived anew, and how a device comes on the list and off it.

    broker.json  members.json              what the operator decided: the truth
    ca.key ca.crt  server.key server.crt   made once; the server's certificate is renewed in time
    bridge.key .csr .crt, bridge-ca.crt    of the bridge to another broker, if there is one
    mosquitto.conf  acl  crl.pem           derived, written anew by every command
    devices/<kid>/                         what a device is given: its certificate and the authority's
    memory/                                mosquitto's own

Each file is whole when it stands under its name. A private key is never written over, and a second authority is never
made: it would lock out every device. One command works at a time.
"""

import fcntl
import os
import pwd
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from wattpact.crypto.hashes import kid as kid_of

from ..errors import BrokerError
from . import authority as x
from .access import access_list
from .config import Settings, configuration
from .members import Device, Issued, Members, check_hex, check_kid, check_roles

PUBLIC, PRIVATE, FOLDER = 0o644, 0o600, 0o700
RENEW_SHARE = 3
"""The server's certificate is renewed when less than a third of its time is left."""


class BrokerFolder:
    """Work on one folder; see `opened`."""

    def __init__(self, path: Path, now: datetime) -> None:
        self.path = path
        self.now = now

    def configure(self, **chosen: Any) -> Settings:
        """Make what is missing and write the rest anew. `chosen` are fields of Settings; None keeps what was."""
        settings = self.settings() if self._has("broker.json") else Settings()
        changes = {key: value for key, value in chosen.items() if value is not None}
        settings = replace(settings, **changes).check()
        members, authority = self._members(), self._authority()
        self._write("broker.json", settings.text().encode(), PUBLIC)
        self._write("members.json", members.text().encode(), PRIVATE)
        self._renew_server(authority, settings)
        self._make("memory")
        if settings.bridge and not self._has("bridge.key"):
            self._make_bridge()
        self._derive(settings, members, authority)
        return settings

    def take_bridge(self, given: Path) -> None:
        """What the other broker's `enrol` gave for our bridge.csr: its folder there, brought here."""
        certificate = x.load_certificate((given / "tls.crt").read_bytes(), str(given / "tls.crt"))
        authority = x.load_certificate((given / "ca.crt").read_bytes(), str(given / "ca.crt"))
        key = x.load_key(self._read("bridge.key"), str(self.path / "bridge.key"))
        if certificate.public_key() != key.public_key():
            raise BrokerError("%s: is for another key than our bridge.key" % (given / "tls.crt"))
        self._write("bridge.crt", certificate.public_bytes(Encoding.PEM), PUBLIC)
        self._write("bridge-ca.crt", authority.public_bytes(Encoding.PEM), PUBLIC)

    def is_bridged(self) -> bool:
        """Whether the bridge has what it needs."""
        return self._has("bridge.crt") and self._has("bridge-ca.crt")

    def enrol(
        self, kid: str, key: x.PublicKey, device: Device, days: int, *, replace_key: bool
    ) -> Path:
        """Issue a TLS certificate for `key` and list the device as `device` says; the folder of what it is given.

        The same key again is a renewal: the certificate before goes on. Another key needs `replace_key`, and the
        certificates before end.
        """
        settings, members, authority = self.settings(), self._members(), self._authority()
        self._check_device(kid, key, device)
        known = members.devices.get(kid)
        if known and known.revoked_at:
            raise BrokerError("%s: is revoked; make the device a new trading key" % kid)
        if known and known.tls_key != device.tls_key and not replace_key:
            raise BrokerError("%s: is enrolled with another TLS key; --replace ends that one" % kid)
        for other, each in members.devices.items():
            if other != kid and each.tls_key == device.tls_key:
                raise BrokerError("the TLS key is that of %s already" % other)
        if known:
            if known.tls_key != device.tls_key:
                known.revoke(self._seconds(), for_good=False)
            device.certificates = known.certificates
            device.trading_key = device.trading_key or known.trading_key
        certificate = authority.device(bytes.fromhex(kid), key, days, self.now)
        expires = int(certificate.not_valid_after_utc.timestamp())
        device.certificates.append(Issued("%x" % certificate.serial_number, expires))
        members.devices[kid] = device
        self._write("members.json", members.text().encode(), PRIVATE)
        given = "devices/%s" % kid
        self._make("devices")
        self._make(given)
        self._write(given + "/tls.crt", certificate.public_bytes(Encoding.PEM), PUBLIC)
        self._write(given + "/tls.der", certificate.public_bytes(Encoding.DER), PUBLIC)
        ca = authority.certificate
        self._write(given + "/ca.crt", ca.public_bytes(Encoding.PEM), PUBLIC)
        self._write(given + "/ca.der", ca.public_bytes(Encoding.DER), PUBLIC)
        self._derive(settings, members, authority)
        return self.path / given

    def lists(self, kid: str) -> bool:
        """Whether this device was ever enrolled here."""
        return kid in self._members().devices

    def revoke(self, kid: str) -> list[str]:
        """The device is off the access list, and its certificates are on the revocation list. Twice is as once.

        Its roles.
        """
        settings, members, authority = self.settings(), self._members(), self._authority()
        check_kid(kid)
        if kid not in members.devices:
            raise BrokerError("%s: is not enrolled" % kid)
        members.devices[kid].revoke(self._seconds(), for_good=True)
        self._write("members.json", members.text().encode(), PRIVATE)
        self._derive(settings, members, authority)
        return members.devices[kid].roles

    def _check_device(self, kid: str, key: x.PublicKey, device: Device) -> None:
        check_kid(kid)
        check_hex(device.owner, 16, "an owner")
        device.roles = check_roles(device.roles)
        if not 0 <= device.neighbourhood < 1 << 32:
            raise BrokerError("%d: is no neighbourhood" % device.neighbourhood)
        if kid_of(x.point(key)).hex() == kid:
            raise BrokerError("the TLS key is the trading key: the device needs two keys")

    def _derive(self, settings: Settings, members: Members, authority: x.Authority) -> None:
        before = None
        if self._has("crl.pem"):
            try:
                before = x509.load_pem_x509_crl(self._read("crl.pem"))
            except ValueError as error:
                raise BrokerError("%s: is damaged; delete it" % (self.path / "crl.pem")) from error
        rows = members.revoked(self._seconds())
        revoked = authority.revocations(rows, self.now, before)
        self._write("crl.pem", revoked.public_bytes(Encoding.PEM), PUBLIC)
        self._write("acl", access_list(members, settings.network or "+").encode(), PRIVATE)
        bridged = bool(settings.bridge) and self.is_bridged()
        text = configuration(self.path, settings, self._user(), bridged=bridged)
        self._write("mosquitto.conf", text.encode(), PUBLIC)

    def _authority(self) -> x.Authority:
        missing = [name for name in ("ca.key", "ca.crt", "members.json") if not self._has(name)]
        if not missing:
            key = x.load_key(self._read("ca.key"), str(self.path / "ca.key"))
            certificate = x.load_certificate(self._read("ca.crt"), str(self.path / "ca.crt"))
            return x.Authority(key, certificate)
        if self._has("ca.crt") or self._has("ca.key"):
            text = "%s: is missing beside the authority: put it back from a back-up"
            raise BrokerError(text % (self.path / missing[0]))
        made = x.Authority.founded(self.now)
        # The list first: with a key and without a list somebody lost what was revoked.
        self._write("members.json", self._members().text().encode(), PRIVATE)
        self._write_key("ca.key", made.key)
        self._write("ca.crt", made.certificate.public_bytes(Encoding.PEM), PUBLIC)
        return made

    def _make_bridge(self) -> None:
        """A key, and a request under a name that no trading key has."""
        key = x.new_key()
        self._write("bridge.csr", x.request_for(secrets.token_hex(8), key), PUBLIC)
        self._write_key("bridge.key", key)

    def _renew_server(self, authority: x.Authority, settings: Settings) -> None:
        name = str(self.path / "server.key")
        if not self._has("server.key"):
            self._write_key("server.key", x.new_key())
        key = x.load_key(self._read("server.key"), name).public_key()
        if self._has("server.crt"):
            old = x.load_certificate(self._read("server.crt"), str(self.path / "server.crt"))
            left, whole = old.not_valid_after_utc - self.now, old.not_valid_after_utc
            fresh = left * RENEW_SHARE > whole - old.not_valid_before_utc
            names = old.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            same = list(names) == [x.alternative(host) for host in settings.hosts]
            ours = old.issuer == authority.certificate.subject and old.public_key() == key
            if fresh and same and ours:
                return
        certificate = authority.server(key, settings.hosts, self.now)
        self._write("server.crt", certificate.public_bytes(Encoding.PEM), PUBLIC)

    def settings(self) -> Settings:
        """What was configured; BrokerError if nothing was."""
        if not self._has("broker.json"):
            raise BrokerError("%s: no broker was configured there: broker-config" % self.path)
        return Settings.read(self._read("broker.json").decode(), str(self.path / "broker.json"))

    def _members(self) -> Members:
        if not self._has("members.json"):
            return Members()
        return Members.read(self._read("members.json").decode(), str(self.path / "members.json"))

    def _seconds(self) -> int:
        return int(self.now.timestamp())

    def _has(self, name: str) -> bool:
        return (self.path / name).exists()

    def _read(self, name: str) -> bytes:
        return (self.path / name).read_bytes()

    def _user(self) -> str:
        """The account that the folder belongs to, under which the broker runs."""
        uid = self.path.stat().st_uid
        try:
            return pwd.getpwuid(uid).pw_name
        except KeyError:  # it has no name; only a broker started by root would look for one
            return str(uid)

    def _make(self, name: str) -> None:
        path = self.path / name
        path.mkdir(mode=FOLDER, exist_ok=True)
        self._give(path)

    def _give(self, target: Path | int) -> None:
        """What root writes belongs to whom the folder belongs to, else the broker could not read it."""
        if os.geteuid() == 0:
            owner = self.path.stat()
            os.chown(target, owner.st_uid, owner.st_gid)

    def _write_key(self, name: str, key: x.PrivateKey) -> None:
        if self._has(name):
            raise BrokerError("%s: exists; a key is never written over" % (self.path / name))
        self._write(name, x.key_pem(key), PRIVATE)

    def _write(self, name: str, content: bytes, mode: int) -> None:
        """Whole and on the disk, or not at all; never readable by more than `mode` says, not for a moment."""
        target = self.path / name
        part = target.with_name(".%s.part" % secrets.token_hex(8))
        number = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
        try:
            with os.fdopen(number, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fchmod(number, mode)
                self._give(number)
                os.fsync(number)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)


@contextmanager
def opened(
    path: Path, now: datetime | None = None, *, make: bool = False
) -> Generator[BrokerFolder, None, None]:
    """The folder, for one command at a time. `make`: also if there is none yet. Else BrokerError."""
    path = path.resolve()
    try:
        if make:
            path.mkdir(mode=FOLDER, parents=True, exist_ok=True)
        number = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(number, fcntl.LOCK_EX)
            yield BrokerFolder(path, now or datetime.now(UTC).replace(microsecond=0))
        finally:
            os.close(number)
    except OSError as error:
        raise BrokerError("%s: %s" % (error.filename or path, error.strerror)) from error
