# SPDX-License-Identifier: Apache-2.0
"""The VM is MicroPython, alone with the folders it is given, and every way to fail says whose fault it is."""

import threading
from pathlib import Path

import pytest

from sim.vm.faults import GuestError, TimeBoundExceeded, VmError, VmTrap
from sim.vm.machine import Machine

HEAP_BYTES = 64 * 1024


@pytest.fixture(name="machine")
def started() -> Machine:
    """A machine without folders."""
    return Machine(HEAP_BYTES)


def test_lines_come_back_as_they_were_printed(machine: Machine) -> None:
    """With a NUL, beyond ASCII, empty, and the last one without its line break."""
    source = "print('a\\0b')\nprint()\nprint('größer')\nprint('x' * 3, end='')"
    assert machine.run(source) == ["a\0b", "", "größer", "xxx"]


def test_it_is_the_micropython_that_boards_run(machine: Machine) -> None:
    """By its name and its first two numbers (ADR-0009)."""
    source = "import sys\nprint(sys.implementation.name, sys.implementation.version[:2])"
    assert machine.run(source) == ["micropython (1, 27)"]


def test_every_run_starts_with_nothing_of_the_last(machine: Machine) -> None:
    """Neither names nor modules nor what was allocated."""
    machine.run("import sys\nsys.modules['kept'] = sys\nkept = 1")
    assert machine.run("import sys\nprint('kept' in sys.modules, 'kept' in globals())") == [
        "False False"
    ]


def test_an_exception_is_told_with_its_traceback_and_the_lines_before_it(machine: Machine) -> None:
    """The guest's fault, by the name of what nobody caught."""
    with pytest.raises(GuestError, match="in deeper\nValueError: no such thing") as caught:
        machine.run("def deeper():\n    raise ValueError('no such thing')\nprint('one')\ndeeper()")
    assert caught.value.exception == "ValueError"
    assert caught.value.lines == ["one"]


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("def f(:", "SyntaxError"),
        ("def f():\n    f()\nf()", "RuntimeError"),
        ("import sys\nsys.exit(3)", ""),
        ("raise ValueError('two\\nKeyError: lines')", "ValueError"),
        ("import sys\nprint('OSError: printed', file=sys.stderr)\n1 // 0", "ZeroDivisionError"),
    ],
    ids=["syntax", "recursion", "exit status", "text of two lines", "text before it"],
)
def test_whatever_ends_the_guest_early_is_its_own_error(
    machine: Machine, source: str, name: str
) -> None:
    """Nothing that a source does looks like a result or like a fault of the VM."""
    with pytest.raises(GuestError) as caught:
        machine.run(source)
    assert caught.value.exception == name


def test_what_goes_to_stderr_is_kept_apart(machine: Machine) -> None:
    """A guest that ends well may have complained."""
    assert machine.run("import sys\nsys.stderr.write('oh')\nprint('fine')") == ["fine"]
    assert machine.stderr == "oh"


@pytest.mark.parametrize(
    "body",
    ["pass", "print('still here')", "time.sleep(3600)", "x = [bytes(100) for _ in range(50)]"],
    ids=["busy", "printing", "asleep", "collecting"],
)
def test_a_guest_without_an_end_is_stopped(machine: Machine, body: str) -> None:
    """After the time it was given, and the machine serves the next."""
    with pytest.raises(TimeBoundExceeded, match=r"no end after 0\.2 s") as caught:
        machine.run("import time\nprint('begun')\nwhile True:\n    " + body, time_bound_s=0.2)
    assert caught.value.lines[0] == "begun"
    assert machine.run("print('next')") == ["next"]


def test_the_bound_of_one_run_does_not_stop_the_next(machine: Machine) -> None:
    """An alarm that has nothing left to stop is put out."""
    machine.run("pass", time_bound_s=0.2)
    assert machine.run("import time\ntime.sleep_ms(400)\nprint('slept')") == ["slept"]


def test_a_vm_that_dies_is_no_fault_of_the_source_s_exceptions(machine: Machine) -> None:
    """Here by an address that lies outside its memory: no Python code could have caught that."""
    source = "import uctypes\nprint('before')\nuctypes.bytearray_at(0x7FFF0000, 4)[0] = 1"
    with pytest.raises(VmTrap, match="out of bounds memory access") as caught:
        machine.run(source)
    assert caught.value.lines == ["before"]


def test_time_is_real_and_counted_in_microseconds(machine: Machine) -> None:
    """A clock that stood still or went in milliseconds would measure nothing."""
    source = """
import time
begun = time.ticks_us()
time.sleep_ms(20)
print(time.ticks_diff(time.ticks_us(), begun))
steps = set()
for _ in range(1000):
    steps.add(time.ticks_us())
print(len(steps))
"""
    slept_us, steps = (int(line) for line in machine.run(source))
    assert 15_000 <= slept_us < 10_000_000  # MicroPython sleeps in naps and may stop one short
    assert steps > 50


def test_random_bytes_are_random(machine: Machine) -> None:
    """They come from this machine's source, and `random` is seeded from it."""
    source = "import os, random\nprint(os.urandom(8), random.getrandbits(30))"
    assert machine.run(source) != machine.run(source)


def test_the_guest_imports_and_reads_what_it_was_given(tmp_path: Path) -> None:
    """From several folders, the first one before the second."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "same.py").write_text("value = '%s'\n" % name)
    (tmp_path / "two" / "text").write_text("words")
    machine = Machine(HEAP_BYTES, {"/one": tmp_path / "one", "/two": tmp_path / "two"})
    source = (
        "import same\nprint(same.value)\nprint(open('/two/text').read(), open('two/text').read())"
    )
    assert machine.run(source) == ["one", "words words"]


@pytest.mark.parametrize(
    "action",
    [
        "open('/given/new', 'w')",
        "open('/given/text', 'w')",
        "import os\nos.mkdir('/given/deeper')",
        "import os\nos.remove('/given/text')",
        "open('/given/../secret')",
        "open('/given/link')",
        "open('/etc/passwd')",
    ],
)
def test_the_guest_changes_nothing_and_sees_nothing_else(tmp_path: Path, action: str) -> None:
    """Not by way of a parent folder, nor through a link."""
    given = tmp_path / "given"
    given.mkdir()
    (given / "text").write_text("words")
    (tmp_path / "secret").write_text("secret")
    (given / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(GuestError) as caught:
        Machine(HEAP_BYTES, {"/given": given}).run(action)
    assert caught.value.exception == "OSError"
    assert sorted(path.name for path in given.iterdir()) == ["link", "text"]
    assert (given / "text").read_text() == "words"


def test_the_firmware_runs_from_its_folder() -> None:
    """A signature of the board's own code, checked in the board's own interpreter."""
    firmware = Path(__file__).resolve().parents[4] / "firmware"
    source = "from wattpact.units import civil\nprint(civil(1582934400))"
    assert Machine(HEAP_BYTES, {"/firmware": firmware}).run(source)


def test_what_cannot_be_run_is_refused_before_it_starts(tmp_path: Path) -> None:
    """No heap to speak of, a folder that is none, a name that is no path, a text that would be cut."""
    with pytest.raises(ValueError, match="1024 bytes"):
        Machine(1023)
    with pytest.raises(NotADirectoryError):
        Machine(HEAP_BYTES, {"/none": tmp_path / "none"})
    with pytest.raises(ValueError, match="called /name"):
        Machine(HEAP_BYTES, {"name": tmp_path})
    with pytest.raises(ValueError, match="NUL"):
        Machine(HEAP_BYTES).run("print('a\0b')")


def test_machines_beside_each_other_have_clocks_of_their_own() -> None:
    """One that is stopped does not stop another, which is in the middle of its run."""
    told: list[list[str]] = []
    patient = Machine(HEAP_BYTES)
    source = "import time\ntime.sleep_ms(500)\nprint('patient')"
    thread = threading.Thread(target=lambda: told.append(patient.run(source)))
    thread.start()
    with pytest.raises(VmError):
        Machine(HEAP_BYTES).run("while True: pass", time_bound_s=0.1)
    thread.join()
    assert told == [["patient"]]
