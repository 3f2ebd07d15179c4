# SPDX-License-Identifier: Apache-2.0
"""A guest that runs for as long as somebody likes: it is heard while it runs, and ended from here."""

import threading
from pathlib import Path

import pytest

from sim.vm.faults import GuestError, Stopped
from sim.vm.guest import STDERR, STDOUT
from sim.vm.machine import Machine, Run
from sim.vm.services import Service

HEAP_BYTES = 64 * 1024
MODULES = Path(__file__).resolve().parents[4] / "sim" / "vm" / "modules"
LIMIT_S = 60


class Heard:
    """What a guest writes."""

    def __init__(self) -> None:
        self.written = {STDOUT: b"", STDERR: b""}
        self._more = threading.Condition()

    def __call__(self, stream: int, chunk: bytes) -> None:
        with self._more:
            self.written[stream] += chunk
            self._more.notify_all()

    def until(self, part: bytes) -> None:
        """Until stdout has `part`."""
        with self._more:
            assert self._more.wait_for(lambda: part in self.written[STDOUT], LIMIT_S)


def test_a_guest_is_heard_while_it_runs() -> None:
    """Each thing when it is written; stderr apart."""
    heard = Heard()
    source = "import sys, time\nsys.stderr.write('oh')\nprint('one')\ntime.sleep(3600)"
    run = Machine(HEAP_BYTES).start(source, heard)
    heard.until(b"one\n")
    assert not run.ended
    run.stop()
    with pytest.raises(Stopped):
        run.join(LIMIT_S)
    assert run.ended
    assert heard.written == {STDOUT: b"one\n", STDERR: b"oh"}


@pytest.mark.parametrize("body", ["pass", "time.sleep(3600)", "print('x' * 50)"])
def test_a_guest_is_stopped_whatever_it_does(body: str) -> None:
    """At work, asleep or talking; and its machine serves the next."""
    heard = Heard()
    machine = Machine(HEAP_BYTES)
    run = machine.start("import time\nprint('begun')\nwhile True:\n    " + body, heard)
    heard.until(b"begun\n")
    run.stop()
    with pytest.raises(Stopped):
        run.join(LIMIT_S)
    assert machine.run("print('next')") == ["next"]


def test_join_tells_how_it_ended() -> None:
    """In peace, by an exception of the guest's, or by one of a service of ours."""

    def fail() -> None:
        raise KeyError("ours")

    machine = Machine(HEAP_BYTES, {"/modules": MODULES}, services={"fail": fail})
    machine.start("print(1)", Heard()).join(LIMIT_S)
    with pytest.raises(GuestError, match="no such thing") as caught:
        machine.start("raise ValueError('no such thing')", Heard()).join(LIMIT_S)
    assert caught.value.exception == "ValueError"
    with pytest.raises(KeyError, match="ours"):
        machine.start("import outside\noutside.call('fail')", Heard()).join(LIMIT_S)


def test_who_joins_a_guest_that_goes_on_is_told_so() -> None:
    """It is not ended by that."""
    run = Machine(HEAP_BYTES).start("import time\ntime.sleep(3600)", Heard())
    with pytest.raises(TimeoutError):
        run.join(0.05)
    assert not run.ended
    run.stop()


def test_what_fails_in_one_guest_ends_no_other() -> None:
    """Many beside each other, each with an end of its own: none gets to see another's."""

    def fail(number: int) -> None:
        raise KeyError(number)

    def nothing() -> None:
        pass

    source = "import outside\nfor _ in range(200):\n    outside.call('nothing')\n"
    ends = ("outside.call('fail', %d)", "raise ValueError(%d)", "print(%d)")
    runs: list[Run] = []
    for number in range(24):
        services: dict[str, Service] = {"fail": fail, "nothing": nothing}
        machine = Machine(HEAP_BYTES, {"/modules": MODULES}, services=services)
        runs.append(machine.start(source + ends[number % 3] % number, Heard()))
    for number, run in enumerate(runs):
        if number % 3 == 0:
            with pytest.raises(KeyError, match="^%d$" % number):
                run.join(LIMIT_S)
        elif number % 3 == 1:
            with pytest.raises(GuestError, match="ValueError: %d$" % number):
                run.join(LIMIT_S)
        else:
            run.join(LIMIT_S)
