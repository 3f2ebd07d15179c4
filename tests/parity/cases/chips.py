# SPDX-License-Identifier: Apache-2.0
"""The drivers of metering chips, given the answers that the modelled chips once gave to them on CPython."""

from tests.parity.shown import shown, vectors
from wattpact.errors import BusError
from wattpact.metering.chips.ade7953 import Ade7953
from wattpact.metering.chips.atm90e32 import Atm90e32
from wattpact.metering.chips.frames import Ade7953Frames, Atm90e32Frames, value_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from wattpact.interfaces import MeterDriver
    from wattpact.metering.measurement import Measurement


class Line:
    """The RegisterBus seam and the wait as they were recorded; a driver that does anything else is told."""

    def __init__(self, steps: str) -> None:
        self.steps = steps.split(" ")
        self.at = 0

    def _next(self, given: str) -> str:
        step = self.steps[self.at] if self.at < len(self.steps) else ""
        if not step.startswith(given):
            raise ValueError("step %d is %s, recorded was %s" % (self.at, given, step))
        self.at += 1
        return step[len(given) :]

    def read(self, register: int, width: int) -> int:
        value = self._next("r%x/%d=" % (register, width))
        if not value:
            raise BusError("nobody acknowledges")
        return int(value, 16)

    def write(self, register: int, width: int, value: int) -> None:
        if self._next("w%x/%d=%x" % (register, width, value)):
            raise BusError("nobody acknowledges")

    def sleep_ms(self, ms: int) -> None:
        self._next("s%x" % ms)


def built(case: "dict[str, Any]", line: Line) -> "MeterDriver":
    if case["chip"] == "atm90e32":
        return Atm90e32(line, case["settings"], line.sleep_ms)
    return Ade7953(line, case["settings"], line.sleep_ms)


def figures(measurement: "Measurement") -> "list[Any]":
    """All of a measurement, as integers."""
    return [
        measurement.import_uwh,
        measurement.export_uwh,
        measurement.power_mw,
        measurement.frequency_mhz,
        measurement.flags,
        [
            [phase.voltage_mv, phase.current_ma, phase.power_mw, phase.power_factor_ppm]
            for phase in measurement.phases
        ],
    ]


def lines() -> "Iterator[str]":
    """Each result against the recorded one, and that no step is left over; then settings and frames without a chip."""
    for case in vectors("metering/chips"):
        line = Line(case["steps"])
        driver = built(case, line)
        for expected in case["results"]:
            try:
                result: "Any" = figures(driver.read())
            except BusError as error:
                result = str(error)
            told = "as recorded: " if result == expected else "NOT as recorded: "
            yield case["name"] + ": " + told + shown(result)
        yield shown(line.at) + " of " + shown(len(line.steps))
        for key in ("line_hz", "channel", "unknown"):
            try:
                built({"chip": case["chip"], "settings": dict(case["settings"], **{key: 77})}, line)
                yield key + " accepted"
            except ValueError as error:
                yield str(error)
    for frames in (Atm90e32Frames(), Ade7953Frames()):
        for register in (0x0D9, 0x31E, 0x102, 0x702, 0x500):
            for width in (1, 2, 3, 4):
                try:
                    yield shown(
                        [
                            frames.encode_read(register, width),
                            frames.encode_write(register, width, (1 << 8 * width) - 1),
                            frames.decode_read(b"\x01\x02\x03\x04\x05\x06\x07"[: 3 + width]),
                        ]
                    )
                except ValueError as error:
                    yield str(error)
    for value in (-1, 65536):
        try:
            yield shown(value_bytes(value, 2))
        except ValueError as error:
            yield str(error)
