# SPDX-License-Identifier: Apache-2.0
"""Where a result cannot be written or must not, the chain stays whole and is not slandered."""

import os
import shlex
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from host.cli import main
from tests.unit.host.town import Town, trading_day

ROOT = Path(__file__).resolve().parents[3]
HOST = "%s -m host " % shlex.quote(sys.executable)
HEADER = "lot,owner,issued_ug,free_ug,expires_utc,expired"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("output") / "chain.db"
    town = Town(path)
    trading_day(town)
    town.close()
    return path


@pytest.fixture
def chain(sound: Path, tmp_path: Path) -> Path:
    """One that may be lost."""
    return Path(shutil.copy(sound, tmp_path / "chain.db"))


@pytest.fixture
def broken(chain: Path) -> Path:
    """One that verify finds a fault in."""
    path = Path(shutil.copy(chain, chain.with_name("broken.db")))
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE state SET value = x'00' WHERE place = 5")
    connection.close()
    return path


def shell(arguments: str) -> subprocess.CompletedProcess[str]:
    """`python -m host` as a person types it, redirections and all."""
    return subprocess.run(
        HOST + arguments, shell=True, cwd=ROOT, capture_output=True, text=True, check=False
    )


def coins(chain: Path, out: Path | str) -> int:
    return main(["export", str(chain), "--what", "coins", "--out", str(out)])


def test_an_export_never_writes_over_its_chain(
    chain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its name, another spelling, a symlink, a hardlink; nor over its log, nor from a linked chain."""
    before = chain.read_bytes()
    (tmp_path / "symlink").symlink_to(chain)
    (tmp_path / "hardlink").hardlink_to(chain)
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    names = ["chain.db", "folder/../chain.db", "symlink", "hardlink", "chain.db-wal", chain]
    for source in (chain, tmp_path / "symlink"):
        for out in names:
            assert coins(source, out) == 2
            shown = capsys.readouterr()
            assert shown.err == "%s: is the chain itself; nothing was written\n" % out
            assert (shown.out, chain.read_bytes()) == ("", before)
    for command in (
        "verify %s",
        "export %s --what coins",
        "export %s --what coins --out /dev/stdout",
    ):
        assert shell((command + " >> %s") % (chain, chain)).returncode == 2
    assert chain.read_bytes() == before


def test_a_chain_named_like_an_unfinished_export_is_safe(chain: Path, tmp_path: Path) -> None:
    """The name that a file has before it is whole is nobody's."""
    part = Path(shutil.copy(chain, tmp_path / "coins.csv.part"))
    assert coins(part, tmp_path / "coins.csv") == 0
    assert part.read_bytes() == chain.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "chain.db",
        "coins.csv",
        "coins.csv.part",
    ]


def test_a_symlink_stays_and_its_file_is_written(chain: Path, tmp_path: Path) -> None:
    """Whether the file was there or not; its rights stay."""
    target, link = tmp_path / "target.csv", tmp_path / "link.csv"
    link.symlink_to(target)
    for _existing in (False, True):
        assert coins(chain, link) == 0
        assert link.is_symlink()
        assert target.read_text().startswith(HEADER)
        target.chmod(0o640)
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_a_symlink_to_itself_or_a_folder_gives_one_line(
    chain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is replaced and nothing is left."""
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "folder").mkdir()
    names = sorted(path.name for path in tmp_path.iterdir())
    for name, reason in (
        ("loop", "Too many levels of symbolic links"),
        ("folder", "Is a directory"),
    ):
        assert coins(chain, tmp_path / name) == 2
        assert capsys.readouterr().err == "%s: %s\n" % (tmp_path / name, reason)
    assert sorted(path.name for path in tmp_path.iterdir()) == names


def test_a_device_or_a_fifo_is_written_through(chain: Path, tmp_path: Path) -> None:
    """They are still what they were; a device that is full is a failure."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.append(fifo.read_text()))
    reader.start()
    assert coins(chain, fifo) == 0
    reader.join(10)
    assert got[0].startswith(HEADER)
    assert stat.S_ISFIFO(fifo.stat().st_mode)
    assert coins(chain, "/dev/null") == 0
    assert coins(chain, "/dev/full") == 2
    for device in ("/dev/null", "/dev/full"):
        assert stat.S_ISCHR(Path(device).stat().st_mode)


def test_dev_stdout_is_standard_output_whatever_that_is(chain: Path, tmp_path: Path) -> None:
    """A pipe, a file, and a file that had something in it already."""
    command = "export %s --what coins --out /dev/stdout" % chain
    assert shell(command).stdout.startswith(HEADER)
    log = tmp_path / "log"
    log.write_text("first\n")
    assert shell("%s >> %s" % (command, log)).returncode == 0
    assert log.read_text().startswith("first\n" + HEADER)
    run = shell(command + " | head -n 1")
    assert (run.stdout, run.stderr) == (HEADER + "\n", "")


@pytest.mark.parametrize("command", ["verify %s", "export %s --what transactions"])
def test_a_result_that_cannot_be_written_says_nothing_of_the_chain(
    chain: Path, command: str
) -> None:
    """A full disk, a closed output: exit code 2 and one line, if there is where to; no traceback."""
    asked = command % chain
    run = shell(asked + " >/dev/full")
    assert (run.returncode, run.stderr) == (2, "standard output: No space left on device\n")
    run = shell(asked + " >&-")
    assert (run.returncode, run.stderr) == (2, "standard output: is closed\n")
    for closed in (" >/dev/full 2>&1", " >&- 2>&-", " >/dev/full 2>&-", " >&- 2>/dev/full"):
        run = shell(asked + closed)
        assert (run.returncode, run.stdout, run.stderr) == (2, "", ""), closed
    for silent in (" 2>&-", " 2>/dev/full"):
        assert shell(asked + silent).returncode == 0
    run = shell("export %s --what coins --out %s >&-" % (chain, chain.with_name("coins.csv")))
    assert (run.returncode, run.stderr) == (0, "")
    assert chain.with_name("coins.csv").read_text().startswith(HEADER)


def test_a_verdict_does_not_depend_on_who_reads_it(broken: Path) -> None:
    """A reader that is gone makes no broken chain sound; a full disk makes none either."""
    script = "import subprocess, sys, os\nr, w = os.pipe(); os.close(r)\n" + (
        "sys.exit(subprocess.run(%r.split(), stdout=w).returncode)" % (HOST + "verify %s" % broken)
    )
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, check=False)
    assert (run.returncode, run.stderr) == (1, b"")
    assert shell("verify %s >/dev/full" % broken).returncode == 2


def test_letters_that_standard_output_cannot_show_give_one_line(chain: Path) -> None:
    """A terminal of another language is no damage."""
    odd = Path(shutil.copy(chain, chain.with_name("Zähler.db")))
    run = subprocess.run(
        [sys.executable, "-m", "host", "verify", str(odd)],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr.count("\n")) == (2, 1)
    assert run.stderr.startswith("standard output: ")


def test_an_empty_name_is_no_name(chain: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else it would be the folder one is in."""
    for arguments, argument in (
        (["verify", ""], "PATH"),
        (["export", "", "--what", "coins"], "PATH"),
        (["export", str(chain), "--what", "coins", "--out", ""], "--out"),
    ):
        assert main(arguments) == 2
        assert capsys.readouterr().err == "%s: no file was named\n" % argument
