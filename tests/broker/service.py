# SPDX-License-Identifier: Apache-2.0
"""A host as an operator runs it: founded by `init`, served by a process of its own that a test may kill."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from host.cli import main
from host.service.folder import HostFolder

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60


class Service:
    """`python -m host serve`; `with` ends it in any case."""

    program: tuple[str, ...] = ("host", "serve")
    ready = "connected to the broker"

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.log_path = folder / "serve.log"
        self._options = options
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._child is not None:
            self.stop()

    def start(self) -> None:
        """Until it says that it is ready."""
        seen = len(self.log())
        command = [sys.executable, "-m", *self.program, str(self.folder), *self._options]
        with self.log_path.open("ab") as log:
            self._child = subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT)
        self.until_said(self.ready, seen)

    def until_said(self, text: str, seen: int = 0) -> None:
        """Wait for a line."""
        deadline = time.monotonic() + PATIENCE_S
        while text not in self.log()[seen:]:
            assert self._child is not None
            assert self._child.poll() is None, self.log()
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.02)

    def kill(self) -> None:
        """SIGKILL: no last word."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        return self._end(signal.SIGTERM)

    def log(self) -> str:
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def _end(self, number: signal.Signals) -> int:
        child, self._child = self._child, None
        assert child is not None
        os.kill(child.pid, number)
        try:
            return child.wait(PATIENCE_S)
        finally:
            child.kill()
            child.wait()


def founded(folder: Path, *options: str) -> HostFolder:
    """A new network, by the command."""
    assert main(["init", str(folder), *options]) == 0
    return HostFolder(folder)
