# SPDX-License-Identifier: Apache-2.0
"""What flows through a meter: voltage and power of each phase, and the energy that adds up in time, exactly.

Energy is counted in nanojoule (mW x us), so that any division of time into steps ends in the same sum.
"""

from dataclasses import dataclass, field
from math import isqrt

NJ_PER_UWH = 3_600_000


@dataclass
class Phase:
    """One phase now. Power is positive from the grid to the load; reactive power is positive if inductive."""

    voltage_mv: int = 230_000
    power_mw: int = 0
    reactive_mvar: int = 0

    @property
    def apparent_mva(self) -> int:
        """sqrt(P^2 + Q^2)."""
        return isqrt(self.power_mw**2 + self.reactive_mvar**2)

    @property
    def current_ma(self) -> int:
        """RMS, without a sign; 0 where there is no voltage."""
        return self.apparent_mva * 1_000 // self.voltage_mv if self.voltage_mv else 0

    @property
    def power_factor_ppm(self) -> int:
        """|P| / S; 1000000 where nothing flows."""
        if not self.apparent_mva:
            return 1_000_000
        return abs(self.power_mw) * 1_000_000 // self.apparent_mva


@dataclass
class Electricity:
    """A connection of one phase or three, and what has flowed through it since it began."""

    phases: list[Phase] = field(default_factory=lambda: [Phase()])
    frequency_mhz: int = 50_000
    imported_nj: int = 0
    exported_nj: int = 0

    @property
    def power_mw(self) -> int:
        """All phases together."""
        return sum(phase.power_mw for phase in self.phases)

    def pass_time(self, us: int) -> None:
        """`us` go by at this power; phases are summed first, as a meter that nets them does."""
        assert us >= 0
        flowed_nj = self.power_mw * us
        self.imported_nj += max(flowed_nj, 0)
        self.exported_nj += max(-flowed_nj, 0)

    @property
    def imported_uwh(self) -> int:
        """Whole uWh from the grid."""
        return self.imported_nj // NJ_PER_UWH

    @property
    def exported_uwh(self) -> int:
        """Whole uWh into it."""
        return self.exported_nj // NJ_PER_UWH
