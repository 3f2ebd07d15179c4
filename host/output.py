# SPDX-License-Identifier: Apache-2.0
"""Where results go: standard output, or a file that is whole when it stands under its name.

What cannot be written says nothing of the chain, so it has an error of its own; and nothing that is not
a regular file is ever replaced, the chain least of all.
"""

import os
import secrets
import stat
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from .errors import OutputFailed

STANDARD_OUTPUT, STANDARD_ERROR = 1, 2
BESIDE_A_CHAIN = ("", "-wal", "-shm", "-journal")
NEW_FILE_MODE = 0o666  # less what the umask takes


def complain(error: object) -> None:
    """One line on standard error, if there is one."""
    stream: TextIO | None = sys.stderr  # None if the shell closed it
    if stream is not None:
        try:
            stream.write("%s\n" % error)
            stream.flush()
        except OSError:
            _silence(stream)


def refuse_chain(out: Path | None, chain: Path) -> None:
    """OutputFailed if `out`, or standard output, is the chain or its log, under whatever name."""
    parts = [Path(os.path.realpath(chain) + ending) for ending in BESIDE_A_CHAIN]
    for part in parts:
        if out is None:
            same = _is_open_as(STANDARD_OUTPUT, part)
        else:
            same = os.path.realpath(out) == str(part) or _are_one(out, part)
        if same:
            name = "standard output" if out is None else out
            raise OutputFailed("%s: is the chain itself; nothing was written" % name)


@contextmanager
def standard_output() -> Generator[TextIO, None, None]:
    """Flushed at the end. A reader that has seen enough is no failure; all else is OutputFailed."""
    stream: TextIO | None = sys.stdout  # None if the shell closed it
    if stream is None:
        raise OutputFailed("standard output: is closed")
    try:
        try:
            yield stream
        finally:
            stream.flush()
    except BrokenPipeError:
        _silence(stream)
    except (OSError, UnicodeEncodeError) as error:
        _silence(stream)
        raise _failed("standard output", error) from error


@contextmanager
def opened(out: Path) -> Generator[TextIO, None, None]:
    """A stream to `out`: through it if it is a device or a FIFO, else to a file that then takes its name.

    A symlink stays, and the file that it names is written. OutputFailed if that cannot be done.
    """
    try:
        number = _already_open(out)
        kind = _kind(out)
        if number is None and kind in (None, stat.S_IFREG):
            with _replaced(Path(os.path.realpath(out))) as stream:
                yield stream
            return
        through = os.dup(number) if number is not None else os.open(out, os.O_WRONLY)
        with os.fdopen(through, "w", encoding="utf-8", newline="") as stream:
            yield stream
    except BrokenPipeError:
        return  # whoever read it has seen enough
    except (OSError, UnicodeEncodeError) as error:
        raise _failed(str(out), error) from error


@contextmanager
def _replaced(target: Path) -> Generator[TextIO, None, None]:
    """Written under a name that nobody has; with the rights that the file had before."""
    part = target.with_name(".%s.part" % secrets.token_hex(8))
    number = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, NEW_FILE_MODE)
    try:
        with os.fdopen(number, "w", encoding="utf-8", newline="") as stream:
            if target.exists():
                os.fchmod(number, stat.S_IMODE(target.stat().st_mode))
            yield stream
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _kind(path: Path) -> int | None:
    """What stands there, symlinks followed; None if nothing does."""
    try:
        return stat.S_IFMT(path.stat().st_mode)
    except FileNotFoundError:
        return None


def _already_open(path: Path) -> int | None:
    """/dev/stdout and /dev/stderr are names of what is open: by another open, `>>` would lose its beginning."""
    for number in (STANDARD_OUTPUT, STANDARD_ERROR):
        if _is_open_as(number, path):
            return number
    return None


def _is_open_as(number: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(number), path.stat())
    except OSError:
        return False


def _are_one(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _silence(stream: TextIO) -> None:
    """What is still buffered goes nowhere: else Python complains of it at exit, with an exit code of its own."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _failed(name: str, error: OSError | UnicodeEncodeError) -> OutputFailed:
    reason = error.strerror if isinstance(error, OSError) else error
    return OutputFailed("%s: %s" % (name, reason))
