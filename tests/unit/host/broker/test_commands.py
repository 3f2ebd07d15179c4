# SPDX-License-Identifier: Apache-2.0
"""broker-config, enrol and revoke from outside: exit codes, one line of complaint, what they print."""

from pathlib import Path

import pytest

from host.broker.authority import key_pem, new_key, point
from host.broker.members import Members
from host.cli import main
from tests.broker.community import request_for
from wattpact.crypto.hashes import kid as kid_of

OWNER = "aa" * 8
TRADING = new_key().public_key()
KID = kid_of(point(TRADING)).hex()


@pytest.fixture
def broker(tmp_path: Path) -> Path:
    folder = tmp_path / "broker"
    assert main(["broker-config", str(folder), "--host", "broker.example.org"]) == 0
    return folder


def request(tmp_path: Path, name: str) -> Path:
    path = tmp_path / "device.csr"
    path.write_bytes(request_for(name, new_key()))
    return path


def complaint(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    """The one line of a command that must fail."""
    capsys.readouterr()
    assert main([str(each) for each in arguments]) == 2
    out, error = capsys.readouterr()
    assert out == ""
    assert error.count("\n") == 1
    return error


def test_a_device_is_enrolled_by_its_request_and_its_trading_key(
    broker: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says where what the device is given lies, and what is still to do."""
    trading = tmp_path / "trading.hex"
    trading.write_text(point(TRADING).hex())
    arguments = ["--csr", str(request(tmp_path, KID)), "--trading-key", str(trading)]
    capsys.readouterr()
    assert (
        main(["enrol", str(broker), *arguments, "--roles", "plant, meter", "--owner", OWNER]) == 0
    )
    text = capsys.readouterr().out
    assert KID + ": enrolled as meter, plant\n" in text
    assert "SIGHUP" in text
    assert "registers no trading key" in text
    assert {each.name for each in (broker / "devices" / KID).iterdir()} == {
        "tls.crt",
        "tls.der",
        "ca.crt",
        "ca.der",
    }
    device = Members.read((broker / "members.json").read_text(), "").devices[KID]
    assert (device.owner, device.trading_key) == (OWNER, point(TRADING).hex())


def test_the_requests_name_is_enough_and_must_not_contradict(
    broker: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without any name nobody knows whose key it is."""
    rest = ["--roles", "meter", "--owner", OWNER]
    named = request(tmp_path, KID)
    error = complaint(capsys, "enrol", broker, "--csr", named, "--kid", "f" * 16, *rest)
    assert "the request is for" in error
    assert main(["enrol", str(broker), "--csr", str(named), *rest]) == 0
    error = complaint(capsys, "enrol", broker, "--csr", request(tmp_path, ""), *rest)
    assert "whose TLS key is it?" in error


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        (("--roles", "king"), "roles are one or more of meter, plant, host, bridge"),
        (("--owner", "me"), "an owner is 16"),
        (("--days", "0"), "1 to 3650 days"),
        (("--neighbourhood", "-1"), "is no neighbourhood"),
        (("--kid", "+"), "a kid is 16 lower-case hex digits"),
    ],
)
def test_a_wrong_argument_enrols_nobody(
    broker: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    changed: tuple[str, str],
    text: str,
) -> None:
    """One line says which; the list stays empty."""
    options = {"--csr": str(request(tmp_path, "")), "--kid": KID, "--roles": "meter"}
    options |= {"--owner": OWNER, changed[0]: changed[1]}
    arguments = ["%s=%s" % item for item in options.items()]
    assert text in complaint(capsys, "enrol", broker, *arguments)
    assert Members.read((broker / "members.json").read_text(), "").devices == {}


def test_a_private_key_is_no_request_and_is_not_shown(
    broker: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who names the wrong file hears of it without its content."""
    path = tmp_path / "device.key"
    path.write_bytes(key_pem(new_key()))
    rest = ["--kid", KID, "--roles", "meter", "--owner", OWNER]
    for option in ("--csr", "--public-key"):
        assert complaint(capsys, "enrol", broker, option, path, *rest).startswith("not a ")


def test_revoking_says_when_it_takes_effect(
    broker: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The broker must be told."""
    arguments = ["--csr", str(request(tmp_path, KID)), "--roles", "meter", "--owner", OWNER]
    assert main(["enrol", str(broker), *arguments]) == 0
    capsys.readouterr()
    assert main(["revoke", str(broker), KID]) == 0
    assert capsys.readouterr().out == KID + ": revoked; effective when the broker got SIGHUP\n"


def test_an_empty_argument_is_not_the_folder_one_is_in(capsys: pytest.CaptureFixture[str]) -> None:
    """Often a variable of a script that is not set."""
    assert "no folder was named" in complaint(capsys, "broker-config", "")
    assert "no folder was named" in complaint(capsys, "revoke", "", KID)
