# SPDX-License-Identifier: Apache-2.0
"""A real mosquitto as a child of the test: on a free port of the loopback, with its own files, and ended in any case.

    with plain(tmp_path) as broker:             # no TLS, anybody may do anything: for tests of a client
        ... broker.url, broker.port, broker.log()
        broker.kill(); broker.start()           # kill -9, and the same broker again
        broker.stop(); broker.start(data=other) # an orderly end, and a broker that remembers something else

    with Mosquitto(folder, config_file, port) as broker:   # any configuration that listens on `port`

A test that needs it calls nothing of its own: without mosquitto on the machine it is skipped, with what to install.
The child ends with the thread that started it, so start it in the test's own thread, not in a pool.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

HOST = "127.0.0.1"
MISSING = "needs mosquitto: apt-get install mosquitto (or your system's package of that name)"
START_S_MOST = 20
STOP_S_MOST = 20

OPEN = """\
listener {port} 127.0.0.1
allow_anonymous true
persistence true
persistence_location {data}/
max_queued_messages 200000
max_inflight_messages 20
set_tcp_nodelay true
"""


class Mosquitto:
    """One broker; `with` starts it and ends it. It may be stopped, killed and started again in between."""

    def __init__(self, folder: Path, config: Path, port: int, scheme: str = "mqtts") -> None:
        """`folder` is for the log and the configuration as it is run; made if it is missing."""
        self.port = port
        self.url = "%s://%s:%d" % (scheme, HOST, port)
        self._config = config
        self._folder = folder
        self._log = folder / "mosquitto.log"
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
        self.kill()

    def start(self, data: Path | None = None) -> None:
        """Run until it answers. `data` takes the place of the configured data folder, this time only."""
        assert self._child is None, "it runs already"
        self._folder.mkdir(parents=True, exist_ok=True)
        running = self._folder / "running.conf"
        running.write_text(_with_data(self._config.read_text(), data))
        seen = len(self.log())
        command = [program(), "-c", str(running)]
        if shutil.which("setpriv"):  # whatever ends the test ends the broker
            command = ["setpriv", "--pdeathsig", "KILL", *command]
        with self._log.open("ab") as log:
            self._child = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + START_S_MOST
        while not (" running" in self.log()[seen:] and _answers(self.port)):
            ended = self._child.poll() is not None
            if ended or time.monotonic() > deadline:
                self.kill()
                why = "ended" if ended else "does not answer"
                raise AssertionError("mosquitto %s:\n%s" % (why, self.log()[seen:]))
            time.sleep(0.01)

    @property
    def runs(self) -> bool:
        """Started, and neither stopped nor killed."""
        return self._child is not None

    def reload(self) -> None:
        """SIGHUP: read configuration and access list again; returns when it has said so."""
        assert self._child is not None
        before = self.log().count("Reloading config")
        self._child.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + START_S_MOST
        while self.log().count("Reloading config") == before:
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.01)

    def stop(self) -> None:
        """SIGTERM: it writes its memory to the data folder first."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL: what it had not written is gone. Nothing if it does not run."""
        self._end(signal.SIGKILL)

    def log(self) -> str:
        """All that it said since the first start."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def _end(self, number: signal.Signals) -> None:
        if self._child is None:
            return
        self._child.send_signal(number)
        try:
            self._child.wait(STOP_S_MOST)
        finally:
            self._child.kill()
            self._child.wait()
            self._child = None


def plain(folder: Path, more: str = "", port: int | None = None) -> Mosquitto:
    """A broker without TLS or access list under `folder`; `more` are further lines of configuration."""
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    config = folder / "mosquitto.conf"
    text = OPEN.format(port=port, data=data) + more
    if os.geteuid() == 0:  # else it would change to an account that cannot write here
        text += "user root\n"
    config.write_text(text)
    return Mosquitto(folder, config, port, "mqtt")


def program() -> str:
    """Where mosquitto is; without it a test is skipped, or fails in CI. Debian puts it where root's PATH leads."""
    found = shutil.which("mosquitto", path="%s:/usr/sbin:/usr/local/sbin" % os.environ["PATH"])
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    return found


def free_port() -> int:
    """One that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def _with_data(text: str, data: Path | None) -> str:
    if data is None:
        return text
    data.mkdir(parents=True, exist_ok=True)
    return re.sub(r"(?m)^persistence_location .*$", "persistence_location %s/" % data, text)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0
