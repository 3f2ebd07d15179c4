# SPDX-License-Identifier: Apache-2.0
"""From counters to slots: the same registers, reasons and kept bytes, through resets, jumps, rollovers and restarts."""

from tests.parity.shown import shown
from wattpact.errors import BusError
from wattpact.metering.counters import CLEARED, FLOAT, WHOLE, Counting
from wattpact.metering.measurement import COUNTER_LOST, Measurement, Phase, Site
from wattpact.metering.slots import SlotMeter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

WH = 1000000
START = 1748858400
KEY = b"m1"


class Device:
    """A counter that the case moves by hand."""

    def __init__(self, counting: Counting) -> None:
        self.counting = counting
        self.counter = 3 * WH
        self.flags = 0
        self.silent = False

    def read(self) -> Measurement:
        if self.silent:
            raise BusError("no answer")
        phases = [Phase(230000, 4000, 920000, 987654), Phase(229999, 10, -2300)]
        return Measurement(self.counter, None, phases, 50010, None, self.flags)


class Shelf:
    """The store."""

    def __init__(self) -> None:
        self.kept = b""

    def keep(self, key: bytes, value: bytes) -> None:
        self.kept = value

    def drop(self, key: bytes) -> None:
        self.kept = b""

    def items(self) -> "list[tuple[bytes, bytes]]":
        return [(KEY, self.kept)]


def run(counting: Counting) -> "Iterator[str]":
    """Six slots of a minute, polled every ten seconds, with something wrong in most of them."""
    device = Device(counting)
    shelf = Shelf()
    site = Site(15000, 230000, True)
    meter = SlotMeter(device, shelf, KEY, b"", site, 60, 10, START)
    for second in range(0, 400, 5):
        now = START + second
        if counting.kind == CLEARED:
            device.counter = 7 * WH + second
        else:
            device.counter += 7 * WH + second
        if counting.span_uwh:
            device.counter %= counting.span_uwh
        if second == 100:
            device.counter = WH
        if second == 220:
            device.counter += 1 << 60
        device.silent = 160 <= second < 190
        device.flags = COUNTER_LOST if second == 310 else 0
        if second == 270:
            meter = SlotMeter(device, shelf, KEY, shelf.kept, site, 60, 10, now)
        if now >= meter.wake_at:
            for reading in meter.on_tick(now):
                figures = (reading.slot, reading.import_wh, reading.import_register_wh)
                yield shown(figures) + reading.reason
    yield shown((meter.counters.epoch, meter.counters.imported.uwh, meter.wake_at))
    yield shown(shelf.kept)


def lines() -> "Iterator[str]":
    """Each kind of counting; then figures that cannot be."""
    for counting in (
        Counting(WHOLE, WH),
        Counting(WHOLE, WH, 120 * WH),
        Counting(FLOAT, 10 * WH),
        Counting(CLEARED, 3125),
    ):
        for line in run(counting):
            yield line
    for uwh in (0, 999 * WH, 1000 * WH, (1 << 53) * 1000):
        yield shown(Counting(FLOAT, 1).step_at(uwh))
    for voltage_mv in (-1, 1000001):
        try:
            Phase(voltage_mv, 0, 0)
        except BusError as error:
            yield str(error)
