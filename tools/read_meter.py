# SPDX-License-Identifier: Apache-2.0
"""Read a Modbus meter on a PC's serial line with the board's own driver: what a board would see of it.

Prints one JSON object, or a table. Exit code 2 and one line on standard error if there is no valid answer. With --watch
a failed poll is an object with "valid": false, and the exit code says whether any was valid.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path[0:1] = [str(ROOT), str(ROOT / "firmware")]

from host.serial_wire import SerialDevice  # noqa: E402  (the path must stand first)
from wattpact.errors import BusError  # noqa: E402
from wattpact.metering.catalog import MODBUS_METERS, OBIS, PHASE_OBIS, modbus_meter  # noqa: E402
from wattpact.metering.commissioning import AGREES, PENDING, SelfCheck  # noqa: E402
from wattpact.metering.measurement import Measurement  # noqa: E402
from wattpact.metering.modbus.line import RtuLine  # noqa: E402

if TYPE_CHECKING:
    from wattpact.interfaces import MeterDriver

KINDS = {name: (maker, bauds, parity, stop) for name, maker, bauds, parity, stop in MODBUS_METERS}
TIMEOUT_MS = 700
WATCH_S = 10
UNITS = {"uWh": ("Wh", 6), "mW": ("W", 3), "mHz": ("Hz", 3), "mV": ("V", 3), "mA": ("A", 3)}
UNITS["ppm"] = ("", 6)


def parser() -> argparse.ArgumentParser:
    """Every option."""
    made = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--modbus", required=True, metavar="DEVICE", help="such as /dev/ttyUSB0")
    made.add_argument("--meter", required=True, choices=sorted(KINDS), help="which driver")
    made.add_argument("--address", type=int, default=1, help="1 to 247; 248 for a lone PZEM")
    made.add_argument("--baud", type=int, help="as delivered: tried in turn if not given")
    made.add_argument("--parity", choices=["N", "E", "O"], help="as delivered if not given")
    made.add_argument("--timeout", type=int, default=TIMEOUT_MS, metavar="MS", help="for an answer")
    made.add_argument("--table", action="store_true", help="for a person, with OBIS codes")
    made.add_argument(
        "--watch", type=float, nargs="?", const=WATCH_S, metavar="SECONDS", help="again and again"
    )
    made.add_argument(
        "--check",
        action="store_true",
        help="under a steady load: does counted energy agree with power? Ends when that is clear",
    )
    return made


def shown(meter: str, now: Measurement) -> dict[str, object]:
    """What is printed: plain units, energy in whole Wh, None where the meter has no such figure."""
    phases = [
        {
            "voltage_v": phase.voltage_mv / 1000,
            "current_a": phase.current_ma / 1000,
            "power_w": phase.power_mw / 1000,
            "power_factor": None
            if phase.power_factor_ppm is None
            else phase.power_factor_ppm / 1e6,
        }
        for phase in now.phases
    ]
    return {
        "meter": meter,
        "valid": True,
        "import_wh": now.import_uwh // 1_000_000,
        "export_wh": None if now.export_uwh is None else now.export_uwh // 1_000_000,
        "power_w": now.power_mw / 1000,
        "voltage_v": sum(phase.voltage_mv for phase in now.phases) / len(phases) / 1000,
        "current_a": sum(phase.current_ma for phase in now.phases) / 1000,
        "frequency_hz": None if now.frequency_mhz is None else now.frequency_mhz / 1000,
        "phases": phases,
    }


def table(now: Measurement) -> str:
    """One line a quantity: OBIS code, value, unit."""
    rows = [(code, getattr(now, name), unit) for name, code, unit in OBIS]
    for index, phase in enumerate(now.phases):
        for name, group, unit in PHASE_OBIS:
            rows.append(("1-0:%d.7.0" % (group + 20 * index), getattr(phase, name), unit))
    lines: list[str] = []
    for code, value, unit in rows:
        plain, digits = UNITS[unit]
        told = "-" if value is None else "%.*f" % (min(digits, 3), value / 10**digits)
        lines.append("%-12s %16s %s" % (code, told, plain))
    return "\n".join(line.rstrip() for line in lines)


class Reader:
    """Opens the line, at the first baud rate at which the meter answers."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        _maker, bauds, parity, self.stop_bits = KINDS[arguments.meter]
        self.parity: str = arguments.parity or parity
        self.bauds: tuple[int, ...] = (arguments.baud,) if arguments.baud else bauds

    def driver(self, wire: SerialDevice, baud: int) -> "MeterDriver":
        """The one that a board has."""
        line = RtuLine(wire, baud, self.arguments.timeout)
        return modbus_meter(self.arguments.meter, line, self.arguments.address)

    def find(self) -> tuple[int, Measurement]:
        """The baud rate and the first measurement; BusError tells the last rate's fault and what was tried."""
        told = ""
        for baud in self.bauds:
            with self.open(baud) as wire:
                try:
                    return baud, self.driver(wire, baud).read()
                except BusError as error:
                    told = told if told and "no answer" in str(error) else str(error)
        tried = " or ".join(str(baud) for baud in self.bauds)
        raise BusError("%s [%s baud, parity %s]" % (told, tried, self.parity))

    def open(self, baud: int) -> SerialDevice:
        """The device, so set."""
        return SerialDevice(self.arguments.modbus, baud, self.parity, self.stop_bits)

    def show(self, now: Measurement) -> None:
        """On standard output."""
        meter = self.arguments.meter
        print(table(now) if self.arguments.table else json.dumps(shown(meter, now)), flush=True)

    def watch(self) -> int:
        """Until interrupted; a poll that fails says so and is no end."""
        code = 2
        baud = 0
        while True:
            try:
                if not baud:
                    baud, now = self.find()
                else:
                    with self.open(baud) as wire:
                        now = self.driver(wire, baud).read()
                self.show(now)
                code = 0
            except BusError as error:
                fault = {"meter": self.arguments.meter, "valid": False, "reason": str(error)}
                print(
                    "no answer: %s" % error if self.arguments.table else json.dumps(fault),
                    flush=True,
                )
            except KeyboardInterrupt:
                return code
            try:
                time.sleep(self.arguments.watch)
            except KeyboardInterrupt:
                return code

    def check(self) -> int:
        """0 if energy and power agree."""
        baud, _now = self.find()
        with self.open(baud) as wire:
            driver = self.driver(wire, baud)
            check = SelfCheck(driver.counting)
            while True:
                check.take(time.monotonic_ns() // 1_000_000, driver.read())
                verdict, told = check.verdict()
                print(told, file=sys.stderr, flush=True)
                if verdict != PENDING:
                    print(json.dumps({"meter": self.arguments.meter, "agrees": verdict == AGREES}))
                    return 0 if verdict == AGREES else 2
                time.sleep(1)


def main() -> int:
    """0 with an answer, 2 without."""
    arguments = parser().parse_args()
    if not 1 <= arguments.address <= 248 or arguments.timeout < 1:
        print("address must be 1 to 247 and the timeout positive", file=sys.stderr)
        return 2
    reader = Reader(arguments)
    try:
        if arguments.watch is not None:
            return reader.watch()
        if arguments.check:
            return reader.check()
        reader.show(reader.find()[1])
    except BusError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
