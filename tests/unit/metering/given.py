# SPDX-License-Identifier: Apache-2.0
"""A meter that counts exactly what flows, in whatever way a device may count, and a store whose power can be cut."""

from sim.world.electricity import Electricity, Phase
from wattpact.errors import BusError
from wattpact.metering.counters import CLEARED, Counting
from wattpact.metering.measurement import Measurement, Site
from wattpact.metering.measurement import Phase as PhaseNow
from wattpact.metering.reading import Reading
from wattpact.metering.slots import SlotMeter

SLOT_S = 900
POLL_S = 10
START = 1_748_858_400
WH = 1_000_000
WHOLE_WH = Counting(1, WH)
SITE = Site(rated_w=14_000, nominal_mv=230_000, exports=True)


class PowerCut(Exception):
    """The board has no power from here on."""


class Shelf:
    """The Store seam in memory. `cut_before` and `cut_after` count writes: there the power goes."""

    def __init__(self) -> None:
        self.kept: dict[bytes, bytes] = {}
        self.writes = 0
        self.cut_before = self.cut_after = 0
        self.full = False

    def keep(self, key: bytes, value: bytes) -> None:
        self.writes += 1
        if self.full:
            raise OSError(28, "no space")
        if self.writes == self.cut_before:
            raise PowerCut
        self.kept[key] = value
        if self.writes == self.cut_after:
            raise PowerCut

    def drop(self, key: bytes) -> None:
        self.kept.pop(key, None)

    def items(self) -> list[tuple[bytes, bytes]]:
        return sorted(self.kept.items())


class Device:
    """A MeterDriver without a bus: a counter over the world's electricity that truncates to its steps."""

    def __init__(self, counting: Counting, begins_uwh: int = 0) -> None:
        self.counting = counting
        self.world = Electricity([Phase()])
        self.begins_uwh = begins_uwh
        self.fault = ""
        self.lies_uwh: list[int] = []
        """Import counters that it gives instead of its own, one a read."""
        self.flags = 0
        self.one_way = False
        self._cleared = (0, 0)

    def read(self) -> Measurement:
        if self.fault:
            raise BusError(self.fault)
        step = self.counting.step_uwh
        imported = (self.begins_uwh + self.world.imported_uwh) // step * step
        exported = self.world.exported_uwh // step * step
        if self.counting.kind == CLEARED:
            before, self._cleared = self._cleared, (imported, exported)
            imported, exported = imported - before[0], exported - before[1]
        elif self.counting.span_uwh:
            imported %= self.counting.span_uwh
        if self.lies_uwh:
            imported = self.lies_uwh.pop(0)
        phase = self.world.phases[0]
        now = PhaseNow(phase.voltage_mv, phase.current_ma, phase.power_mw)
        return Measurement(
            imported, None if self.one_way else exported, [now], 50_000, None, self.flags
        )


class Bench:
    """A device, its SlotMeter, and time that passes in the world and on the board alike."""

    def __init__(self, device: Device, now: int = START, site: Site = SITE) -> None:
        self.device = device
        self.shelf = Shelf()
        self.site = site
        self.clock = now
        self.readings: list[Reading] = []
        self.on = True
        self.restart()

    def restart(self) -> None:
        """A board that starts with what its store has."""
        kept = self.shelf.kept.get(b"m1", b"")
        self.on = True
        self.meter = SlotMeter(
            self.device, self.shelf, b"m1", kept, self.site, SLOT_S, POLL_S, self.clock
        )

    def run_until(self, end: int) -> None:
        """All ticks up to and at `end`."""
        while self.clock < end:
            at = min(end, max(self.meter.wake_at, self.clock)) if self.on else end
            self.device.world.pass_time((at - self.clock) * 1_000_000)
            self.clock = at
            if self.on and at >= self.meter.wake_at:
                self.tick()

    def tick(self) -> None:
        """One tick, whether it is wanted or not; a board whose power is cut in it is off."""
        try:
            self.readings += self.meter.on_tick(self.clock)
        except PowerCut:
            self.on = False

    def load(self, power_w: int) -> None:
        """From now on."""
        self.device.world.phases[0].power_mw = power_w * 1_000
