# SPDX-License-Identifier: Apache-2.0
"""The only thing that leaves metering."""

from ..errors import BusError
from ..units import SLOT_WH_MAX, TOTAL_WH_MAX


class Reading:
    """Energy of one slot in both directions and the registers at its end; immutable by convention.

    A dead or lying meter is `valid=False` with a reason, never zero energy: then the four figures repeat the last
    good registers and must not be traded on.
    """

    def __init__(
        self,
        slot: int,
        import_wh: int,
        export_wh: int,
        import_register_wh: int,
        export_register_wh: int,
        valid: bool = True,
        reason: str = "",
    ) -> None:
        """`slot` is its start (Unix s). Raises BusError if a figure is out of range: the hardware's fault."""
        for energy_wh in (import_wh, export_wh):
            if not 0 <= energy_wh <= SLOT_WH_MAX:
                raise BusError("slot energy out of range")
        for register_wh in (import_register_wh, export_register_wh):
            if not 0 <= register_wh <= TOTAL_WH_MAX:
                raise BusError("register out of range")
        if not valid and not reason:
            raise ValueError("an invalid reading needs a reason")
        self.slot = slot
        self.import_wh = import_wh
        self.export_wh = export_wh
        self.import_register_wh = import_register_wh
        self.export_register_wh = export_register_wh
        self.valid = valid
        self.reason = reason
