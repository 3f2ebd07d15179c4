# SPDX-License-Identifier: Apache-2.0
"""Mosquitto as the host's child: started again when it ends, reloaded when its lists change, ended with the host."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ..errors import ServiceError
from ..gateway.line import Address

MISSING = "mosquitto is not installed: apt-get install mosquitto (or your system's package)"
BACKOFF_S, BACKOFF_S_MAX = 1.0, 60.0
STEADY_S = 60.0
START_S, STOP_S = 3.0, 10.0
PLACES = ("/usr/sbin", "/usr/local/sbin")
"""Where a broker is beside PATH: Debian's lies where root's leads."""
LISTS = ("acl", "crl.pem", "server.crt", "mosquitto.conf")


class Broker:
    """The broker of one folder, as `broker-config` made it. Everything is called from one thread."""

    def __init__(self, folder: Path, address: Address, say: Callable[[str], None]) -> None:
        """ServiceError if mosquitto is not installed, or nothing was configured there."""
        self._config = folder / "mosquitto.conf"
        if not self._config.exists():
            raise ServiceError("%s: no broker was configured there: broker-config" % folder)
        self._program = program()
        self._folder = folder
        self._address = address
        self._say = say
        self._child: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._start_at = 0.0
        self._backoff_s = BACKOFF_S
        self._lists = self._read_lists()

    def start(self) -> None:
        """Whoever ran it for a host that was killed is ended first: two cannot listen."""
        self._end_orphan()
        # Linux ends it with the thread that started it, also if that is killed. Not if it changes its user; then the
        # next start does.
        command = [self._program, "-c", str(self._config)]
        setpriv = shutil.which("setpriv")
        if setpriv:
            command = [setpriv, "--pdeathsig", "TERM", *command]
        with (self._folder / "mosquitto.log").open("ab") as log:
            self._child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self._started_at = time.monotonic()
        self._lists = self._read_lists()
        until = self._started_at + START_S
        while not self._answers() and self._child.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        self._say("broker: mosquitto runs, process %d" % self._child.pid)

    def look(self) -> None:
        """Start it again if it ended, each time later; have it read its lists if they are others."""
        now = time.monotonic()
        if self._child is None:
            if now >= self._start_at:
                self.start()
        elif self._child.poll() is not None:
            if now - self._started_at > STEADY_S:
                self._backoff_s = BACKOFF_S
            self._say(
                "broker: mosquitto ended with %d; again in %.0f s; its words are in %s"
                % (self._child.returncode, self._backoff_s, self._folder / "mosquitto.log")
            )
            self._child = None
            self._start_at = now + self._backoff_s
            self._backoff_s = min(2 * self._backoff_s, BACKOFF_S_MAX)
        elif self._read_lists() != self._lists:
            self._lists = self._read_lists()
            self._child.send_signal(signal.SIGHUP)
            self._say("broker: reads its lists again")

    def stop(self) -> None:
        """It writes its memory to the disk first."""
        if self._child is None:
            return
        self._child.terminate()
        try:
            self._child.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._child = None

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection(self._address[:2], timeout=1):
            return True
        return False

    def _read_lists(self) -> list[int]:
        found: list[int] = []
        for name in LISTS:
            path = self._folder / name
            found.append(path.stat().st_mtime_ns if path.exists() else 0)
        return found

    def _end_orphan(self) -> None:
        """The process of mosquitto.pid, if it still is a mosquitto on this configuration."""
        with suppress(OSError, ValueError):
            number = int((self._folder / "mosquitto.pid").read_text())
            words = Path("/proc/%d/cmdline" % number).read_bytes().split(b"\0")
            if str(self._config).encode() not in words or number == os.getpid():
                return
            os.kill(number, signal.SIGTERM)
            until = time.monotonic() + STOP_S
            while Path("/proc/%d" % number).exists() and time.monotonic() < until:
                time.sleep(0.05)


def program() -> str:
    """Where mosquitto is; ServiceError with what to install."""
    places = [os.environ.get("PATH", ""), *PLACES]
    found = shutil.which("mosquitto", path=os.pathsep.join(each for each in places if each))
    if found is None:
        raise ServiceError(MISSING)
    return found
