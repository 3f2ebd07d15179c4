# SPDX-License-Identifier: Apache-2.0
"""The commands from outside: exit codes, one line of complaint, files as they should be."""

import csv
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from host.cli import main
from tests.unit.host.town import Town, trading_day

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cli") / "chain.db"
    town = Town(path)
    trading_day(town)
    town.close()
    return path


def table(chain: Path, what: str, capsys: pytest.CaptureFixture[str]) -> list[dict[str, str]]:
    assert main(["export", str(chain), "--what", what]) == 0
    return list(csv.DictReader(io.StringIO(capsys.readouterr().out)))


def test_it_runs_from_a_checkout_where_only_the_dependencies_are_installed(chain: Path) -> None:
    """`python -m host` sets its own path."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    run = subprocess.run(
        [sys.executable, "-m", "host", "verify", str(chain)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert "sound" in run.stdout
    assert "transactions  20\n" in run.stdout


def test_a_broken_chain_gives_one_line_with_height_and_rule_and_exit_code_1(
    chain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The result of the command is on standard output."""
    broken = shutil.copy(chain, tmp_path / "broken.db")
    with sqlite3.connect(broken) as connection:
        connection.execute("UPDATE state SET value = x'00' WHERE place = 5")
    connection.close()
    assert main(["verify", str(broken)]) == 1
    shown = capsys.readouterr()
    assert shown.out.startswith("height 10: R8 state ")
    assert (shown.out.count("\n"), shown.err) == (1, "")


def test_a_file_that_is_not_there_gives_one_line_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """For every command."""
    missing = str(tmp_path / "missing.db")
    for arguments in (["verify", missing], ["export", missing, "--what", "coins"]):
        assert main(arguments) == 2
        shown = capsys.readouterr()
        assert shown.out == ""
        assert shown.err == "%s: No such file or directory\n" % missing


def test_certificates_are_those_that_the_awards_carry(
    chain: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Derived again from the contracts: figures, shares and the factor's source."""
    first, second = sorted(
        table(chain, "certificates", capsys), key=lambda row: int(row["quantity_wh"])
    )
    assert (first["quantity_wh"], second["quantity_wh"]) == ("200", "650")
    assert second["start_utc"] == "2025-01-01T10:15:00Z"
    assert second["end_utc"] == "2025-01-01T10:45:00Z"
    assert int(second["reduction_ug"]) == 650 * 363_000
    assert second["contribution_ppm"] == str(650 * 1_000_000 // 850)
    assert second["factor_source"].startswith("UBA")


def test_contracts_show_where_each_stands(chain: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """State, delivered, settled and money; empty where nothing is known."""
    rows = {row["state"]: row for row in table(chain, "contracts", capsys)}
    assert set(rows) == {"settled", "expired", "delivering"}
    assert (rows["expired"]["trade_end_id"], rows["expired"]["settled_wh"]) == ("", "")
    assert rows["delivering"]["coins_ug"] == "1000000"
    settled = rows["settled"]
    assert int(settled["amount_nano"]) == 200_000 * int(settled["settled_wh"])


def test_awards_and_coins_add_up(chain: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was awarded is what lots were issued; a locked part is not free."""
    awards, coins = table(chain, "awards", capsys), table(chain, "coins", capsys)
    assert {(row["trade_end_id"], row["coin_ug"]) for row in awards} == {
        (row["lot"], row["issued_ug"]) for row in coins
    }
    free = sum(int(row["free_ug"]) for row in coins)
    assert free == sum(int(row["issued_ug"]) for row in coins) - 1_000_000
    assert {row["expired"] for row in coins} == {"False"}


def test_generation_tells_nothing_reported_from_zero(
    chain: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An empty cell is not a 0."""
    rows = table(chain, "generation", capsys)
    assert [row["generated_wh"] for row in rows].count("") == 1
    assert sum(int(row["settled_wh"]) for row in rows) == 850


def test_transactions_are_listed_in_the_order_of_the_tree(
    chain: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With type, signer and code; evidence shows its code."""
    rows = table(chain, "transactions", capsys)
    assert [int(row["position"]) for row in rows] == list(range(20))
    kinds = {row["type"] for row in rows}
    assert kinds >= {"REGISTER", "REVOKE", "OFFER", "CONTRACT", "TRADE_END", "AWARD", "FACTORS"}
    assert [row["code"] for row in rows if row["code"] != "0"] == ["32"]


def test_json_says_the_same_as_csv(
    chain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Numbers stay numbers; every table is valid JSON, written to a file if asked."""
    for what in ("contracts", "certificates", "awards", "coins", "generation", "transactions"):
        out = tmp_path / "out.json"
        arguments = ["export", str(chain), "--what", what, "--format", "json", "--out", str(out)]
        assert main(arguments) == 0
        rows = json.loads(out.read_text())
        assert [
            {key: "" if value is None else str(value) for key, value in row.items()} for row in rows
        ] == table(chain, what, capsys)


def test_a_table_without_rows_is_still_a_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A header, or an empty array."""
    Town(tmp_path / "new.db").close()
    assert main(["export", str(tmp_path / "new.db"), "--what", "coins"]) == 0
    assert capsys.readouterr().out == "lot,owner,issued_ug,free_ug,expires_utc,expired\n"
    assert main(["export", str(tmp_path / "new.db"), "--what", "coins", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_an_export_that_cannot_be_written_gives_one_line(
    chain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No folder is made for it."""
    out = tmp_path / "no" / "coins.csv"
    arguments = ["export", str(chain), "--what", "coins", "--out"]
    assert main([*arguments, str(out)]) == 2
    assert capsys.readouterr().err == "%s: No such file or directory\n" % out
    (tmp_path / "folder").mkdir()
    assert main([*arguments, str(tmp_path / "folder")]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_an_export_of_a_damaged_state_points_to_verify(
    chain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Export believes the file, but not to the point of a traceback."""
    for place in range(1, 120, 7):
        broken = shutil.copy(chain, tmp_path / "broken.db")
        with sqlite3.connect(broken) as connection:
            connection.execute("UPDATE state SET value = x'820001' WHERE place = ?", (place,))
        connection.close()
        for what in ("contracts", "certificates", "coins", "generation"):
            code = main(["export", str(broken), "--what", what])
            shown = capsys.readouterr()
            assert (code, shown.err) in {
                (0, ""),
                (2, "%s: is damaged; verify says where\n" % broken),
            }


def test_whoever_stops_reading_gets_no_complaint(chain: Path) -> None:
    """`export ... | head` is fine."""
    command = "%s -m host export %s --what transactions | head -n 1" % (sys.executable, chain)
    run = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.stdout.startswith("position,")
    assert run.stderr == ""


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit codes, units and an example stand in it; a bad command line is exit code 2."""
    for command, word in (("verify", "exit code 1"), ("export", "example")):
        with pytest.raises(SystemExit) as done:
            main([command, "--help"])
        assert done.value.code == 0
        assert word in capsys.readouterr().out
    with pytest.raises(SystemExit) as done:
        main(["export", "x"])
    assert done.value.code == 2
