# SPDX-License-Identifier: Apache-2.0
"""The mains that metering chips measure, in a time of their own.

Power is constant within a step of a second, so that energy is a sum of integers and nothing is rounded on the way.
"""

from collections.abc import Callable, Iterator, Sequence

from sim.world.electricity import Phase

STEP_US = 1_000_000


class Misuse(Exception):
    """A driver did what no driver may do. A real chip would let it pass and count wrongly."""


def drawing(power_w: int, voltage_mv: int = 230_000) -> Phase:
    """A resistive load, or with a negative power an inverter."""
    return Phase(voltage_mv, power_w * 1_000)


class Mains:
    """The phases of one connection, and the time that is shared by every chip that measures them."""

    def __init__(
        self, phases: Callable[[int], Sequence[Phase]], frequency_mhz: int = 50_000
    ) -> None:
        """`phases(us)` is what flows from a time on, looked up once a second."""
        self.phases = phases
        self.frequency_mhz = frequency_mhz
        self.now_us = 0

    def sleep_us(self, us: int) -> None:
        """Time passes."""
        assert us >= 0
        self.now_us += us

    def sleep_ms(self, ms: int) -> None:
        """Time passes."""
        self.sleep_us(ms * 1_000)

    def steps(self, since_us: int) -> Iterator[tuple[int, Sequence[Phase]]]:
        """(length in us, phases) of each step from `since_us` until now."""
        while since_us < self.now_us:
            length_us = min(STEP_US - since_us % STEP_US, self.now_us - since_us)
            yield length_us, self.phases(since_us)
            since_us += length_us
