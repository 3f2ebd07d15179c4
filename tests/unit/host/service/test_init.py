# SPDX-License-Identifier: Apache-2.0
"""A network is founded once, with the terms that were asked for, and its keys stay where they are."""

from pathlib import Path

import pytest

from host.cli import main
from host.service.folder import KEYS, HostFolder
from wattpact.wire.envelope import peek_payload
from wattpact.wire.messages import Genesis, message_id, parse_as


def found(path: Path, *options: str) -> Genesis:
    assert main(["init", str(path), *options]) == 0
    return parse_as(Genesis, peek_payload(HostFolder(path).genesis))


def test_init_prints_network_and_genesis_and_no_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What members compare, and what to do next."""
    path = tmp_path / "town"
    found(path, "--name", "Lake Street")
    text = capsys.readouterr().out
    hashed = message_id(peek_payload((path / "genesis.cbor").read_bytes())).hex()
    assert "network  %s\n" % hashed[:16] in text
    assert "genesis  %s\n" % hashed in text
    assert "broker-config" in text
    assert "PRIVATE" not in text
    assert main(["verify", str(path / "chain.db")]) == 0


def test_the_keys_are_different_and_their_owners_alone_may_read_them(tmp_path: Path) -> None:
    """Roles of the genesis are those of the files."""
    path = tmp_path / "town"
    genesis = found(path)
    folder = HostFolder(path)
    keys = [folder.signer(name).public_key for name in KEYS]
    assert len(set(keys)) == len(KEYS)
    assert [genesis.issuer, genesis.registrar, genesis.sequencer, *genesis.witnesses] == keys
    for each in (path / "keys").iterdir():
        assert each.stat().st_mode & 0o777 == 0o600
    assert path.stat().st_mode & 0o777 == 0o700


def test_nothing_is_founded_over_something(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not even over a part of it."""
    found(tmp_path / "town")
    before = (tmp_path / "town" / "genesis.cbor").read_bytes()
    assert main(["init", str(tmp_path / "town")]) == 2
    assert "a network is founded once" in capsys.readouterr().err
    assert (tmp_path / "town" / "genesis.cbor").read_bytes() == before
    (tmp_path / "half" / "keys").mkdir(parents=True)
    assert main(["init", str(tmp_path / "half")]) == 2


def test_terms_are_what_was_asked_for(tmp_path: Path) -> None:
    """Prices in millionths, emissions in mg, time in seconds."""
    prices = ["--grid-price", "00:00=0.295", "--grid-price", "06:30=0.41"]
    place = ["--co2", "CH:2023:112:BAFU, consumption mix", "--utc-offset=-02:30"]
    genesis = found(tmp_path / "town", *prices, *place, "--currency", "CHF")
    assert list(genesis.grid_prices) == [(0, 295_000), (23_400, 410_000)]
    assert (genesis.currency, genesis.region, genesis.utc_offset_s) == (756, "CH", 86_400 - 9_000)
    assert [row[3] for row in genesis.factors] == [112_000]


@pytest.mark.parametrize(
    ("option", "value", "text"),
    [
        ("--currency", "euro", "--currency: 'euro'"),
        ("--grid-price", "6=1", "--grid-price: '6=1'"),
        ("--grid-price", "00:00=0.0000001", "--grid-price"),
        ("--grid-price", "00:00=NaN", "--grid-price"),
        ("--grid-price", "06:00=0.3", "the first one is that of 00:00"),
        ("--grid-price", "00:00=-0.3", "--grid-price"),
        ("--co2", "DE:2024", "--co2"),
        ("--utc-offset", "1", "--utc-offset"),
        ("--contract-slots", "0", "a term is out of its limits"),
        ("--name", "é", "a term is out of its limits"),
    ],
)
def test_a_wrong_term_founds_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, value: str, text: str
) -> None:
    """One line says which."""
    assert main(["init", str(tmp_path / "town"), "%s=%s" % (option, value)]) == 2
    error = capsys.readouterr().err
    assert text in error
    assert error.count("\n") == 1
    assert not (tmp_path / "town" / "chain.db").exists()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ([], "which broker?"),
        (["--mqtt", "http://localhost"], "a broker's address is"),
        (["--mqtt", "mqtt://localhost:99999"], "is no address of a broker"),
        (["--mqtt", "mqtt://x", "--block-seconds=-1"], "is no time"),
        (["--mqtt", "mqtts://x"], "No such file"),
        (["--mqtt", "mqtts://x", "--certificate", "none", "--ca", "none"], "none"),
        (["--broker"], "No such file"),
    ],
)
def test_a_host_that_cannot_begin_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], text: str
) -> None:
    """Exit code 2 and one line."""
    found(tmp_path / "town")
    capsys.readouterr()
    assert main(["serve", str(tmp_path / "town"), *arguments]) == 2
    error = capsys.readouterr().err
    assert text in error
    assert error.count("\n") == 1


def test_a_folder_without_a_network_is_not_served(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says what comes first."""
    assert main(["serve", str(tmp_path), "--mqtt", "mqtt://x"]) == 2
    assert "no network was founded there: init" in capsys.readouterr().err
