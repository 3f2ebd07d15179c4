# SPDX-License-Identifier: Apache-2.0
"""From what devices count to registers that only grow, in uWh.

A register advances by what the device's counter advanced, and by nothing else. A counter that goes back begins a new
epoch, and so does one that jumps further than the rated power allows, once it has been read three times: the register
stands still, and whoever bills hears why. What is in a counter at the first contact is taken over, so that register
and display agree until the first epoch ends.
"""

from ..compat import const
from ..errors import BusError
from .measurement import COUNTER_LOST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .measurement import Measurement

CLEARED = const(0)  # reading clears it: each value is an advance
WHOLE = const(1)  # an integer that starts at 0 again after `span_uwh`
FLOAT = const(2)  # a float32 of kWh, whose steps grow with its value

READS_TO_BELIEVE = const(3)  # of a value that cannot be
LATE_S = const(2)  # a device's counter may be older than its answer
UNKNOWN_S = const(900)  # taken for the time since the last read if the clock went back
_KWH_UWH = const(1000000000)

BACK = "its counter went back"
JUMPED = "its counter jumped further than the rated power allows"
LOST = "it started anew or overflowed: its counter is not continuous"
UNKNOWN = const(-1)
NEW_EPOCH = const(-2)  # in place of an advance


class Held(BusError):
    """A value that cannot be: read it again before it is believed."""


class Counting:
    """How a device counts: the kind, its step at least, and the span (0: it is not known).

    WHOLE starts at 0 again after its span. What CLEARED holds above its span nobody knows.
    """

    def __init__(self, kind: int, step_uwh: int, span_uwh: int = 0) -> None:
        self.kind = kind
        self.step_uwh = step_uwh
        self.span_uwh = span_uwh

    def step_at(self, value_uwh: int) -> int:
        """The step of a counter at this value. Rounded up, so that a step is never taken for two."""
        step_uwh = self.step_uwh
        if self.kind == FLOAT:
            ulp_uwh = 1  # 2**-23 of the greatest power of two kWh that is not above the value
            power_uwh = _KWH_UWH
            while power_uwh <= value_uwh:
                ulp_uwh = (power_uwh >> 23) + 1
                power_uwh <<= 1
            step_uwh = max(step_uwh, ulp_uwh)
        return step_uwh

    def advance(self, last_uwh: int, value_uwh: int, most_uwh: int) -> int:
        """How far a counter got from `last_uwh` to `value_uwh`; Held if it went back or got further than `most_uwh`.

        A float that goes back by no more than a step stands still: what it lost, it has to count again first.
        """
        if self.kind == CLEARED:
            advance_uwh = value_uwh
        elif value_uwh >= last_uwh:
            advance_uwh = value_uwh - last_uwh
        elif self._rolled(last_uwh, value_uwh):
            advance_uwh = value_uwh + self.span_uwh - last_uwh
        elif self.kind == FLOAT and last_uwh - value_uwh <= self.step_at(last_uwh):
            return 0
        else:
            raise Held(BACK)
        if advance_uwh > most_uwh + self.step_at(value_uwh):
            raise Held(JUMPED)
        return advance_uwh

    def _rolled(self, last_uwh: int, value_uwh: int) -> bool:
        """From the last tenth of its span to the first."""
        span_uwh = self.span_uwh
        return last_uwh * 10 > span_uwh * 9 and value_uwh * 10 < span_uwh


class Register:
    """One direction. `last_uwh` is the device's counter as it was last believed, UNKNOWN before that."""

    def __init__(self) -> None:
        self.uwh = 0
        self.last_uwh = UNKNOWN

    def advance(self, counting: Counting, value_uwh: int, most_uwh: int) -> int:
        """The advance that `value_uwh` means; changes nothing. Held if it cannot be."""
        if self.last_uwh == UNKNOWN:
            return 0 if counting.kind == CLEARED else value_uwh
        return counting.advance(self.last_uwh, value_uwh, most_uwh)

    def settle(self, counting: Counting, value_uwh: int, advance_uwh: int) -> None:
        """Believe it. A float that went back by a step is waited for."""
        self.uwh += advance_uwh
        if counting.kind != FLOAT or value_uwh > self.last_uwh:
            self.last_uwh = value_uwh


class Counters:
    """Both directions of one device, with the epoch and the time of the last value that was believed."""

    def __init__(self, counting: Counting, rated_w: int) -> None:
        """`rated_w` is the most that can flow where the device sits, in either direction."""
        self.counting = counting
        self.rated_w = rated_w
        self.imported = Register()
        self.exported = Register()
        self.epoch = 0
        self.time = 0
        self._held = 0

    def take(self, measurement: "Measurement", now: int) -> str:
        """Advance the registers; why a new epoch began, or "". Held if the value must be read again first.

        A value that was cleared when it was read cannot be read again: one that cannot be is given up at once.
        """
        passed_s = now - self.time if now >= self.time else UNKNOWN_S
        most_uwh = self.rated_w * (passed_s + LATE_S) * 1000 // 3  # 1.2 x rated power
        values = [(self.imported, measurement.import_uwh)]
        if measurement.export_uwh is not None:
            values.append((self.exported, measurement.export_uwh))
        fault = LOST if measurement.flags & COUNTER_LOST or self._overflowed(passed_s) else ""
        advances: "list[int]" = []
        for register, value_uwh in values:
            try:
                advances.append(register.advance(self.counting, value_uwh, most_uwh))
            except Held as error:
                fault = str(error)
                advances.append(NEW_EPOCH)
        if NEW_EPOCH in advances and self.counting.kind != CLEARED:
            self._held += 1
            if self._held < READS_TO_BELIEVE:
                raise Held(fault)
        for (register, value_uwh), advance_uwh in zip(values, advances):
            if advance_uwh == NEW_EPOCH:
                register.last_uwh = value_uwh
            else:
                register.settle(self.counting, value_uwh, advance_uwh)
        self._held = 0
        self.time = now
        if fault:
            self.epoch += 1
        return fault

    def _overflowed(self, passed_s: int) -> bool:
        """Whether a counter that nobody cleared for so long may have run over at the rated power."""
        span_uwh = self.counting.span_uwh
        known = self.counting.kind == CLEARED and span_uwh and self.imported.last_uwh != UNKNOWN
        return bool(known) and self.rated_w * passed_s * 2500 > span_uwh * 9
