# SPDX-License-Identifier: Apache-2.0
"""MicroPython's own tool, as it comes from PyPI, works with a virtual board as with one on a desk."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.board.board import Board
from tests.board.virtual import file, mpremote, running, told, until


@pytest.fixture(name="board")
def one_board(tmp_path: Path) -> Iterator[Board]:
    """Empty."""
    with running(tmp_path / "flash") as board:
        yield board


@pytest.fixture(name="tree")
def some_files(tmp_path: Path) -> Path:
    """A folder with every byte, an empty file and a module below."""
    tree = tmp_path / "tree"
    (tree / "below").mkdir(parents=True)
    (tree / "every.bin").write_bytes(bytes(range(256)) * 40)
    (tree / "empty.txt").write_bytes(b"")
    (tree / "below" / "tenth.py").write_text("def tenth(n):\n    return n // 10\n")
    return tree


def test_expressions_and_statements_are_run(board: Board) -> None:
    """eval prints a value, exec what is printed, run a file from here."""
    assert told(board, "eval", "6 * 7") == "42\n"
    assert told(board, "exec", "import sys; print(sys.platform)") == "esp32\n"


def test_a_file_of_this_machine_is_run(board: Board, tmp_path: Path) -> None:
    """More than one window of raw paste long."""
    script = tmp_path / "long.py"
    script.write_text("".join("x%d = %d\n" % (n, n) for n in range(300)) + "print(x299)\n")
    assert told(board, "run", str(script)) == "299\n"


def test_an_exception_is_shown_as_a_board_shows_it(board: Board) -> None:
    """Its frames are the program's, and mpremote ends with 1."""
    done = mpremote(board, "exec", "def f():\n    return 1 // 0\nf()")
    assert done.returncode == 1
    assert done.stdout.splitlines() + done.stderr.splitlines() == [
        "Traceback (most recent call last):",
        '  File "<stdin>", line 3, in <module>',
        '  File "<stdin>", line 2, in f',
        "ZeroDivisionError: divide by zero",
    ]


def test_a_folder_is_copied_byte_by_byte(board: Board, tree: Path, tmp_path: Path) -> None:
    """Its hashes as the board computes them are ours, and a listing shows sizes."""
    told(board, "fs", "cp", "-r", str(tree), ":")
    for name in ("every.bin", "empty.txt", "below/tenth.py"):
        content = (tree / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() in told(
            board, "fs", "sha256sum", ":tree/" + name
        )
        assert file(tmp_path / "flash", "tree/" + name).read_bytes() == content
    assert "10240 every.bin" in told(board, "fs", "ls", ":tree")
    assert (
        told(board, "fs", "cat", ":tree/below/tenth.py")
        == (tree / "below" / "tenth.py").read_text()
    )
    back = tmp_path / "back.bin"
    told(board, "fs", "cp", ":tree/every.bin", str(back))
    assert back.read_bytes() == (tree / "every.bin").read_bytes()


def test_a_folder_is_removed(board: Board, tree: Path) -> None:
    """With all that is in it."""
    told(board, "fs", "cp", "-r", str(tree), ":")
    told(board, "rm", "-r", ":tree")
    assert told(board, "fs", "ls").split() == ["ls", ":"]


def test_a_file_that_is_not_there_is_an_error(board: Board) -> None:
    """By name, not by number."""
    done = mpremote(board, "fs", "cat", ":none.txt")
    assert done.returncode == 1
    assert "No such file" in done.stderr


def test_a_folder_of_this_machine_is_mounted(board: Board, tree: Path) -> None:
    """Its modules import, and its bytes arrive, among them 0x03, which is no Ctrl-C then, and line ends."""
    source = (
        "import os, hashlib\nfrom below.tenth import tenth\nprint(tenth(120), sorted(os.listdir()))\n"
        "print(hashlib.sha256(open('every.bin', 'rb').read()).digest().hex())\n"
        "with open('new.bin', 'wb') as f:\n    f.write(b'a\\nb\\x03\\r\\n')\n"
    )
    printed = told(board, "mount", str(tree), "exec", source)
    assert "12 ['below', 'empty.txt', 'every.bin']" in printed
    assert hashlib.sha256((tree / "every.bin").read_bytes()).hexdigest() in printed
    assert (tree / "new.bin").read_bytes() == b"a\nb\x03\r\n"


def test_reset_runs_main_and_soft_reset_only_boot(board: Board, tmp_path: Path) -> None:
    """main.py runs after a hard reset; a soft reset that mpremote asks for comes from the raw prompt."""
    told(board, "eval", "1")  # it has booted
    flash = tmp_path / "flash"
    ran = [file(flash, name + ".log") for name in ("boot", "main")]
    for name in ("boot", "main"):
        script = "with open('%s.log', 'a') as f:\n    f.write('x')\n"
        file(flash, name + ".py").write_text(script % name)
    told(board, "soft-reset")
    assert ran[0].read_text() == "x"
    assert not ran[1].exists()
    told(board, "resume", "reset")
    until(lambda: ran[1].exists() and ran[1].read_text())
    asked = "import machine; print(machine.reset_cause())"
    assert told(board, "resume", "exec", asked) == "2\n"
    assert told(board, "exec", asked) == "5\n"


def test_globals_last_until_a_soft_reset(board: Board) -> None:
    """`resume` leaves the interpreter as it is; without it there is a new one."""
    told(board, "exec", "kept = 5")
    assert told(board, "resume", "eval", "kept") == "5\n"
    assert mpremote(board, "eval", "kept").returncode == 1


def test_two_boards_know_nothing_of_each_other(tmp_path: Path) -> None:
    """Each has its terminal, its flash and its interpreter."""
    with running(tmp_path / "one") as one, running(tmp_path / "two") as two:
        assert one.path != two.path
        for text, board in (("first", one), ("second", two)):
            told(board, "exec", "f = open('mine', 'w'); f.write('%s'); f.close()" % text)
        assert file(tmp_path / "one", "mine").read_text() == "first"
        assert file(tmp_path / "two", "mine").read_text() == "second"
