# SPDX-License-Identifier: Apache-2.0
"""What `enrol` and `revoke` of a host's folder put on the way to its chain."""

from pathlib import Path

import pytest

from host.broker.authority import new_key, point
from host.cli import main
from host.engine import BlockResult, Refused, Stored
from host.mempool import id_of
from host.service import spool as spools
from host.service.folder import HostFolder
from tests.broker.community import request_for
from wattpact.crypto.hashes import kid as kid_of
from wattpact.wire.envelope import peek_payload
from wattpact.wire.messages import ROLE_METER, ROLE_PLANT, Register, Revoke, parse, parse_as

OWNER = "aa" * 8
KEY = point(new_key().public_key())
KID = kid_of(KEY).hex()
PLANT = ["--plant-id", "0a" * 8, "--panel", "1b" * 8 + ":8000:100", "--service", "06:00-20:00"]


@pytest.fixture
def folder(tmp_path: Path) -> HostFolder:
    assert main(["init", str(tmp_path / "town")]) == 0
    assert main(["broker-config", str(tmp_path / "town" / "broker")]) == 0
    return HostFolder(tmp_path / "town")


def enrol(folder: HostFolder, roles: str, *more: str) -> int:
    request, trading = folder.path / "d.csr", folder.path / "d.pub"
    if not request.exists():
        request.write_bytes(request_for("", new_key()))
        trading.write_text(KEY.hex())
    given = ["--csr", str(request), "--trading-key", str(trading)]
    return main(["enrol", str(folder.path), *given, "--roles", roles, "--owner", OWNER, *more])


def waiting(folder: HostFolder) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.spool.glob("*.cbor"))]


def test_a_plant_is_registered_as_it_was_described(folder: HostFolder) -> None:
    """The same envelope waits for the chain and lies with what the device is given."""
    assert enrol(folder, "meter,plant", *PLANT, "--neighbourhood", "7") == 0
    (signed,) = waiting(folder)
    register = parse_as(Register, peek_payload(signed))
    assert register.public_key == KEY
    assert register.roles == [ROLE_METER, ROLE_PLANT]
    assert (register.owner, register.neighbourhood) == (bytes.fromhex(OWNER), 7)
    assert register.panels == [(b"\x1b" * 8, 8_000, 100)]
    assert register.service == [(6 * 3600, 20 * 3600)] * 12
    given = folder.broker / "devices" / KID
    assert (given / "register.cbor").read_bytes() == signed
    assert (given / "genesis.cbor").read_bytes() == folder.genesis


def test_a_renewed_certificate_is_no_new_registration(folder: HostFolder) -> None:
    """Unless what is said of the key is something else, which the chain judges."""
    for count, roles in ((1, "meter"), (1, "meter"), (2, "plant")):
        assert enrol(folder, roles, *(PLANT if roles == "plant" else [])) == 0
        assert len(waiting(folder)) == count


def test_a_host_is_enrolled_at_the_broker_alone(folder: HostFolder) -> None:
    """It trades nothing, so the chain has nothing to know; nor when it is revoked."""
    assert enrol(folder, "host") == 0
    assert main(["revoke", str(folder.path), KID]) == 0
    assert waiting(folder) == []


def test_a_revocation_waits_for_the_chain_behind_its_registration(folder: HostFolder) -> None:
    """In the order in which the registrar signed."""
    assert enrol(folder, "meter") == 0
    assert main(["revoke", str(folder.path), KID]) == 0
    kinds = [type(parse(peek_payload(each))) for each in waiting(folder)]
    assert kinds == [Register, Revoke]


@pytest.mark.parametrize(
    ("roles", "more", "text"),
    [
        ("plant", [], "a plant needs --plant-id, --panel and --service"),
        ("meter", PLANT, "are for the role plant"),
        ("plant", [*PLANT[:2], "--panel", "x", *PLANT[4:]], "--panel: 'x'"),
        ("plant", [*PLANT[:4], "--service", "6-20"], "--service: '6-20'"),
        ("plant", [*PLANT[:4], "--service", "20:00-06:00"], "is no part of a day"),
        ("plant", [*PLANT[:4], "--service", "06:00-20:00,06:00-20:00"], "twelve months"),
        ("plant", ["--plant-id", "X" * 16, *PLANT[2:]], "--plant-id"),
        ("plant", [*PLANT[:2], "--panel", "1b" * 8 + ":999999999:1", *PLANT[4:]], "the chain"),
    ],
)
def test_what_is_not_described_is_enrolled_nowhere(
    folder: HostFolder, capsys: pytest.CaptureFixture[str], roles: str, more: list[str], text: str
) -> None:
    """Neither on the chain nor at the broker."""
    capsys.readouterr()
    assert enrol(folder, roles, *more) == 2
    assert text in capsys.readouterr().err
    assert waiting(folder) == []
    assert not (folder.broker / "devices").exists()


def test_the_spool_empties_as_the_chain_answers(folder: HostFolder) -> None:
    """In order, each submitted once a minute at most; what is refused or damaged is set aside with the reason."""
    for roles in ("meter", "plant"):
        assert enrol(folder, roles, *(PLANT if roles == "plant" else [])) == 0
    first, second = waiting(folder)
    (folder.spool / "0-rubbish.cbor").write_bytes(b"rubbish")
    submitted: list[bytes] = []
    said: list[str] = []
    spool = spools.Spool(folder.spool, submitted.append, said.append)
    spool.look()
    spool.look()
    assert submitted == [first, second]
    stored, refused = Stored(id_of(first), []), Refused(id_of(second), 20, [])
    spool.on_block(BlockResult(1, 1, committed=True, stored=[stored], refused=[refused]))
    assert sorted(path.suffix for path in folder.spool.iterdir()) == [".R20", ".unreadable"]
    assert "refused by R20" in said[-1]
