# SPDX-License-Identifier: Apache-2.0
"""What a panel or a rooftop will have over, slot by slot: the usual day, scaled by how this hour compares with it.

    Forecast(profile, slot_s, utc_offset_s, margin_ppm, slot_wh_max)
      .record(slot, wh)   .expected(slot) -> Wh

`profile` is the configured clear day. The scale fades: an hour's clouds say much about the next one and nothing about
tomorrow. `margin_ppm` is the share of the forecast that is offered, since a sold kWh that is not there costs
reliability; `slot_wh_max` is what the panels can be believed to yield in a slot.
"""

from ..compat import const
from ..units import HOUR_S, PPM
from .need import DayMean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Sequence

FADE_S = const(21600)  # after 6 hours the last hour says nothing any more
SCALE_PPM_MIN = const(100000)
SCALE_PPM_MAX = const(2000000)


class Forecast:
    """Learns from what was exported or generated; asked for slots to come."""

    def __init__(
        self,
        profile: "Sequence[int]",
        slot_s: int,
        utc_offset_s: int,
        margin_ppm: int,
        slot_wh_max: int,
    ) -> None:
        """Raises ValueError for a bad profile, or unless 0 < margin_ppm <= 10^6."""
        if not 0 < margin_ppm <= PPM:
            raise ValueError("margin_ppm must be above 0 and at most 1000000")
        self._usual = DayMean(profile, slot_s, utc_offset_s)
        self._slot_s = slot_s
        self._margin_ppm = margin_ppm
        self._slot_wh_max = slot_wh_max
        self._last_hour: "list[tuple[int, int, int]]" = []  # (slot, Wh, Wh usual)

    def record(self, slot: int, wh: int) -> None:
        """A valid reading of the slot that starts at `slot`, in any order."""
        usual = self._usual.expected(slot)
        self._usual.record(slot, wh)
        rows = [row for row in self._last_hour if row[0] != slot]
        rows.append((slot, wh, usual))
        rows.sort()
        newest = rows[-1][0]
        self._last_hour = [row for row in rows if newest - row[0] < HOUR_S]

    def expected(self, slot: int) -> int:
        """Wh to offer for the slot that starts at `slot`, rounded down."""
        usual_wh = self._usual.expected(slot)
        scaled = usual_wh * self._scale_ppm(slot) * self._margin_ppm // (PPM * PPM)
        return min(scaled, self._slot_wh_max)

    def _scale_ppm(self, slot: int) -> int:
        """Last hour's yield over its usual, clipped, faded by the distance of `slot`; 10^6 if nothing is usual then."""
        usual_wh = sum([usual for _slot, _wh, usual in self._last_hour])
        if not usual_wh:
            return PPM
        scale = sum([wh for _slot, wh, _usual in self._last_hour]) * PPM // usual_wh
        scale = min(max(scale, SCALE_PPM_MIN), SCALE_PPM_MAX)
        ahead = slot - self._last_hour[-1][0] - self._slot_s
        return PPM + (scale - PPM) * max(0, FADE_S - max(0, ahead)) // FADE_S
