# SPDX-License-Identifier: Apache-2.0
"""python sim/run.py: a community trades for some days in virtual time, and everything is checked afterwards.

Writes summary.json, report.html and chain.db; `--help` tells the options and exit codes. Nothing outside the standard
library is imported before `main`, so that a package that is missing and a Ctrl-C while others load end in one line.
"""

import signal
import sys

if __name__ == "__main__" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # no traceback of the imports below

from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# A fresh clone runs without being installed. The script's own folder is replaced, not joined: nothing in sim/
# may hide a module of the standard library.
sys.path[0:1] = [str(ROOT), str(ROOT / "firmware")]

from sim import stopping  # noqa: E402  (the path must stand first)
from sim.streams import open_stderr, put, tell  # noqa: E402

OURS = ("sim", "host", "wattpact")


def main(arguments: Sequence[str]) -> int:
    """Run and write; the exit code."""
    open_stderr()
    try:
        stopping.raise_stopped()
        from sim.command import run  # takes half a second, in which Ctrl-C counts

        return run(arguments)
    except stopping.Stopped as stopped:
        tell("stopped, nothing written")
        return stopped.exit_code
    except ImportError as error:
        package = (error.name or "").partition(".")[0]
        if package in OURS:
            raise
        absent = isinstance(error, ModuleNotFoundError) and package
        reason = "package %s is missing" % package if absent else str(error).splitlines()[0]
        tell("%s: run `make setup` and use .venv/bin/python" % reason)
        return 2
    except SystemExit as ended:  # --help
        return 2 if put(sys.stdout, "") else int(ended.code or 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
