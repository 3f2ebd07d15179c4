# SPDX-License-Identifier: Apache-2.0
"""Slots of energy from a driver that may fail: polls it, keeps its registers, and says of each slot what is known.

A slot is valid if the device was read within LATE_S of both its ends and counted on without a break in between. Then
its energy is the advance of the registers, in whole Wh; what is left over belongs to the next slot. Of any other slot
an invalid Reading comes with the reason, and the energy is in the registers only: nobody knows in which slot it flowed.
"""

from ..compat import const
from ..errors import BusError
from .counters import CLEARED, Counters
from .measurement import CT_REVERSED, TAMPER, UWH
from .reading import Reading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..interfaces import MeterDriver, Store
    from .measurement import Measurement, Site

LATE_S = const(30)  # after the end of a slot, in which its last read may come
RETRY_S = const(2)
AGAIN_S = const(300)  # after a slot, in which a restart hands out its Reading once more
MISSED_MAX = const(8)  # slots without any reading that are told one by one
KEEP_UWH = const(10 * 1000000)  # what a power cut may take of a counter that reading clears

_STATE_VERSION = const(1)
_FIGURE_BYTES = const(10)  # 2**50 Wh in uWh
_FIGURES = const(16)
_NONE = const(-1)

BEGAN_LATE = "the meter was not read at the slot's start"
ENDED_LATE = "the meter was not read at the slot's end"
CLOCK_BACK = "the clock went back"
CLOCK_JUMPED = "the clock jumped, or the board stood still"
RESTARTED = "the board started anew, and what its meter had counted may be lost"
NOT_KEPT = "the store does not keep it"
UNREADABLE = "what was kept of the meter cannot be read"
REVERSED = "a current transformer is reversed"
TAMPERED = "power without voltage: a voltage tap is cut"


class SlotMeter:
    """One meter. `wake_at` (Unix s) says when `on_tick` is wanted next; both never raise.

    `measurement` is the newest one or None, `fault` why there is none, `counters` hold registers and epoch.
    """

    def __init__(
        self,
        driver: "MeterDriver",
        store: "Store",
        key: bytes,
        kept: bytes,
        site: "Site",
        slot_s: int,
        poll_s: int,
        now: int,
    ) -> None:
        """`key` is this meter's place in the store, `kept` what is there, b"" at first. Reads nothing from it yet."""
        if not 0 < poll_s <= slot_s:
            raise ValueError("poll period")
        self._driver = driver
        self._store = store
        self._key = key
        self._site = site
        self._slot_s = slot_s
        self._poll_s = poll_s
        self.measurement: "Measurement | None" = None
        self.fault = ""
        self.counters = Counters(driver.counting, site.rated_w)
        self.wake_at = now
        self._slot = now - now % slot_s
        self._start: "tuple[int, int] | None" = None  # both registers in uWh at the slot's start
        self._void = ""  # why this slot cannot be valid
        self._told = Reading(0, 0, 0, 0, 0)  # the newest Reading that was handed out
        self._again = False  # whether it is handed out once more
        self._valid_slot = 0  # the newest that was told as valid
        self._dirty = False  # whether something is to be kept
        self._kept_uwh = 0
        self._ticked = _NONE  # when the last tick was; after a restart nobody knows
        if kept:
            self._restore(kept)

    def on_tick(self, now: int) -> "list[Reading]":
        """Poll; the Readings of slots that are over, oldest first. What they follow from is kept before."""
        if now < self._slot:
            self._slot = now - now % self._slot_s
            self._start = None
            self._condemn(CLOCK_BACK)
        elif self._ticked >= 0 and now > self._ticked + self._poll_s + LATE_S:
            self._condemn(CLOCK_JUMPED)
        self._ticked = now
        good = self._poll(now)
        before = self._told
        readings: "list[Reading]" = []
        if self._again and good:
            self._again = False
            if now - self._told.slot - self._slot_s <= AGAIN_S:
                readings.append(self._told)
        if now >= self._slot + self._slot_s and (good or now > self._last_call()):
            self._close(good, now, readings)
        waits = now >= self._slot + self._slot_s
        if self._start is None and not waits and now <= self._slot + LATE_S:
            waits = not good
            if good:
                self._start = (self.counters.imported.uwh, self.counters.exported.uwh)
                self._dirty = True
        if not self._keep():
            readings = [self._repeated(each.slot, NOT_KEPT, before) for each in readings]
            self._told = readings[-1] if readings else before
        slot_end = self._slot + self._slot_s
        next_poll = now + (RETRY_S if waits else self._poll_s)
        self.wake_at = next_poll if waits else min(next_poll, slot_end)
        return readings

    def _last_call(self) -> int:
        return self._slot + self._slot_s + LATE_S

    def _condemn(self, why: str) -> None:
        """This slot will not be valid; the first reason is the one told."""
        if not self._void:
            self._void = why
            self._dirty = True

    def _poll(self, now: int) -> bool:
        """Read the device and advance the registers; False and `fault` if it gave nothing to rely on."""
        try:
            measurement = self._driver.read()
            fault = self.counters.take(measurement, now)
        except (BusError, OSError) as error:
            self.measurement = None
            self.fault = str(error) or "no answer"
            return False
        self.measurement = measurement
        self.fault = fault
        if fault:
            self._condemn(fault)
        flags = measurement.flags_at(self._site)
        if flags & TAMPER:
            self._condemn(TAMPERED)
        if flags & CT_REVERSED:
            self._condemn(REVERSED)
        return True

    def _close(self, good: bool, now: int, readings: "list[Reading]") -> None:
        """This slot is over, perhaps others after it; the one in which `now` is begins."""
        reason = self._void
        if not reason and (not good or now > self._last_call()):
            reason = self.fault or ENDED_LATE
        if not reason and self._start is None:
            reason = BEGAN_LATE
        if not reason and self._slot <= self._valid_slot:
            reason = CLOCK_BACK  # it was told before
        readings.append(self._reading(reason))
        if readings[-1].valid:
            self._valid_slot = self._slot
        slot = now - now % self._slot_s
        for missed in range(
            max(self._slot + self._slot_s, slot - MISSED_MAX * self._slot_s), slot, self._slot_s
        ):
            readings.append(self._repeated(missed, ENDED_LATE, self._told))
        self._told = readings[-1]
        self._slot = slot
        self._start = None
        self._void = ""
        self._dirty = True

    def _reading(self, reason: str) -> Reading:
        """Of this slot, valid unless there is a reason against it."""
        start = self._start
        if reason or start is None:
            return self._repeated(self._slot, reason, self._told)
        import_wh = self.counters.imported.uwh // UWH
        export_wh = self.counters.exported.uwh // UWH
        try:
            return Reading(
                self._slot,
                import_wh - start[0] // UWH,
                export_wh - start[1] // UWH,
                import_wh,
                export_wh,
            )
        except BusError as error:
            return self._repeated(self._slot, str(error), self._told)

    @staticmethod
    def _repeated(slot: int, reason: str, told: Reading) -> Reading:
        """An invalid Reading with the registers of one that was told before."""
        return Reading(
            slot, 0, 0, told.import_register_wh, told.export_register_wh, valid=False, reason=reason
        )

    # -- what survives a power cut

    def _keep(self) -> bool:
        """Write what changed; False if the store does not take it. That ends no metering, but trade on this slot."""
        counters = self.counters
        counted_uwh = counters.imported.uwh + counters.exported.uwh
        if counters.counting.kind == CLEARED and counted_uwh - self._kept_uwh >= KEEP_UWH:
            self._dirty = True
        if not self._dirty:
            return True
        self._dirty = False
        start = self._start or (_NONE, _NONE)
        told = self._told
        figures = (
            _STATE_VERSION,
            counters.epoch,
            counters.time,
            counters.imported.uwh,
            counters.exported.uwh,
            counters.imported.last_uwh + 1,
            counters.exported.last_uwh + 1,
            self._slot,
            start[0] + 1,
            start[1] + 1,
            self._valid_slot,
            told.slot,
            told.import_wh,
            told.export_wh,
            told.import_register_wh,
            told.export_register_wh,
        )
        packed = b"".join([figure.to_bytes(_FIGURE_BYTES, "big") for figure in figures])
        texts = self._void + "\n" + told.reason
        try:
            self._store.keep(self._key, packed + texts.encode())
        except OSError:
            self._condemn(NOT_KEPT)
            return False
        self._kept_uwh = counted_uwh
        return True

    def _restore(self, state: bytes) -> None:
        """Go on where the store's last word ends."""
        size = _FIGURES * _FIGURE_BYTES
        figures = [
            int.from_bytes(state[at : at + _FIGURE_BYTES], "big")
            for at in range(0, min(size, len(state)), _FIGURE_BYTES)
        ]
        texts = state[size:].split(b"\n")
        if len(state) < size or figures[0] != _STATE_VERSION or len(texts) != 2:
            self._condemn(UNREADABLE)
            return
        counters = self.counters
        counters.epoch, counters.time = figures[1], figures[2]
        counters.imported.uwh, counters.exported.uwh = figures[3], figures[4]
        counters.imported.last_uwh, counters.exported.last_uwh = figures[5] - 1, figures[6] - 1
        self._kept_uwh = figures[3] + figures[4]
        self._slot = figures[7]
        if figures[8]:
            self._start = (figures[8] - 1, figures[9] - 1)
        self._valid_slot = figures[10]
        self._void = texts[0].decode()
        reason = texts[1].decode()
        try:
            self._told = Reading(*figures[11:16], valid=not reason, reason=reason)
            self._again = self._told.slot > 0
        except BusError:
            self._condemn(UNREADABLE)
        if counters.counting.kind == CLEARED:
            self._condemn(RESTARTED)
