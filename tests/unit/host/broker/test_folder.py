# SPDX-License-Identifier: Apache-2.0
"""The broker's folder: made once, derived again and again, and never a key lost."""

import os
import pwd
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from host.broker.authority import PrivateKey, fingerprint, load_certificate, new_key, point
from host.broker.folder import opened
from host.broker.members import Device, Members
from host.errors import BrokerError
from wattpact.crypto.hashes import kid as kid_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)
YEAR = timedelta(days=365)
KID = "0123456789abcdef"
OWNER = "aa" * 8


def configured(path: Path, now: datetime = NOW, **chosen: object) -> Path:
    with opened(path, now, make=True) as folder:
        folder.configure(**chosen)
    return path


def enrol(
    path: Path,
    key: PrivateKey,
    roles: str = "meter",
    kid: str = KID,
    now: datetime = NOW,
    *,
    replace_key: bool = False,
) -> None:
    public = key.public_key()
    device = Device(roles.split(","), OWNER, 0, fingerprint(public).hex())
    with opened(path, now) as folder:
        folder.enrol(kid, public, device, 30, replace_key=replace_key)


def revoke(path: Path, kid: str = KID) -> None:
    with opened(path, NOW) as folder:
        folder.revoke(kid)


def files(path: Path) -> dict[str, bytes]:
    return {
        str(each.relative_to(path)): each.read_bytes() for each in path.rglob("*") if each.is_file()
    }


def members(path: Path) -> Members:
    return Members.read((path / "members.json").read_text(), "members.json")


def revoked_serials(path: Path) -> set[int]:
    found = x509.load_pem_x509_crl((path / "crl.pem").read_bytes())
    return {row.serial_number for row in found}


def test_a_second_run_keeps_everything_but_the_revocation_lists_date(tmp_path: Path) -> None:
    """Keys, certificates, devices and what was chosen."""
    path = configured(tmp_path / "b", hosts=["broker.example.org"], port=1234, network="00" * 8)
    enrol(path, new_key())
    before = files(path)
    configured(path)
    after = files(path)
    assert before.pop("crl.pem") != after.pop("crl.pem")
    assert before == after


def test_keys_are_for_their_owner_only(tmp_path: Path) -> None:
    """So are the list, the access list, the broker's memory and the folder itself."""
    path = configured(tmp_path / "b")
    for name in ("ca.key", "server.key", "members.json", "acl"):
        assert stat.S_IMODE((path / name).stat().st_mode) == 0o600
    for folder in (path, path / "memory"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can write for another account")
def test_what_root_writes_belongs_to_the_folders_owner(tmp_path: Path) -> None:
    """Else a broker that runs under an account of its own could not read it."""
    (tmp_path / "b").mkdir()
    owner = pwd.getpwnam("nobody")
    os.chown(tmp_path / "b", owner.pw_uid, owner.pw_gid)
    path = configured(tmp_path / "b")
    enrol(path, new_key())
    assert {each.stat().st_uid for each in path.rglob("*")} == {owner.pw_uid}
    assert "\nuser nobody\n" in (path / "mosquitto.conf").read_text()


@pytest.mark.parametrize("name", ["ca.key", "ca.crt", "members.json"])
def test_a_second_authority_is_never_made(tmp_path: Path, name: str) -> None:
    """With a part of the first one gone, everything stops until it is back; nothing is written."""
    path = configured(tmp_path / "b")
    enrol(path, new_key())
    (path / name).unlink()
    before = files(path)
    with pytest.raises(BrokerError, match="put it back from a back-up"):
        configured(path)
    with pytest.raises(BrokerError, match="put it back from a back-up"):
        enrol(path, new_key())
    assert files(path) == before


def test_the_brokers_certificate_is_renewed_in_its_last_third(tmp_path: Path) -> None:
    """Not before, with the same key, and at once when the broker gets another name."""
    path = configured(tmp_path / "b")
    first, key = (path / "server.crt").read_bytes(), (path / "server.key").read_bytes()
    configured(path, NOW + YEAR)
    assert (path / "server.crt").read_bytes() == first
    configured(path, NOW + 1.5 * YEAR)
    second = (path / "server.crt").read_bytes()
    assert load_certificate(second, "").not_valid_after_utc == NOW + 3.5 * YEAR
    configured(path, NOW + 1.5 * YEAR, hosts=["broker.example.org"])
    assert (path / "server.crt").read_bytes() not in {first, second}
    assert (path / "server.key").read_bytes() == key


def test_the_same_key_again_is_a_renewal_and_the_certificate_before_goes_on(tmp_path: Path) -> None:
    """A device that fetches the new one late is not shut out."""
    path = configured(tmp_path / "b")
    key = new_key()
    enrol(path, key)
    enrol(path, key, "meter,plant")
    device = members(path).devices[KID]
    assert device.roles == ["meter", "plant"]
    assert [each.revoked_at for each in device.certificates] == [0, 0]
    assert revoked_serials(path) == set()


def test_another_tls_key_has_to_be_asked_for_and_ends_the_one_before(tmp_path: Path) -> None:
    """Else whoever knows a kid could be enrolled in its place by mistake."""
    path = configured(tmp_path / "b")
    enrol(path, new_key())
    with pytest.raises(BrokerError, match="--replace"):
        enrol(path, new_key())
    enrol(path, new_key(), replace_key=True)
    first, second = (int(each.serial, 16) for each in members(path).devices[KID].certificates)
    assert revoked_serials(path) == {first}
    assert second != first


def test_a_revoked_device_stays_revoked(tmp_path: Path) -> None:
    """It is off the access list, all its certificates are on the other one, and it is not enrolled again."""
    path = configured(tmp_path / "b")
    key = new_key()
    enrol(path, key)
    enrol(path, key)
    revoke(path)
    revoke(path)
    serials = {int(each.serial, 16) for each in members(path).devices[KID].certificates}
    assert revoked_serials(path) == serials
    assert KID not in (path / "acl").read_text()
    with pytest.raises(BrokerError, match="is revoked"):
        enrol(path, new_key(), replace_key=True)
    configured(path)
    assert revoked_serials(path) == serials


def test_a_kid_that_nobody_enrolled_cannot_be_revoked(tmp_path: Path) -> None:
    """A mistyped kid is not taken for done."""
    with pytest.raises(BrokerError, match="is not enrolled"):
        revoke(configured(tmp_path / "b"))


def test_the_trading_key_is_not_taken_for_tls(tmp_path: Path) -> None:
    """One key for two purposes, and a secure element that cannot serve TLS."""
    path = configured(tmp_path / "b")
    key = new_key()
    with pytest.raises(BrokerError, match="two keys"):
        enrol(path, key, kid=kid_of(point(key.public_key())).hex())


def test_two_devices_do_not_share_a_tls_key(tmp_path: Path) -> None:
    """Each could pass for the other."""
    path = configured(tmp_path / "b")
    key = new_key()
    enrol(path, key)
    with pytest.raises(BrokerError, match="is that of 0123456789abcdef already"):
        enrol(path, key, kid="f" * 16)


def test_nothing_half_written_is_left(tmp_path: Path) -> None:
    """Only the files that the docstring of the module names."""
    path = configured(tmp_path / "b")
    enrol(path, new_key())
    names = {each.split("/")[-1] for each in files(path)}
    keys = {"ca.key", "ca.crt", "server.key", "server.crt"}
    lists = {"broker.json", "members.json", "mosquitto.conf", "acl", "crl.pem"}
    assert names == keys | lists | {"tls.crt", "tls.der", "ca.der"}


def test_a_folder_without_a_broker_says_so(tmp_path: Path) -> None:
    """Also one that is not there, and what is no folder."""
    with pytest.raises(BrokerError, match="broker-config"):
        revoke(tmp_path)
    with pytest.raises(BrokerError, match="No such file"):
        revoke(tmp_path / "missing")
    (tmp_path / "file").touch()
    with pytest.raises(BrokerError, match="Not a directory"):
        revoke(tmp_path / "file")
