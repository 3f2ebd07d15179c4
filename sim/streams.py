# SPDX-License-Identifier: Apache-2.0
"""What a run says on stdout and stderr, which may be closed, full, or a pipe that nobody reads any more.

Python would end such a run with a traceback, or with another exit code while it shuts down.
"""

import os
import sys
from pathlib import Path
from typing import TextIO

PROGRAM = "sim/run.py"


def open_stderr() -> None:
    """A process started with `2>&-` has no stderr; give it one that swallows."""
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  (until the process ends)


def tell(line: str) -> None:
    """One line on stderr, if anybody takes it."""
    put(sys.stderr, "%s: %s\n" % (PROGRAM, line))


def put(stream: TextIO | None, text: str) -> str:
    """Write and flush; "" if it arrived, or why not, and then the stream takes no more and does not complain."""
    if stream is None:
        return "is closed"
    try:
        stream.write(text)
        stream.flush()
    except (OSError, ValueError) as error:
        _swallow(stream)
        return (isinstance(error, OSError) and error.strerror) or str(error)
    return ""


def _swallow(stream: TextIO) -> None:
    """What the stream still holds goes nowhere, so that closing it at the end cannot fail."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        pass  # it has no file of its own: nothing is flushed at the end either
