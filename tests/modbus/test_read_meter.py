# SPDX-License-Identifier: Apache-2.0
"""tools/read_meter.py as a user starts it, against slaves of pymodbus: right values, or exit 2 and a useful line."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sim.world.chips.modbus.meters import modelled
from sim.world.chips.modbus.serving import PtyLine
from sim.world.electricity import Electricity, Phase
from tests.modbus.crossover import (
    Crossover,
    Fault,
    lost,
    noisy,
    once,
    shortened,
    slow,
    split,
    spoiled,
    whole,
)

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / "tools" / "read_meter.py"
SLAVE = Path(__file__).parent / "pymodbus_slave.py"
WAIT_S = 120
PATIENT = "--timeout=5000"  # for an answer that comes, however busy the machine is

SDM120: dict[str, Any] = {
    "unit": 1,
    "function": 4,
    "floats": {
        0x00: 230.2,
        0x06: 0.87,
        0x0C: -196.3,
        0x12: 200.3,
        0x18: -39.8,
        0x1E: -0.98,
        0x46: 49.98,
        0x48: 478.492,
        0x4A: 6.216,
        0x156: 484.708,
    },
}
SDM630: dict[str, Any] = {
    "unit": 7,
    "function": 4,
    "floats": {
        **{0x00 + 2 * n: volts for n, volts in enumerate([230.1, 231.2, 229.3])},
        **{0x06 + 2 * n: amps for n, amps in enumerate([1.5, 0.0, 8.7])},
        **{0x0C + 2 * n: watts for n, watts in enumerate([345.0, 0.0, -2000.5])},
        **{0x1E + 2 * n: 1.0 for n in range(3)},
        0x34: -1655.5,
        0x46: 50.01,
        0x48: 12345.67,
        0x4A: 89012.34,
    },
}
PZEM: dict[str, Any] = {
    "unit": 1,
    "function": 4,
    "words": dict(enumerate([2257, 108, 0, 244, 0, 0x86A0, 0x0001, 500, 100, 0])),
}
DTSU666: dict[str, Any] = {
    "unit": 1,
    "function": 3,
    "words": {6: 1, 7: 10},
    "floats": {
        **{0x2006 + 2 * n: 2301.0 + n for n in range(3)},
        **{0x200C + 2 * n: 1500.0 for n in range(3)},
        0x2012: 10350.0,
        **{0x2014 + 2 * n: 3450.0 for n in range(3)},
        **{0x202C + 2 * n: 1000.0 for n in range(3)},
        0x2044: 5002.0,
        0x101E: 1234.56,
        0x1028: 7.89,
    },
}


@contextmanager
def slave(spec: dict[str, Any]) -> Generator[Crossover]:
    """A line with a pymodbus slave at its other end."""
    with Crossover() as line:
        child = subprocess.Popen(
            [sys.executable, str(SLAVE), line.slave],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write(json.dumps(spec))
            child.stdin.close()
            assert child.stdout.readline() == "ready\n"
            yield line
        finally:
            child.kill()
            child.wait()
            assert child.stdout is not None
            child.stdout.close()


def read(path: str, meter: str, *more: str) -> subprocess.CompletedProcess[str]:
    """The tool, to its end."""
    command = [sys.executable, str(TOOL), "--modbus", path, "--meter", meter, *more]
    return subprocess.run(
        command, cwd="/", capture_output=True, text=True, timeout=WAIT_S, check=False
    )


def told(path: str, meter: str, *more: str) -> dict[str, Any]:
    """The object that it prints on success."""
    done = read(path, meter, PATIENT, *more)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def refused(path: str, meter: str, *more: str) -> str:
    """The one line that it says without an answer."""
    done = read(path, meter, PATIENT, *more)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("\n")
    assert done.stderr.count("\n") == 1
    return done.stderr


# -- right values


def test_an_sdm120_is_read() -> None:
    """Import and export from their own registers, power with its sign."""
    with slave(SDM120) as line:
        found = told(line.master, "sdm120")
    assert found["meter"] == "sdm120"
    assert found["valid"] is True
    assert (found["import_wh"], found["export_wh"]) == (478_492, 6_216)
    assert found["power_w"] == -196.3
    assert (found["voltage_v"], found["current_a"], found["frequency_hz"]) == (230.2, 0.87, 49.98)
    assert found["phases"] == [
        {"voltage_v": 230.2, "current_a": 0.87, "power_w": -196.3, "power_factor": 0.98}
    ]


def test_an_sdm630_is_read() -> None:
    """Three phases; its own sum; at another address."""
    with slave(SDM630) as line:
        found = told(line.master, "sdm630", "--address", "7", "--baud", "9600", "--parity", "N")
    assert (found["import_wh"], found["export_wh"]) == (12_345_670, 89_012_344)
    assert found["power_w"] == -1655.5
    assert [phase["power_w"] for phase in found["phases"]] == [345.0, 0.0, -2000.5]
    assert [phase["voltage_v"] for phase in found["phases"]] == [230.1, 231.2, 229.3]


def test_a_pzem_is_read() -> None:
    """Low words first, and no export at all."""
    with slave(PZEM) as line:
        found = told(line.master, "pzem004t")
    assert (found["import_wh"], found["export_wh"]) == (100_000, None)
    assert (found["power_w"], found["voltage_v"], found["current_a"]) == (24.4, 225.7, 0.108)


def test_a_dtsu666_is_read() -> None:
    """Scaled floats, 8N2."""
    with slave(DTSU666) as line:
        found = told(line.master, "dtsu666")
    assert (found["import_wh"], found["export_wh"]) == (1_234_560, 7_890)
    assert (found["power_w"], found["frequency_hz"]) == (1035.0, 50.02)
    assert [phase["voltage_v"] for phase in found["phases"]] == [230.1, 230.2, 230.3]


def test_a_table_is_for_people() -> None:
    """One line a quantity, with its OBIS code."""
    with slave(SDM120) as line:
        done = read(line.master, "sdm120", PATIENT, "--table")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert re.fullmatch(r"1-0:1\.8\.0 +478492\.000 Wh", lines[0])
    assert any(re.fullmatch(r"1-0:36\.7\.0 +-196\.300 W", each) for each in lines)


@pytest.mark.parametrize("fault", [split, slow(0.3), once(spoiled), once(lost)])
def test_an_answer_that_comes_in_pieces_late_or_at_the_second_try_is_an_answer(
    fault: Fault,
) -> None:
    """Nobody notices."""
    with slave(SDM120) as line:
        line.fault = fault
        assert told(line.master, "sdm120", "--baud", "9600")["import_wh"] == 478_492


# -- no valid answer


def test_another_unit_is_silence_and_the_line_says_what_to_check() -> None:
    """With what was tried."""
    with slave(SDM120) as line:
        text = refused(line.master, "sdm120", "--address", "2", "--timeout", "100")
    assert "unit 2: no answer within 100 ms: check address, baud rate" in text
    assert "2400 or 9600 baud, parity N" in text


def test_another_meter_is_an_exception_and_the_line_says_so() -> None:
    """An SDM120 has no second phase."""
    with slave(SDM120) as line:
        assert "exception 02" in refused(line.master, "sdm630")
        assert "is it another meter?" in refused(line.master, "pzem004t")


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (spoiled, "wrong CRC"),
        (lost, "no answer within 150 ms"),
        (slow(5.0), "no answer within 150 ms"),
        (shortened(3), "wrong CRC"),
        (shortened(5), "cut short"),
        (noisy, "wrong CRC"),
    ],
)
def test_no_sound_answer_is_exit_2(fault: Fault, text: str) -> None:
    """Bad CRC, silence, too slow, cut short, noise: one line each, and nothing on standard output."""
    with slave(SDM120) as line:
        line.fault = fault
        assert text in refused(line.master, "sdm120", "--baud", "9600", "--timeout", "150")


def test_a_figure_that_is_no_number_is_exit_2() -> None:
    """A meter that fails."""
    with slave({**SDM120, "floats": {**SDM120["floats"], 0x48: float("inf")}}) as line:
        assert "not a number: 7F800000" in refused(line.master, "sdm120", "--baud", "9600")


# -- the device


def test_a_device_that_cannot_be_used_is_explained(tmp_path: Path) -> None:
    """Missing, not a serial device, in use."""
    assert "is the adapter plugged in?" in refused("/dev/ttyUSB77", "sdm120")
    file = tmp_path / "file"
    file.write_text("")
    assert "is no serial device" in refused(str(file), "sdm120")
    with slave(SDM120) as line:
        watching = subprocess.Popen(
            [sys.executable, str(TOOL), "--modbus", line.master, "--meter", "sdm120", "--check"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert watching.stderr is not None
        assert re.match(r"-?\d+ of 200 Wh", watching.stderr.readline())
        assert "in use by another program" in refused(line.master, "sdm120")
        watching.kill()
        watching.communicate()


def test_options_that_cannot_be_are_exit_2() -> None:
    """A meter that no driver knows, an address that no meter has."""
    assert "invalid choice: 'sdm54'" in read("/dev/null", "sdm54").stderr
    for option in ("--address=0", "--address=249", "--timeout=0"):
        assert "address must be" in refused("/dev/null", "sdm120", option)


# -- again and again, and the check at installation


def test_watching_goes_on_through_failures_until_it_is_interrupted() -> None:
    """A failed poll is an object, too."""
    with slave(SDM120) as line:
        command = [sys.executable, str(TOOL), "--modbus", line.master, "--meter", "sdm120"]
        watching = subprocess.Popen(
            [*command, "--baud=9600", "--timeout=150", "--watch=0.1"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert watching.stdout is not None
        assert json.loads(watching.stdout.readline())["valid"] is True
        line.fault = lost
        rows = (json.loads(row) for row in watching.stdout)
        failed = next(row for row in rows if not row["valid"])
        assert "no answer" in failed["reason"]
        line.fault = whole
        assert next(row for row in rows if row["valid"])["import_wh"] == 478_492
        watching.send_signal(signal.SIGINT)
        watching.communicate(timeout=WAIT_S)
        assert watching.returncode == 0


@pytest.mark.parametrize(("power_mw", "code"), [(3_600_000_000, 0), (-3_600_000_000, 2)])
def test_the_check_at_installation_compares_energy_with_power(power_mw: int, code: int) -> None:
    """3.6 MW: 1 kWh a second, so that a test need not wait; backwards it is a reversed transformer."""
    model = modelled("sdm630", Electricity([Phase(230_000, power_mw), Phase(), Phase()]))
    model.world.phases[0].voltage_mv = 1_000_000
    model.pause_us = 0
    with PtyLine([model]) as path:
        done = read(path, "sdm630", PATIENT, "--check")
    assert done.returncode == code
    assert json.loads(done.stdout) == {"meter": "sdm630", "agrees": code == 0}
